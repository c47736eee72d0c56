"""The words by which people name the sections of a runbook, in English, German, French and Spanish.

Each pattern is looked for, as whole words, in a heading that was folded (`meaning.folded`): lower case, no accents, and
every run of other characters one space, so that "Roll-back", "Rollback" and "roll back" differ in a space at most. The
table's order is what wins where a heading has words of two; the spaces around `|` are the table's, no pattern's.
"""

from __future__ import annotations

from typing import Literal

Meaning = Literal[
    "before",
    "walk",
    "verification",
    "monitoring",
    "success",
    "rollback",
    "triggers",
    "contacts",
    "templates",
    "signoff",
    "schedule",
    "tasks",
    "environment",
    "troubleshooting",
    "reference",
    "contents",
    "unknown",
]
"""`reference`: it tells and asks for nothing. `contents`: a table of contents. `unknown`: as what it stands in."""

_BACK = r"(?:roll(?:ing)? ?back|roll ?backs|back ?out|fall ?back|revert|reversion|restoration)"
_DEPLOY = (
    r"(?:deploy(?:ment|ing)?|launch|release|go live|migrat(?:ion|e)|roll ?out|cut ?over|upgrade|change|"
    r"install(?:ation)?)"
)
_EVENT = (
    rf"(?:complet(?:e|ed|ion)|start(?:ed)?|begin|{_BACK}|pre \w+|post \w+|success|fail(?:ure|ed)|delay(?:ed)?|"
    r"restored|resolved|outage|downtime)"
)

