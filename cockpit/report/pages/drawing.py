"""From a Vega-Lite specification to an SVG that can stand in a page: offline, without a script, and never trusted.

What the library writes is taken apart and put together again from a short list of elements and attributes; ids get a
prefix of their own, so that several pictures can share a page. Text stays text. Where the library is missing, or fails
at one picture, there is a sentence in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any
from xml.etree import ElementTree as ET

from msgspec import Struct

from cockpit.patterns import late
from cockpit.text import shortened, visible

_SVG = "{http://www.w3.org/2000/svg}"
_ELEMENTS = frozenset({"svg", "g", "path", "rect", "line", "circle", "text", "tspan", "defs", "clipPath"})
_ATTRIBUTES = frozenset(
    {
        "d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "transform", "fill", "fill-opacity",
        "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-miterlimit", "opacity",
        "stroke-linecap", "stroke-linejoin", "text-anchor", "font-family", "font-size", "font-weight", "font-style",
        "viewBox", "clip-path", "id", "dx", "dy",
    }
)  # fmt: skip
_NUMBERS = frozenset({"d", "transform", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height"})
_LONG_NUMBER = late(r"-?\d+\.\d{2,}(?:e-?\d+)?")
_OWN_REFERENCE = late(r"url\(#([A-Za-z0-9_-]+)\)")
_FONT = "system-ui, 'Helvetica Neue', Arial, sans-serif"
_CONFIG: dict[str, Any] = {
    "background": None,
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "labelColor": "#333", "tickColor": "#999", "domainColor": "#999",
             "gridColor": "#e4e4e4", "titleFontWeight": "normal"},
    "text": {"fontSize": 12, "color": "#1b1b1b"},
}  # fmt: skip


class Picture(Struct, frozen=True):
    """A picture, or a sentence instead of it."""

    svg: str = ""
    """Safe to stand in HTML as it is."""
    instead: str = ""


class Painter:
    """Draws the pictures of one page."""

    def __init__(self) -> None:
        self._drawn = 0
        try:
            import vl_convert  # its engine takes 0.4 s to start, which only a report needs

            self._library: Any = vl_convert
            self.trouble = ""
        except Exception as error:  # noqa: BLE001 - an extension module fails in ways of its own
            self._library = None
            why = shortened(str(error), 120)
            self.trouble = f"there is no picture here: the charting library cannot be loaded ({why})"

    def draw(self, specification: Mapping[str, Any], title: str, description: str) -> Picture:
        """The picture of a specification without data from elsewhere; `description` says in words what it shows."""
        if self._library is None:
            return Picture(instead=self.trouble)
        self._drawn += 1
        try:
            drawn = self._library.vegalite_to_svg({"config": _CONFIG, **_seen(specification)}, allowed_base_urls=[])
            return Picture(svg=_rebuilt(drawn, f"p{self._drawn}-", title, description))
        except Exception as error:  # noqa: BLE001 - a picture that fails costs that picture alone
            return Picture(instead=f"there is no picture here: it could not be drawn ({shortened(str(error), 120)})")


def _seen(value: Any) -> Any:
    """With all texts visible: the library measures them as XML, and ends the process at what XML has no place for."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {key: _seen(each) for key, each in value.items()}
    return [_seen(each) for each in value] if isinstance(value, list | tuple) else value


def _rebuilt(svg: str, prefix: str, title: str, description: str) -> str:
    """The SVG from what is allowed of it, with ids of its own, a title and a description."""
    root = ET.fromstring(svg)  # noqa: S314 - what our own renderer wrote, which has no DTD
    head = f'<title id="{prefix}t">{escape(visible(title))}</title> '
    head += f'<desc id="{prefix}d">{escape(visible(description))}</desc> '
    inner = "".join(_element(child, prefix) for child in root)
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{prefix}t {prefix}d" '
        f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}">{head}{inner}</svg>'
    )


def _element(element: ET.Element, prefix: str) -> str:
    name = element.tag.removeprefix(_SVG)
    if name not in _ELEMENTS:
        return ""
    attributes = "".join(_attribute(key, value, prefix) for key, value in element.attrib.items())
    inner = escape(visible(element.text)) if element.text and element.text.strip() else ""
    inner += "".join(_element(child, prefix) for child in element)
    # A browser of text alone writes the words of a picture one after the other: let them not stick together.
    gap = " " if name == "text" else ""
    if name == "g" and not inner:
        return ""  # the library leaves many
    return f"<{name}{attributes}>{inner}</{name}>{gap}" if inner else f"<{name}{attributes}/>"


def _attribute(key: str, value: str, prefix: str) -> str:
    if key not in _ATTRIBUTES:
        return ""
    if key == "font-family":
        value = _FONT
    elif key == "id":
        value = prefix + value
    elif "url(" in value:
        found = _OWN_REFERENCE.fullmatch(value.strip())
        if found is None:
            return ""
        value = f"url(#{prefix}{found[1]})"
    elif key in _NUMBERS:
        value = _LONG_NUMBER.sub(lambda match: f"{float(match[0]):.1f}".removesuffix(".0"), value)
    return f' {key}="{escape(value, quote=True)}"'
