"""HTML that stands in Markdown, as the blocks that it shows: lists, paragraphs, headings, tables, preformatted text.

Wikis export it, and templates hold it. Tags without meaning here are dropped, their text is kept; comments, scripts and
styles are layout. Whatever the HTML is, nothing is raised and no text is lost.
"""

from __future__ import annotations

from html.parser import HTMLParser

from cockpit.importing.blocks import Block, Fence, Heading, Item, Paragraph, Row, Rule, Table

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_APART = ("p", "div", "ul", "ol", "table", "blockquote", "section", "summary", "details", "dt", "dd", *_HEADINGS)
_HIDDEN = ("script", "style", "template")


def html_blocks(content: str, first: int) -> list[Heading | Block]:
    """The blocks of a piece of HTML whose first line is line `first` of the source."""
    reader = _Reader(first)
    reader.feed(_ended(content))
    reader.close()
    reader.flush()
    last = first + max(0, len(content.rstrip("\n").splitlines()) - 1)
    return reader.found or [Rule(first=first, last=last)]


def _ended(content: str) -> str:
    """The HTML without what is opened and never ends: for each of these the parser would read on to the end.

    A comment that never ends hides the rest; a tag that never ends is text.
    """
    content = content.replace("<![", "&lt;![")
    hidden = content.find("<!--", content.rfind("-->") + 1)
    shown = content[:hidden] if hidden >= 0 else content
    last = shown.rfind(">") + 1
    return shown[:last] + shown[last:].replace("<", "&lt;")


class _Reader(HTMLParser):
    def __init__(self, first: int) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Heading | Block] = []
        self._first = first
        self._text: list[str] = []
        self._begun = self._ended = 0
        self._kind = "p"
        self._numbers: list[int] = []
        """Of the lists that are open: how many items were counted; -1 in one of bullets."""
        self._checked: bool | None = None
        self._cells: list[str] | None = None
        self._rows: list[Row] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in ("ul", "ol"):
            self.flush()
            self._numbers.append(0 if tag == "ol" else -1)
        elif tag == "li" or tag == "pre" or tag in _APART:
            self.flush()
            self._kind = tag
        elif tag == "input":
            named = dict(attrs)
            if (named.get("type") or "").lower() == "checkbox":
                self._checked = "checked" in named
        elif tag == "tr":
            self.flush()
            self._cells = []
        elif tag in ("td", "th"):
            self._text, self._begun = [], 0
        elif tag == "br":
            self._text.append("\n" if self._kind == "pre" else " ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in ("td", "th") and self._cells is not None:
            self._cells.append(" ".join("".join(self._text).split()))
            self._text = []
        elif tag == "tr" and self._cells is not None:
            if any(self._cells):
                self._rows.append(Row(cells=tuple(self._cells), line=self._line()))
            self._cells = None
        elif tag == "table":
            self._table()
        elif tag == "li" or tag == "pre" or tag in _APART:
            self.flush()
            if tag in ("ul", "ol") and self._numbers:
                self._numbers.pop()

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if data.strip():
            leading = data[: len(data) - len(data.lstrip())].count("\n")
            self._begun = self._begun or self._line() + leading
            self._ended = self._line() + data.rstrip().count("\n")
        self._text.append(data)

    def _line(self) -> int:
        return self._first + self.getpos()[0] - 1

    def flush(self) -> None:
        """End the block that is open."""
        raw, kind = "".join(self._text), self._kind
        self._text, self._kind = [], "p"
        text = " ".join(raw.split())
        first, last, self._begun = self._begun, max(self._begun, self._ended), 0
        checked, self._checked = self._checked, None
        if not text:
            return
        if kind in _HEADINGS:
            self.found.append(Heading(text=text, level=int(kind[1]), first=first, last=last))
        elif kind == "li":
            number = ""
            if self._numbers and self._numbers[-1] >= 0:
                self._numbers[-1] += 1
                number = str(self._numbers[-1])
            self.found.append(Item(text=text, number=number, checked=checked, first=first, last=last))
        elif kind == "pre":
            body = raw.strip("\n") + "\n"
            self.found.append(Fence(language="", body=body, first=first, last=last, body_first=first))
        else:
            self.found.append(Paragraph(text=text, first=first, last=last))

    def _table(self) -> None:
        rows, self._rows, self._cells = self._rows, [], None
        if not rows:
            return
        width = max(len(row.cells) for row in rows)
        filled = [Row(cells=(*row.cells, *[""] * (width - len(row.cells))), line=row.line) for row in rows]
        self.found.append(
            Table(header=filled[0].cells, rows=tuple(filled[1:]), first=filled[0].line, last=filled[-1].line)
        )
