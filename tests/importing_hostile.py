"""Texts that no runbook is, each made in a moment: what is too large, too deep, too many, broken off or deceiving."""

# ruff: noqa: E501  # each text stands on one line, whatever its length

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

Making = Callable[[], bytes]


def _lines(count: int, line: str) -> bytes:
    return "".join(line.format(index) + "\n" for index in range(count)).encode()


def _png() -> bytes:
    pixels = zlib.compress(bytes(range(256)) * 64)
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x40\x00\x00\x00\x40\x08\x02\x00\x00\x00" + pixels


LARGE: dict[str, Making] = {
    "100,000 items": lambda: b"# A\n\n" + _lines(100_000, "- [ ] item {0}"),
    "100,000 numbered items": lambda: b"# A\n\n" + _lines(100_000, "{0}. item"),
    "100,000 headings": lambda: _lines(100_000, "## heading {0}"),
    "100,000 link definitions": lambda: _lines(100_000, "[l{0}]: https://e.example/{0}") + b"\n- [ ] x [l1]\n",
    "100,000 lines of one paragraph": lambda: b"- [ ] do it\n\n" + _lines(100_000, "line {0} of prose"),
    "100,000 bounds": lambda: _lines(1_000, "- [ ] rate " + "> 5 % rate " * 100),
    "100,000 placeholders": lambda: b"- [ ] " + b"[NAME] <name> your-name $NAME {{ name }} " * 20_000 + b"\n",
    "100,000 commands": lambda: b"```bash\n" + _lines(100_000, "run {0} # why") + b"```\n",
    "100,000 statements": lambda: b"```sql\n" + _lines(100_000, "SELECT {0};") + b"```\n",
    "a table of 10,000 columns": lambda: b"|a" * 10_000 + b"|\n" + b"|-" * 10_000 + b"|\n" + b"|[ ] b" * 10_000 + b"|\n",
    "a table of 50,000 rows": lambda: b"| Task | Owner | Status |\n|-|-|-|\n" + _lines(50_000, "| do {0} | ana | |"),
    "one line of 4 MB": lambda: b"- [ ] " + b"word " * 800_000,
    "one word of 4 MB": lambda: b"- [ ] " + b"x" * 4_000_000,
    "one line of 4 MB of numbers": lambda: b"- [ ] " + b"1 2.5 " * 600_000,
    "a paragraph of brackets": lambda: b"- [ ] " + b"[" * 1_000_000,
    "a heading of blanks": lambda: b"# " + b" " * 2_000_000 + b"x\n- [ ] y" + b" \t" * 500_000 + b"z\n",
    "emphasis runs": lambda: b"- [ ] " + b"**a _b " * 150_000,
    "backticks": lambda: b"- [ ] " + b" ".join(b"`" * (index % 90 + 1) for index in range(20_000)),
    "pairs of parentheses": lambda: b"- [ ] " + b"(" * 500_000 + b")" * 500_000,
    "quotes in a command": lambda: b"```bash\n" + b"echo '" * 100_000 + b"\n```\n",
    "dollars in SQL": lambda: b"```sql\n" + b"DO $$ " * 100_000 + b"\n```\n",
    "4 MB of fences": lambda: b"```bash\nx\n```\n" * 300_000,
    "emoji": lambda: ("- [ ] " + "🚀✅" * 200_000).encode(),
    "mojibake": lambda: _lines(20_000, "- [ ] Ã¢Å“â€¦ ðŸš€ cafÃ© {0}"),
    "carriage returns": lambda: b"- [ ] a\r" * 200_000,
    "colons": lambda: b"# Contacts\n\n- " + b"a: b, " * 200_000,
    "addresses": lambda: b"# Contacts\n\n- " + b"a@b.c " * 200_000,
    "slashes": lambda: b"- [ ] curl https://h.example" + b"/a" * 1_000_000 + b"/health\n",
    "secrets": lambda: _lines(20_000, "export TOKEN_{0}=ghp_0123456789abcdefghijklmnopqrstuvwxyz"),
    "front matter of 2 MB": lambda: b"---\n" + _lines(100_000, "key{0}: value") + b"---\n- [ ] a\n",
    "YAML anchors": lambda: b"---\na: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n".encode() for n in range(12))
    + b"---\n- [ ] a\n",
    "JSON of 1 MB": lambda: b"# A\n- [ ] a\n```json\n" + json.dumps({f"k{n}": {"status": "ok"} for n in range(40_000)}).encode() + b"\n```\n",
    "HTML tags": lambda: b"- [ ] a\n\n" + b"<details><summary>x</summary>" * 40_000,
    "HTML comments": lambda: b"- [ ] a\n\n" + b"<!-- x " * 200_000,
}  # fmt: skip

