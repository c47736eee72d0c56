"""What sections are for: the headings people write."""

from __future__ import annotations

import time

import pytest

from cockpit.importing.meaning import folded, meaning_of
from cockpit.importing.meaning_words import Meaning

HEADINGS: dict[Meaning, str] = {
    "before": """
        Pre-deployment · Pre-Deployment Checklist · Predeployment checks · Pre-flight ·
        Preflight checklist · Before you begin · Before the release · Before deploying ·
        Prerequisites · Pre-requisites · Requirements · Technical Prerequisites · Readiness ·
        Production readiness review · Operational Readiness · Preparation · Environment Preparation
        · Validation Preparation · Preparatory work · Entry criteria · Prior to the change ·
        Pre-change checks · Pre-migration steps · Pre-release testing · Rollback preparation ·
        Prepare the rollback · Access needed · Vorbereitung · Voraussetzungen · Vor dem Deployment ·
        Préparation · Prérequis · Pré-requis · Avant le déploiement · Preparación ·
        Requisitos previos · Antes de empezar
    """,
    "walk": """
        Deployment · Deployment Steps · Deployment Process · Release · Rollout · Roll-out plan ·
        Cutover · Cut-over · Database Migration · Migration Application · Migration · Go-Live ·
        Go live · Execution · Execution plan · Implementation plan · Implementation · Upgrade ·
        Upgrade procedure · Steps · Procedure · Change steps · Deploy the application · Launch ·
        Gradual Rollout · How to deploy · Switchover · Failover · Main steps · Docker Deployment ·
        Execute migration scripts · Installation · Change implementation · Durchführung · Umsetzung
        · Datenbankmigration · Schritte · Déploiement · Mise en production · Étapes · Despliegue ·
        Puesta en producción · Pasos · Migración
    """,
    "verification": """
        Verification · Verify · Validation · Smoke tests · Smoke Testing · Post-deploy checks ·
        Post-deployment · Post-Deployment Verification · Post-Deployment Validation ·
        Go-Live Verification · Functional Testing · User Acceptance Testing · Acceptance ·
        Acceptance tests · Sanity checks · Health checks · After the deployment · Code Verification
        · Test plan · Go/No-Go · Go / No-Go decision · Validation and Sign-off ·
        Testing & Validation · Verification and Rollback · UAT · Quality gates · Überprüfung ·
        Prüfungen · Validierung · Vérification · Recette · Verificación · Pruebas
    """,
    "rollback": """
        Halt · Rollback · Roll back · Roll-back plan · Rollback Procedure · Rolling back · Backout plan ·
        Back-out · Revert · How to revert · Recovery plan · Recovery · Contingency ·
        Contingency plan · Abort procedure · Rollback Verification · Database Rollback ·
        Rollback and Recovery · Backup and rollback · Fallback plan · If the deployment fails ·
        Emergency procedures · Rollback criteria and steps · Rückfallplan · Wiederherstellung ·
        Zurückrollen · Retour arrière · Plan de repli · Marcha atrás · Reversión
    """,
    "triggers": """
        Go/no-go criteria · Go / No-Go Criteria ·
        Rollback Triggers · Triggers · Abort criteria · Rollback criteria · When to roll back ·
        When to rollback · Immediate Rollback Required · Rollback Consideration ·
        Rollback conditions · No-go criteria · Stop criteria · Criteria for rollback ·
        Conditions to abort · Backout triggers · Alert Thresholds · Red flags · Rollback if ·
        Abbruchkriterien · Critères d'abandon · Criterios de reversión
    """,
    "monitoring": """
        Monitoring · Post-Deployment Monitoring · 24-Hour Monitoring · Monitoring Checkpoints · Soak
        · Soak period · Bake time · Hypercare · Observation period · Watch · What to watch ·
        Metrics to watch · Key Metrics to Monitor · Monitoring & Support · Early life support ·
        Extended Monitoring (First 4 hours) · Stabilisation phase · Überwachung · Nachbeobachtung ·
        Surveillance · Monitorización · Vigilancia
    """,
    "contacts": """
        Contacts · Emergency Contacts · Contact information · Support Contacts · Escalation ·
        Escalation path · On-call · On call rotation · Who to call · Who to contact · Key people ·
        Roles and responsibilities · Call list · Ansprechpartner · Eskalation · Kontakte · Astreinte
        · Contactos · Contacts & Communication
    """,
    "templates": """
        Communication Templates · Templates · Email template · E-mail text · Notification texts ·
        Rollback Notification · Migration Complete Notification · Pre-Migration Notification ·
        Announcement template · Draft announcements · Status page template · Vorlagen · Textvorlagen
        · Plantillas · Modèles de message
    """,
    "signoff": """
        Sign-off · Sign-Offs · Signoff · Approvals · Approval · Certification · Deployment approval
        · Signatures · Authorization to proceed · Approved by · Freigabe · Genehmigungen ·
        Approbations · Aprobaciones · Firmas
    """,
    "success": """
        Success criteria · Success Metrics · Exit criteria · Definition of done ·
        Acceptance criteria · KPIs · Success Criteria Verification · Completion criteria ·
        Expected results · Erfolgskriterien · Critères de succès · Criterios de éxito
    """,
    "schedule": """
        Schedule · Deployment Schedule · Timing · Recommended Timing · Timeline · Maintenance window
        · Change window · Communication · Communications plan · Announcements ·
        Stakeholder communication · Zeitplan · Wartungsfenster · Kommunikation · Calendrier ·
        Fenêtre de maintenance · Cronograma · Ventana de mantenimiento
    """,
    "tasks": """
        Follow-up · Follow up actions · Action items · Post-Deployment Tasks · Post-Migration Tasks
        · Documentation Updates Required · Next steps · Clean-up · Cleanup · Post-mortem ·
        Lessons learned · Remaining work · Long-term tasks · Week 2 · Weekly Maintenance ·
        Nacharbeiten · Actions de suivi · Tareas pendientes
    """,
    "environment": """
        Environment variables · Required environment variables · Env vars · Configuration ·
        Configuration values · Environment · Umgebungsvariablen · Variables d'environnement ·
        Variables de entorno
    """,
    "troubleshooting": """
        If it goes wrong · Troubleshooting · Common issues · Common Issues and Solutions · Known problems ·
        Known issues · FAQ · Quick Fixes for Common Issues · Troubleshooting Deployment Issues ·
        If something goes wrong · Gotchas · Fehlerbehebung · Bekannte Probleme · Dépannage ·
        Solución de problemas
    """,
    "reference": """
        Overview · Deployment overview · Background · Introduction · Scope · Glossary · References ·
        Release notes · Related documents · See also · Purpose · Summary · Risk assessment ·
        Revision history · Changelog · Überblick · Hintergrund · Contexte · Glosario
    """,
    "contents": """
        Table of Contents · Contents · TOC · Inhaltsverzeichnis · Table des matières · Índice
    """,
    "unknown": """
        Database · Database Setup · Performance Optimization · Security Considerations ·
        Authentication & Authorization · Monitoring & Alerts · Backup & Recovery ·
        Support & Maintenance · Edge Functions · Payment Provider Integration · Incident Response ·
        Operational Procedures · Environment-Specific Instructions · Technical Team · 🚀 · 手順 ·
        Certificates · API Security · Watchdog · Stepping stones · Contactless payments ·
        Predictions · Revertebrates · Monitoring setup · Documentation ·
        Compliance & Data Protection
    """,
}
EACH = [(title, meaning) for meaning, titles in HEADINGS.items() for title in " ".join(titles.split()).split(" · ")]


@pytest.mark.parametrize(("title", "meaning"), EACH)
def test_a_heading_says_what_its_section_is_for(title: str, meaning: Meaning) -> None:
    assert meaning_of(title) == meaning


@pytest.mark.parametrize("change", [str.upper, str.lower, lambda title: f"🚨 {title} ✅", lambda title: f"{title}:"])
def test_case_symbols_and_colons_change_no_meaning(change) -> None:  # type: ignore[no-untyped-def]  # of any text
    assert [meaning_of(change(title)) for title, _ in EACH] == [meaning for _, meaning in EACH]


def test_words_are_folded_to_letters_and_digits() -> None:
    assert folded("Überprüfung: Roll-Back (Straße) 24h ✅") == "uberprufung roll back strasse 24h"


def test_a_hostile_heading_is_judged_at_once() -> None:
    began = time.process_time()
    for text in ("a " * 2_000_000, "rollback and " * 300_000, "((((" * 500_000, "post " * 500_000, "é" * 1_000_000):
        meaning_of(text)
    assert time.process_time() - began < 1.0
