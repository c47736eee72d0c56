"""The names of HTML's elements (WHATWG HTML, "Index of elements", with those that are obsolete).

What stands in angle brackets in a runbook and has none of these names is a placeholder.
"""

from __future__ import annotations

import re

_NAMES = """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink blockquote body br
    button canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em
    embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr
    html i iframe img input ins kbd label legend li link main map mark marquee math menu menuitem meta meter nav
    nobr noframes noscript object ol optgroup option output p param picture pre progress q rp rt ruby s samp
    script search section select slot small source span strike strong style sub summary sup svg table tbody td
    template textarea tfoot th thead time title tr track tt u ul var video wbr
"""
_TAGS = frozenset(_NAMES.split())
_PRINTED = ("none", "nil", "null", "unset", "unknown", "pending", "invalid")
"""What programs print in angle brackets where there is nothing, kubectl above all."""
_NAMED = re.compile(r"<\s?([A-Za-z][A-Za-z0-9]*(?:[ _.-][A-Za-z0-9]+){0,6})\s?>")


def is_placeholder(tag: str) -> bool:
    """Whether something in angle brackets is to be filled in: `<user_id>`, `<your token>`; not `<br>`, `<List<T>>`."""
    found = _NAMED.fullmatch(tag)
    if found is None:
        return False
    first = re.split(r"[ _.-]", found[1])[0].lower()
    if found[1].lower() in _PRINTED:
        return False
    return "_" in found[1] or (first not in _TAGS and len(found[1]) > 1)