DEEP: dict[str, Making] = {
    "1,000 lists in each other": lambda: "".join("  " * n + "- [ ] x\n" for n in range(1_000)).encode(),
    "1,000 numbered lists in each other": lambda: "".join("   " * n + "1. x\n" for n in range(1_000)).encode(),
    "1,000 lists on one line": lambda: b"- " * 1_000 + b"x\n",
    "1,000 quotes in each other": lambda: b">" * 1_000 + b" - [ ] x\n",
    "1,000 quotes, line by line": lambda: "".join(">" * n + " x\n" for n in range(1_000)).encode(),
    "10,000 brackets in each other": lambda: b"- [ ] " + b"[" * 10_000 + b"a" + b"](u)" * 10_000 + b"\n",
    "10,000 emphases in each other": lambda: b"- [ ] " + b"*_" * 10_000 + b"a" + b"_*" * 10_000 + b"\n",
    "1,000 shells in each other": lambda: b"```bash\n" + b"$(" * 20_000 + b"x" + b")" * 20_000 + b"\n```\n",
    "1,000 ifs in each other": lambda: b"```bash\n" + b"if true; then\n" * 5_000 + b"fi\n" * 5_000 + b"```\n",
    "SQL in parentheses": lambda: b"```sql\nSELECT " + b"(" * 50_000 + b"1" + b")" * 50_000 + b";\n```\n",
    "SQL in subqueries": lambda: b"```sql\n" + b"SELECT * FROM (" * 20_000 + b"\n```\n",
    "JSON in JSON": lambda: b"# A\n- [ ] a\n```json\n" + b'{"a":[' * 50_000 + b"\n```\n",
    "YAML in YAML": lambda: b"---\na: " + b"[" * 4_000 + b"\n---\n- [ ] a\n",
    "a YAML form in itself": lambda: b"body:\n" + "".join("  " * n + "- a:\n" for n in range(1, 1_000)).encode(),
    "HTML in HTML": lambda: b"- [ ] a\n\n" + b"<div>\n" * 5_000 + b"</div>\n" * 5_000,
}

