"""Values that mean something to somebody: to a shell, an option parser, a server, a database, a loader."""

from __future__ import annotations

CANARY = "pwned"
"""The file that appears where one of these is executed."""

VALUES = (
    "", " ", "  two  words  ", "a b", "\t", "\n", "line\nline", "a\r\nb", "'", '"', "`", "\\", "\\n", "'\"'\"'",
    f"$(touch {CANARY})", f"`touch {CANARY}`", f"; touch {CANARY}", f"| touch {CANARY}", f"&& touch {CANARY}",
    f"|| touch {CANARY}", f"& touch {CANARY} &", f"\ntouch {CANARY}\n", f"'; touch {CANARY}; '", f'"; touch {CANARY}; "',
    f"x[$(touch {CANARY})]", f"a[`touch {CANARY}`]+1", f"${{IFS}}touch${{IFS}}{CANARY}", "${PATH}", "$HOME", "$0", "$$", "${x}",
    "$${x}", "${other}", "%(x)s", "%s", "%n%n%n", "{x}", "{{x}}", "*", "?", "[a-z]*", "~", "~root", "{a,b}", "!!", "#", "# end",
    "-", "--", "-c", f"-c 'touch {CANARY}'", "-rf", "--help", "--output=/etc/passwd", "-oProxyCommand=touch pwned", "+x",
    "@/etc/passwd", "@", "</etc/passwd", "file:///etc/passwd", "..", "../../etc/passwd", "/etc/passwd", "//evil.example",
    "user@evil.example", "evil.example/", "evil.example#", "evil.example?", "h:80@evil.example", "https://evil.example",
    "v1\r\nX-Injected: yes", "1&admin=true", "1 OR 1=1", "'; DROP TABLE users; --", "x' host='evil", "h port=1", "%00", "%2e%2e%2f",
    "0", "1", "-1", "1+1", "08", "0x10", "v1.2.3", "é", "日本", "\u202etxt.exe", "\x1b]0;t\x07", "\x7f", "\u200b", "a" * 5000,
)  # fmt: skip
"""None has a null character, which no argument and no variable of the environment can hold."""
