"""What a condition looks at: the facts in it, with the path to the very value, such as `json.queue[0].size`.

For telling people why a condition does not hold; CEL alone decides whether it does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from cockpit.profile.cel_words import Token, names_in, tokens


class Sight(Struct, frozen=True):
    """A path as it is written, and the fact and keys that it is made of."""

    path: str
    fact: str
    keys: tuple[str | int, ...] = ()

    def value(self, facts: Mapping[str, object]) -> object:
        """The value there. Raises LookupError where there is none."""
        value = facts[self.fact]
        for key in self.keys:
            if isinstance(value, list) and isinstance(key, int):
                value = value[key]
                continue
            if not isinstance(value, Mapping):
                raise LookupError(key)
            value = value[key]
        return value


def looked_at(expression: str, facts: Collection[str]) -> tuple[Sight, ...]:
    """Return the paths that begin with a fact, in order of first use, each once."""
    names = names_in(expression, facts)
    found = tokens(expression)
    sights: dict[str, Sight] = {}
    for at, token in enumerate(found):
        if token.kind == "name" and token.text in names and not (at and found[at - 1].text == "."):
            keys, end = _keys(found, at)
            path = expression[token.start : end]
            sights.setdefault(path, Sight(path, token.text, keys))
    return tuple(sights.values())


def _keys(found: list[Token], at: int) -> tuple[tuple[str | int, ...], int]:
    """The keys after the name at this token, and where they end: before a call, an operator or a computed index."""
    keys: list[str | int] = []
    end = found[at].end
    at += 1
    while at + 1 < len(found):
        mark, key, after = found[at].text, found[at + 1], found[at + 2].text if at + 2 < len(found) else ""
        if mark == "." and key.kind == "name" and after != "(":
            keys.append(key.text)
            at += 2
        elif mark == "[" and after == "]" and (literal := _literal(key)) is not None:
            keys.append(literal)
            at += 3
        else:
            break
        end = found[at - 1].end
    return tuple(keys), end


def _literal(token: Token) -> str | int | None:
    """The text or whole number of a plain literal."""
    if token.kind == "number" and token.text.isdecimal():
        return int(token.text)
    if token.kind == "text" and token.text[0] in "'\"" and token.text[1:2] != token.text[0] and "\\" not in token.text:
        return token.text[1:-1]
    return None
