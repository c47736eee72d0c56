"""Lists as people write them without Markdown, as Markdown, line for line: boxes without dashes, ticks, bullets, TODOs.

In a text without any heading or fence, also what stands for these: underlined and capital headings, `Step 1:`, `a)`.
Code between fences stays as it is. What Markdown has already is not touched.
"""

from __future__ import annotations

import re

from cockpit.importing.fencing import fenced
from cockpit.importing.lines import Laid, MarkdownLines
from cockpit.importing.plain_headings import headings
from cockpit.importing.plain_numbers import numbered
from cockpit.importing.unclosed import open_comment
from cockpit.importing.unfolding import unfold

_MARKER = r"(?P<indent>[ \t\u00a0]*)(?P<marker>(?:[-*+]|\d{1,6}[.)])[ \t\u00a0]+)?"
_BOX = re.compile(_MARKER + r"(?P<box>[\[(][ \t\u00a0_]?[\])]|\[ ?[xX✓✔√] ?\])[ \t\u00a0]*(?=[^\s\[\](:])")
_SIGN = re.compile(_MARKER + "(?P<open>[☐□▢⬜◻◽🔲🗆❏❑❐❒])?(?(open)|(?P<ticked>[☑☒✅✔✓🗹🗸]))\ufe0f?[ \t\u00a0]+(?=\\S)")
_TODO = re.compile(_MARKER + r"(?:(?P<todo>TODO|TO DO)|(?P<done>DONE))(?:\([^()\n]{0,40}\))?[ \t]*[:–—-][ \t]*(?=\S)")
_BULLET = re.compile("(?P<indent>[ \t\u00a0]*)[•·‣◦▪▫●○■❖➢➤►▸▶🔹🔸∙⁃][ \t\u00a0]+(?=\\S)")
_DASH = re.compile("(?P<indent>[ \t\u00a0]*)(?P<dash>[–—→⇒➔])[ \t\u00a0]+(?=\\S)")
_QUICK = re.compile(
    r"/(?:add_child|add_contacts|add_email|add_parent|approve|assign|assign_reviewer|award|blocked_by|blocks|board_move|cc"
    r"|child_epic|clear_health_status|clear_weight|clone|close|confidential|copy_metadata|create_merge_request|done|draft"
    r"|due|duplicate|epic|estimate|health_status|iteration|label|link|linked_items|lock|merge|milestone|move|page"
    r"|parent_epic|promote|promote_to|promote_to_incident|publish|react|ready|reassign|reassign_reviewer|rebase|relabel"
    r"|relate|remove_\w{1,30}|reopen|request_review|severity|set_parent|shrug|spend|spend_time|start_wip|status|submit_review"
    r"|subscribe|tableflip|tag|target_branch|title|todo|type|unapprove|unassign|unassign_reviewer|unlabel|unlink|unlock"
    r"|unrelate|unsubscribe|weight|zoom)(?:\s|$)"
)
"""docs.gitlab.com, "GitLab quick actions"; each stands alone on its line."""
_ROOT = re.compile(
    r"([ \t]+)# (?=(?:sudo|systemctl|service|journalctl|apt|apt-get|yum|dnf|apk|docker|podman|kubectl|helm|mount|umount"
    r"|reboot|shutdown|rm|cp|mv|ln|chown|chmod|mkdir|vi|vim|nano|iptables|nft|ufw|useradd|usermod|tail|cat|psql|pg_ctl"
    r"|mysql|nginx|apachectl|rsync|tar|sysctl|ip|ping|curl|wget|ssh|scp|git|make|\.{0,2}/[\w./-]{1,80})[ \t]+[^\s:])"
)
"""A command after the superuser's prompt; Markdown takes it for a heading, a shell for a remark."""
_PROSE = re.compile(r"\b(?:the|a|an|is|are|must|should|will|be|if|when|then|after|before|because)\b|[.:!?]\s*$")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")
_NBSP = re.compile("^([ \t\u00a0]*(?:[-*+#]{1,6}|\\d{1,6}[.)])?[ \t\u00a0]+)")


def as_markdown(lines: tuple[str, ...]) -> MarkdownLines:
    """The runbook with its lists as Markdown has them."""
    now = list(lines)
    code = {row for block in fenced(lines) for row in range(block.first - 1, min(block.end + 1, len(lines)))}
    laid = [
        Laid(first=row + 1, last=row + 1, what="quick action")
        for row, line in enumerate(lines)
        if line.startswith("/") and row not in code and _QUICK.match(line)
    ]
    for each in laid:
        now[each.first - 1] = ""
    for row, line in enumerate(now):
        if row not in code and line.strip():
            now[row] = _item(line)
    _dashes(now, code)
    notes = open_comment(now, code)
    laid += unfold(now, code)
    if not code and not any(_HEADING.match(line) and not _is_root(line) for line in lines):
        now = [_ROOT.sub(r"\1$ ", line) if _is_root(line) else line for line in now]
        numbered(now)
        laid += headings(now)
    return MarkdownLines(lines=tuple(now), laid=tuple(laid), notes=tuple(notes))


def _item(line: str) -> str:
    """One line; as it was if it is no item, or one that Markdown knows."""
    if "\u00a0" in line:
        line = _NBSP.sub(lambda match: match[0].replace("\u00a0", " "), line)
    if found := _BOX.match(line):
        return _boxed(line, found, ticked=any(char in found["box"] for char in "xX✓✔√"))
    if found := _SIGN.match(line):
        return _boxed(line, found, ticked=found["ticked"] is not None)
    if found := _TODO.match(line):
        return _boxed(line, found, ticked=found["done"] is not None)
    if found := _BULLET.match(line):
        return f"{found['indent']}- {line[found.end() :]}"
    return line


def _boxed(line: str, found: re.Match[str], *, ticked: bool) -> str:
    return f"{found['indent']}{found['marker'] or '- '}[{'x' if ticked else ' '}] {line[found.end() :]}".replace(
        "\u00a0", " ", found.end()
    )


def _dashes(lines: list[str], code: set[int]) -> None:
    """Dashes and arrows that open two lines in a row are bullets; one alone may be a part of prose."""
    found = {row: match for row, line in enumerate(lines) if row not in code and (match := _DASH.match(line))}
    for row, match in found.items():
        if any(near in found and found[near]["dash"] == match["dash"] for near in (row - 1, row + 1)):
            lines[row] = f"{match['indent']}- {lines[row][match.end() :]}"


def _is_root(line: str) -> bool:
    return "# " in line and bool(_ROOT.match(line)) and not _PROSE.search(line[:400])
