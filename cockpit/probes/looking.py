"""What a condition looks at: the facts in it, with the path to the very value, such as `json.queue[0].size`.

For telling people why a condition does not hold; CEL alone decides whether it does.
"""

from __future__ import annotations

from collections.abc import Collection

from cockpit.profile.cel_words import Token, names_in, tokens


def looked_at(expression: str, facts: Collection[str]) -> tuple[str, ...]:
    """Return the paths that begin with a fact, in order of first use, each once and as it is written."""
    names = names_in(expression, facts)
    found = tokens(expression)
    paths: dict[str, None] = {}
    for at, token in enumerate(found):
        if token.kind == "name" and token.text in names and not (at and found[at - 1].text == "."):
            paths.setdefault(expression[token.start : _end(found, at)])
    return tuple(paths)


def _end(found: list[Token], at: int) -> int:
    """Where the path ends that begins at this token: before a call, an operator or a computed index."""
    end = found[at].end
    at += 1
    while at < len(found):
        texts = [token.text for token in found[at : at + 3]]
        if texts[0] == "." and len(texts) > 1 and found[at + 1].kind == "name" and texts[2:] != ["("]:
            at += 2
        elif texts[0] == "[" and len(texts) == 3 and found[at + 1].kind in ("text", "number") and texts[2] == "]":
            at += 3
        else:
            break
        end = found[at - 1].end
    return end