_TABLE: tuple[tuple[Meaning, str], ...] = (
    (
        "contents",
        r"""
        table of contents | ^contents$ | ^toc$ | inhaltsverzeichnis | ^inhalt$ | sommaire
        """,
    ),
    (
        "contents",
        r"""
        table des matieres | ^indice$ | ^contenido$ | ^in this (?:document|page|guide|runbook)$
        """,
    ),
    (
        "unknown",
        r"""
        (?:setting up|set up|configur(?:e|ing)) \w+(?: \w+)?$ | (?:setup|setups)$
        """,
    ),
    (
        "unknown",
        r"""
        (?:monitoring|logging|alerts|alerting) (?:setup|configuration|integration|tools|infrastructure)
        """,
    ),
    (
        "unknown",
        r"""
        monitoring (?:and )?(?:alerts|alerting|logging|observability)
        """,
    ),
    (
        "reference",
        r"""
        ^(?:release|deployment|upgrade|change)
        (?:notes|information|info|details|overview|summary|history|log|owner)$ | ^what s new$
        """,
    ),
    (
        "troubleshooting",
        r"""
        trouble ?shooting | (?:common|known|frequent|possible|typical|potential) (?:\w+
        )?(?:issues|problems|errors|failures|pitfalls) | ^(?:issues|problems|errors)$ | quick fix(?:es)? | ^faqs?$
        | frequently asked | ^gotchas$ | what can go wrong | (?:if|when) (?:it|something|things|anything)
        goes? wrong | fehlerbehebung
        | fehlersuche | bekannte (?:probleme|fehler) | haufige (?:probleme|fehler) | storungsbehebung | depannage
        | problemes (?:connus|frequents|courants) | resolution des? problemes | (?:solucion|resolucion) de
        problemas | problemas (?:comunes|conocidos|frecuentes)
        """,
    ),
    (
        "before",
        r"""
        {BACK} (?:preparations?|readiness|rehearsal) | prepar(?:e|ing|ation) (?:for )?(?:the )?{BACK}
        """,
    ),
    (
        "triggers",
        r"""
        (?:{BACK}|abort(?:ing)?|stop(?:ping)?|no go|escalation|emergency|failure|cancel(?:lation)?)
        (?:triggers?|criteria|criterion|conditions?|thresholds?|considerations?|required|signals?|decision
        points?) | (?:conditions?|criteria|triggers?|reasons) (?:for|to) (?:an? |the
        )?(?:{BACK}|abort(?:ing)?|stop(?:ping)?) | when to (?:roll ?back|back out|abort|stop|revert|call it off) |
        (?:immediate|mandatory) {BACK} (?:required|needed|if) | {BACK} (?:if|when) | ^triggers?$ |
        (?:alert|alarm|alerting|warning) (?:thresholds?|conditions?|criteria|levels?|limits) | (?:red
        flags|warning signs|kill criteria|stop the line) | abbruchkriterien | abbruchbedingungen | rollback
        kriterien | ruckfallkriterien | schwellwerte | schwellenwerte | criteres? d (?:abandon|arret|annulation) |
        criteres? de (?:retour|repli|rollback) | criterios? de (?:reversion|aborto|cancelacion|marcha
        atras|rollback|parada)
        """,
    ),
    (
        "templates",
        r"""
        (?:e ?mail|message|notification|communication|announcement|status page|slack|comms?|mail|text)
        (?:templates?|texts?|drafts?|wording|copy) | ^templates?$ | (?:draft|sample|prepared) (?:e
        ?mails?|messages?|notifications?|announcements?|texts?) | {EVENT}
        (?:notifications?|announcements?|messages?|e ?mails?|notices?) | (?:text|nachrichten|mail|e
        mail|benachrichtigungs)?vorlagen? | modeles? (?:de|d) (?:message|courriel|mail|e mail|communication)s? |
        ^modeles$ | plantillas?
        """,
    ),
    (
        "contacts",
        r"""
        contacts? | escalations?(?: (?:path|matrix|list|chain|procedure|policy|levels?|plan|contacts))? | who to
        (?:call|contact|page|notify|ask) | whom to (?:call|contact|page|notify|ask) | on call(?:
        (?:list|rotation|rota|schedule|team|engineers?|people|roster))? | (?:phone|call|calling|telephone|emergency)
        (?:list|tree|numbers) | ^(?:people|who is who|key people|the team|team
        members?|participants|stakeholders|personnel)$ | ^(?:roles|responsibilities)$ | roles and responsibilities
        | roles responsibilities | raci(?: matrix)? | ansprechpartner(?:innen)? | ansprechpersonen | kontakte? |
        kontaktpersonen | eskalation\w* | rufbereitschaft | bereitschaft | escalade | astreintes? |
        interlocuteurs? | personnes? a contacter | contactos? | escalad[ao]s? | escalamiento | guardias? |
        responsables
        """,
    ),
    (
        "signoff",
        r"""
        sign ?offs? | ^certifications?$ | (?:approvals?|approvers?) | authori[sz]ation (?:to|for)
        (?:proceed|deploy|release) | authori[sz]ed by | reviewed by | approved by | signatures? | ^reviewers?$ |
        freigaben? | abnahmeprotokoll | genehmigung(?:en)? | unterschriften | ^abnahme$ | approbations? |
        autorisations? | visas? | aprobacion(?:es)? | firmas? | visto bueno | autorizacion(?:es)?
        """,
    ),
    (
        "success",
        r"""
        (?:success|acceptance|exit|completion|done) (?:criteria|criterion|metrics|measures|conditions|indicators)
        | definition of (?:done|success) | ^kpis?$ | (?:expected|desired) (?:results?|outcomes?) |
        erfolgskriterien | abnahmekriterien | akzeptanzkriterien | erfolgsmessung | criteres? (?:de
        (?:succes|reussite|sortie)|d acceptation) | criterios? de (?:exito|aceptacion|salida|finalizacion)
        """,
    ),
    (
        "schedule",
        r"""
        schedules? | timings? | time ?(?:lines?|table|slots?|frames?) |
        (?:maintenance|change|deployment|release|outage|downtime) windows? | ^(?:window|when|dates?|key dates|date
        and time|calendar|agenda|planned downtime)$ | communications?(?: plan| strategy| schedule)?$ |
        ^(?:notifications?|announcements?|notices?)$ | (?:customer|user|stakeholder|team|internal|external|client)
        (?:notifications?|communications?|announcements?) | (?:{BACK}) communications? | zeitplan\w* | zeitfenster
        | wartungsfenster | terminplan\w* | termine? | ablaufplan | kommunikation\w* | calendrier | planning |
        horaires? | fenetre de maintenance | creneau | calendario | cronograma | horarios? | ventana de
        mantenimiento | comunicacion(?:es)?
        """,
    ),
    (
        "unknown",
        r"""
        back ?ups? (?:and )?(?:recovery|restore|restoration) | ^disaster recovery$
        """,
    ),
    (
        "rollback",
        r"""
        {BACK} | (?:if|when|in case) (?:the |a )?{DEPLOY} fails | emergency procedures? | ^undo(?:ing)? |
        ^halt(?:ing)?$ |
        (?:recovery|contingency|abort|back up|emergency|mitigation) (?:plans?|procedures?|steps|process) |
        ^(?:recovery|contingency|contingencies|abort|plan b|way back|remediation)$ | zuruckrollen | ruckfall\w* |
        rucknahme | rucksetzen | ruckbau | ruckabwicklung | notfallplan | wiederherstellung\w* | retour (?:en
        )?arriere | plan de (?:repli|retour|secours|contingence) | annulation | restauration | reversion | marcha
        atras | vuelta atras | plan de (?:contingencia|reversion|recuperacion) | restauracion
        """,
    ),
    (
        "monitoring",
        r"""
        ^(?:soak|soaking|bake|baking|burn in) | soak(?: time| period| test)? | bake time | hyper ?care | early
        life support | (?:monitoring|observation|stabili[sz]ation|watch) (?:period|phase|window|checkpoints?) |
        (?:metrics|things|what|dashboards?|logs|signals|kpis|issues|problems|values|graphs) to
        (?:watch|monitor|observe) | post (?:{DEPLOY}|\w+) monitoring | after (?:\w+ ){0,3}monitoring | monitoring
        | observ(?:e|ation|ability|ing) | ^watch(?:ing)? | beobachtung\w* | uberwachung\w* | nachbeobachtung |
        surveillance | supervision | ^observation$ | monitorizacion | monitoreo | supervision | vigilancia
        """,
    ),
    (
        "tasks",
        r"""
        (?:post(?: ?{DEPLOY}| \w+)?|follow ?up|remaining|outstanding|after|closing|long term|short term)
        (?:tasks|actions|work|items|activities|steps|to ?dos?) | ^follow ?ups?$ | ^next steps$ | ^clean ?ups?$ |
        ^close ?out$ | ^closure$ | ^wrap ?up$ | ^housekeeping$ | post ?mortems? | retrospectives? | lessons
        learned | post (?:incident|implementation) review | action items | updates? required | required updates |
        documentation updates | ^to ?dos?$ | ^future work$ | ^(?:regular|weekly|monthly|ongoing) \w+$ |
        ^maintenance procedures$ | ^(?:week|month) \d+ | nacharbeiten | nachbereitung | folgeaufgaben |
        folgearbeiten | offene punkte | aufraumarbeiten | actions? de suivi | taches?
        (?:restantes|ulterieures|post \w+) | nettoyage | ^suivi$ | tareas (?:posteriores|pendientes|de
        seguimiento) | acciones de seguimiento | limpieza | ^seguimiento$
        """,
    ),
    (
        "before",
        r"""
        pre ?{DEPLOY} | pre
        ?(?:flight|flights|requisites?|checks?|work|conditions?|maintenance|start|prod|production|cutover|event) |
        prerequisites? | preconditions? | requirements? | prepar(?:e|ing|ation|ations|atory) | readiness | before
        (?:you|we|the|starting|beginning|any|{DEPLOY}) | prior to (?:the |starting |beginning
        )?(?:{DEPLOY}|maintenance|start|window)? | (?:entry|start|entrance) criteria | ^before$ | ^you will need$
        | ^what you need$ | ^needed access$ | ^access(?: needed| required)?$ | vorbereitung(?:en)? |
        voraussetzung(?:en)? | vorabprufung(?:en)? | vorarbeiten | vor (?:dem|der|beginn)
        ?(?:deployment|rollout|release|migration|start|update|umstellung)? | pre ?requis | preparatifs? | avant
        (?:le|la|de|l) | prerrequisitos? | requisitos(?: previos)? | preparacion | preparativos | antes del?
        """,
    ),
    (
        "environment",
        r"""
        environment variables? | env vars? | environment settings | ^environment$ | ^env$ | ^secrets?$
        """,
    ),
    (
        "environment",
        r"""
        configuration (?:variables|values|parameters|options) | ^configuration$ | ^variables$ | ^parameters$
        """,
    ),
    (
        "environment",
        r"""
        umgebungsvariablen | ^konfiguration$ | variables d environnement | variables de entorno
        """,
    ),
    (
        "verification",
        r"""
        verif(?:y|ying|ication|ications|ied) | validat(?:e|ion|ions|ing) |
        (?:smoke|acceptance|regression|integration|functional|sanity|load|performance|uat|system|user|end to
        end|e2e) (?:tests?|testing|checks?) | testing | tests?$ | test (?:plan|cases?|scenarios?|steps) | ^uat$ |
        ^qa$ | quality assurance | health ?checks? | sanity checks? | quality gates? | ^checks?$ | ^checklist$ |
        go no go$ | go no go (?:decision|call|checklist|meeting|point) | ^go or no go$ | decision points? |
        post ?{DEPLOY} | after (?:the )?{DEPLOY} | acceptance |
        (?:uber|nach)?prufung(?:en)? | verifikation | validierung | nachkontrolle | kontrollen? | abnahmetests? |
        funktionstests? | verifications? | controles? | recette | tests de \w+ | verificacion(?:es)? |
        validacion(?:es)? | comprobacion(?:es)? | pruebas?
        """,
    ),
    (
        "reference",
        r"""
        ^(?:\w+
        ){0,3}(?:overview|introduction|background|summary|scope|glossary|architecture|assumptions|description|abstract|motivation|rationale)$
        |
        ^(?:purpose|objectives?|goals?|about|context|notes?|links|resources|definitions|terms|terminology|appendix|history|metadata|audience|disclaimer|legend|risks?|impact|conventions)
        | references?$ | related (?:\w+ )?(?:documents?|documentation|links|runbooks|reading|pages|issues) | see
        also | further reading | (?:revision|version|document|change) (?:history|control|log) | changelog | change
        ?log | release notes | (?:risk|impact) (?:assessment|analysis|matrix) | risks and (?:mitigations?|impact)
        | uberblick | ubersicht | einleitung | hintergrund | ^zweck$ | ^umfang$ | glossar | referenzen | anhang |
        anderungshistorie | presentation | apercu | contexte | ^objectifs?$ | portee | glossaire | annexes? | vue
        d ensemble | resumen | introduccion | ^objetivos?$ | alcance | glosario | referencias | contexto | anexos?
        | descripcion general
        """,
    ),
    (
        "walk",
        r"""
        {DEPLOY}s? | (?:execution|execute|implementation|procedure|steps?|process|run
        ?book|playbook|tasks|actions)$ | (?:execution|implementation) (?:plan|steps|phase|procedure|process) |
        ^instructions$ | (?:switch ?over|fail ?over|conversion|patching|provisioning|activation|switch
        traffic|going live) | (?:main|work|change|update|maintenance) (?:steps|procedure|tasks|activities|work) |
        ^(?:how to|main|do|during|the change|the work|during the window|during maintenance) | durchfuhrung |
        ablauf | umsetzung | bereitstellung | inbetriebnahme | \w*umstellung | einspielen | aktualisierung |
        \w*schritte | \w*migration | ausfuhrung | vorgehen | produktivsetzung | deploiement | mise en
        (?:production|service|oeuvre) | ^mep$ | bascule | ^execution | deroulement | etapes | mise a jour | mode
        operatoire | ^procedure | despliegue | implementacion | puesta en (?:produccion|marcha) | migracion |
        pasos | ejecucion | procedimiento | actualizacion
        """,
    ),
)


def _pattern(row: str) -> str:
    """A row of the table as one regular expression."""
    several = " ".join(row.split()).split(" | ")
    joined = "|".join(several)
    return joined.replace("{EVENT}", _EVENT).replace("{DEPLOY}", _DEPLOY).replace("{BACK}", _BACK)


WORDS: tuple[tuple[Meaning, str], ...] = tuple((meaning, _pattern(row)) for meaning, row in _TABLE)
"""Each meaning (some have several rows) with its regular expression, in the order in which they win."""
