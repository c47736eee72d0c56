"""What the shape of sections says: where they end, which belong together, which are alternatives."""

from __future__ import annotations

import re

from cockpit.importing.blocks import Block, Fence, Item, Paragraph, Section, Table
from cockpit.importing.meaning import meaning_of
from cockpit.importing.naming import read_title

_ALTERNATIVE = re.compile(
    r"\b(if|when|in case|unless|otherwise|emergency|planned|option|scenario|alternative|full|partial|immediate|quick"
    r"|less than|more than|within|after|before)\b|[<>]",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"\s*(?:to\s*:.{0,200}\n\s*)?(?:subject|betreff|objet|asunto)\s*:", re.IGNORECASE)
_CHOICES = re.compile(
    r"\b(specific|alternatives?|options?|per[- ](platform|environment|provider)|depending|maintenance procedures?)\b"
    r"|^(regular|daily|weekly|monthly|routine|periodic)\b",
    re.IGNORECASE,
)


_VERBS = (
    "add|adjust|announce|apply|ask|back ?up|call|check|click|compare|confirm|connect|create|delete|deploy|disable|drain"
    "|enable|ensure|execute|go|install|let|log|look|make|merge|monitor|navigate|notify|open|point|post|promote|pull|push|put|remove"
    "|restart|restore|revert|review|roll|run|scale|select|send|set|start|stop|switch|tag|take|tell|test|update|use|validate"
    "|verify|wait|watch"
)
_DOING = re.compile(
    r"(?:(?:please|then|now|next,?|first,?|finally,?|afterwards,?|fix\W+|check\W+|action\W+|if [^.,:]{1,100}[,:]"
    rf"|for [^.,:]{{1,40}},) )?(?:{_VERBS})\b",
    re.IGNORECASE,
)


def asks(blocks: tuple[Block, ...]) -> bool:
    """Something in them is to be done."""
    return any(isinstance(block, Item | Fence | Table) for block in blocks)


def is_title(only: Section) -> bool:
    """The only section at the top is the runbook's title, and those in it are its sections."""
    if only.heading is None or not only.sections:
        return False
    known = [
        each for each in only.sections if each.heading and meaning_of(read_title(each.heading.text).text) != "unknown"
    ]
    return only.heading.level == 1 or len(known) > 1


def wants_doing(block: Block) -> bool:
    """Prose that tells somebody to do something: it begins with a verb of doing."""
    return isinstance(block, Paragraph) and bool(_DOING.match(block.text.lstrip("*_> ")))


def holds_letters(section: Section) -> bool:
    """What stands in it, or in its sections, are texts to people: all code and quotations begin with a subject."""
    blocks = [*section.blocks, *(block for each in section.sections for block in each.blocks)]
    texts = [
        block.body if isinstance(block, Fence) else block.text
        for block in blocks
        if isinstance(block, Fence) or (isinstance(block, Paragraph) and block.quoted)
    ]
    begun = [text for text in texts if _SUBJECT.match(text)]
    return bool(begun) and len(begun) * 3 >= len(texts) and not any(isinstance(block, Item | Table) for block in blocks)


def is_told(blocks: tuple[Block, ...]) -> bool:
    """Prose and lists: nothing that is ticked or run."""
    return all(isinstance(block, Paragraph) or (isinstance(block, Item) and _is_told(block)) for block in blocks)


def _is_told(item: Item) -> bool:
    return item.checked is None and all(
        isinstance(block, Paragraph) or (isinstance(block, Item) and _is_told(block)) for block in item.blocks
    )


def holds_prose_alone(section: Section) -> bool:
    """It has words, and neither lists, code nor tables; nor has any section in it."""
    return bool(section.blocks) and not asks(section.blocks) and not section.sections


def walks(section: Section) -> bool:
    """It, or a section in it, is the deployment itself: what stands before it is preparation."""
    heading = section.heading
    if heading is not None and heading.level > 1 and meaning_of(read_title(heading.text).text) == "walk":
        return True
    return any(walks(inner) for inner in section.sections)


def is_grouped(section: Section) -> bool:
    """Every section in it is prose and code alone, and there is code: they are steps of one phase."""
    flat = [block for each in section.sections for block in each.blocks]
    return any(isinstance(block, Fence) for block in flat) and not any(
        each.sections or any(isinstance(block, Item | Table) for block in each.blocks) for each in section.sections
    )


def are_alternatives(section: Section) -> bool:
    """The sections in it are ways to choose from ("If the deployment fails", "Emergency rollback (< 1 hour)")."""
    titles = [each.heading.text for each in section.sections if each.heading is not None]
    fitting = sum(bool(_ALTERNATIVE.search(title)) for title in titles)
    return len(titles) > 1 and fitting * 2 > len(titles)


def are_choices(title: str) -> bool:
    """What stands under this title is for some environments, or for other days: not a part of every run."""
    return bool(_CHOICES.search(title))


def section_last(section: Section) -> int:
    """The last line of a section and all below it."""
    lines = [section.heading.last if section.heading else 0, *(block.last for block in section.blocks)]
    return max([*lines, *(section_last(each) for each in section.sections)])