BROKEN: dict[str, Making] = {
    "a fence that never ends": lambda: b"# A\n\n- [ ] a\n\n```bash\nrm -rf /tmp/x\n\n# B\n\n- [ ] b\n",
    "a fence in an item that never ends": lambda: b"1. a\n   ```sql\n   DELETE FROM t;\n2. b\n",
    "NUL bytes": lambda: b"# A\x00B\n\n- [ ] do\x00 it\n\n```bash\nls\x00 -l\n```\n",
    "right-to-left marks": lambda: "# \u202eKOOBNUR\u202c\n\n- [ ] delete \u2066\u202edne eht\u2069 now\n\n```bash\nls \u202e# fr- mr\n```\n".encode(),
    "escape sequences": lambda: b"# \x1b[2J\x1b]0;owned\x07 A\n\n- [ ] \x1b[31mred\x1b[0m\n\n```bash\necho \x1b[1A\n```\n",
    "zero-width and tags": lambda: "- [ ] a\u200bb\u2060c \U000e0041\U000e0042\n- [ ] \ufeff\ufeff\n- [ ] \u00ad\n".encode(),
    "lone surrogates": lambda: b"# A\n\n- [ ] \xed\xa0\x80 x\n",
    "UTF-8 cut off": lambda: "# Ü\n\n- [ ] größer ist 🚀".encode()[:-2],
    "UTF-16": lambda: "# Title\n\n- [ ] größer\n".encode("utf-16"),
    "Windows-1252": lambda: "# Titel\n\n- [ ] größer – oder kleiner\n".encode("cp1252"),
    "headings alone": lambda: b"# A\n\n## B\n\n### C\n",
    "nothing": lambda: b"",
    "blanks": lambda: b" \n\t\n\n",
    "a mark of byte order alone": lambda: b"\xef\xbb\xbf",
    "line separators": lambda: "- [ ] a\u2028- [ ] b\u2029c\x85d\x0ce\x0bf\n".encode(),
    "a variable of cockpit": lambda: b"# ${run.id} ${secret} $${x} ${\n\n- [ ] ${a.b} ${} ${1} $${ }\n\n```bash\necho ${x:-${y}} $${z}\n```\n",
    "TOML in it": lambda: b'# """ \'\'\' \\\n\n- [ ] """\n- [ ] \'\'\' ]]\n\n```bash\necho """ \\\n```\n\n```\n\'\'\'"""\\\n```\n',
    "reserved words": lambda: b"# in\n\n- [ ] true > 5\n- [ ] for < 3 %\n- [ ] int = 4\n- [ ] since > 1 ms\n- [ ] 5 > 3\n- [ ] > 3\n",
    "numbers beyond numbers": lambda: b"- [ ] rate > 1e999 %\n- [ ] rate > " + b"9" * 400 + b" ms\n- [ ] (" + b"9" * 400 + b" hours) wait " + b"9" * 400 + b" minutes\n\n```bash\nsleep " + b"9" * 400 + b"\nsleep 99999999999\nsleep 0\n```\n",
    "times that are none": lambda: b"## Schedule\n\n- Time: 25:99 - 99:00\n- Day: Blursday\n- Window: 2026-13-45 10:00 to 2026-02-30\n\n## Steps\n\n- [ ] x\n",
    "URLs that are none": lambda: b"```bash\ncurl http://[::1/health\ncurl http://\ncurl 'http://a b/health'\ncurl file:///etc/passwd/health\ncurl http://h:99999/health\ncurl $URL/health\ncurl ${A}${B}/health\ncurl -f http://user:hunter2@h.example/health\n```\n",
    "a table without rows": lambda: b"| a | b |\n|---|---|\n\n- [ ] x\n",
    "a table of blanks": lambda: b"| | |\n|---|---|\n| | |\n| [ ] | |\n\n- [ ] x\n",
    "items without text": lambda: b"- \n- [ ]\n- [ ] \n-\n1.\n1. \n* [x]\n\n- [ ] x\n",
    "front matter alone": lambda: b"---\ntitle: x\n---\n",
    "front matter that is none": lambda: b"---\n: : :\n\t- x\n---\n- [ ] a\n",
    "front matter of other things": lambda: b"---\n2026-01-01: {a: [1, 2]}\ntitle: {x: y}\nname: 12\n---\n- [ ] a\n",
    "a YAML form of other things": lambda: b"name: 1\nbody: 7\n",
    "a YAML form of wrong parts": lambda: b"name: x\ndescription: y\nbody:\n  - 7\n  - type: 9\n  - type: checkboxes\n    attributes: [1]\n  - type: markdown\n    attributes: {value: 3}\n  - type: checkboxes\n    attributes: {label: x, options: [{label: 1}, 2, {}]}\n",
}  # fmt: skip

NO_MARKDOWN: dict[str, Making] = {
    "PNG": _png,
    "gzip": lambda: gzip.compress(b"# A\n\n- [ ] a\n" * 1_000, mtime=0),
    "ELF": lambda: b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)) * 400,
    "CSV": lambda: _lines(5_000, "{0},ana,2026-01-01,\"a, b\""),
    "JSON": lambda: json.dumps([{"id": n, "command": "rm -rf /"} for n in range(2_000)], indent=1).encode(),
    "HTML page": lambda: b"<!DOCTYPE html><html><head><script>if (a < 5) { run() }</script></head><body>"
    + b"<ul><li>a</li></ul>" * 2_000 + b"</body></html>",
    "Python": lambda: b"import os\n\n\ndef main():\n    os.system('reboot')  # - [ ] x\n" * 500,
    "a log": lambda: _lines(4_000, "2026-01-01T00:00:{0} ERROR x > 5 failed"),
}  # fmt: skip

SECRETS = (
    b"# Deploy\n\n- [ ] Log in with password=Tr0ub4dor&3xyz\n\n```bash\n"
    b"export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENGbPxRfiCYzzzzzzzzKEY1\n"
    b"curl -H 'Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLW9mLWl0' https://a.example/health\n"
    b"psql postgres://ops:s3cr3t-p4ss@db.example/shop -c 'SELECT 1'\n```\n"
)
SECRET_VALUES = (
    "Tr0ub4dor&3xyz",
    "wJalrXUtnFEMIK7MDENGbPxRfiCYzzzzzzzzKEY1",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLW9mLWl0",
    "s3cr3t-p4ss",
)
"""Of nobody: what `SECRETS` holds that must be found and nowhere be copied."""
