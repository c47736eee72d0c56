"""What the hunt finds, the masks take out: every canary in each way of writing, and in every cut of a stream."""

from __future__ import annotations

import pytest
from canaries import Canary, Hunt, made
from writing import WRITTEN

from cockpit.masking.mask import Mask
from cockpit.masking.stream import Masker

OUT_OF_REACH = {"in lines of a narrow screen"}
"""A secret in whose midst a program writes text of its own."""
LETTER_BY_LETTER = {way for way in WRITTEN if "every" in way} | {"as C shows its bytes", "in capital ones with colons"}
"""No program writes letters so that need no quoting; what is long is not looked for in these."""
LONG = 100
CUT_OFF_BEFORE = "its second half"
"""Nobody can wait for the end of a secret whose beginning never came."""
WAYS = [way for way in WRITTEN if way not in OUT_OF_REACH]


@pytest.fixture(scope="module")
def canaries() -> dict[str, Canary]:
    return made()


@pytest.fixture(scope="module")
def hunt(canaries: dict[str, Canary]) -> Hunt:
    return Hunt(canaries.values())


@pytest.fixture(scope="module")
def told(canaries: dict[str, Canary]) -> dict[str, str]:
    return {name: canary.value for name, canary in canaries.items()}


@pytest.fixture(scope="module")
def mask(told: dict[str, str]) -> Mask:
    return Mask(told)


def written(way: str, canaries: dict[str, Canary]) -> str:
    """A line or more for each."""
    short = [each for each in canaries.values() if len(each.value) < LONG]
    each = short if way in LETTER_BY_LETTER else canaries.values()
    return "".join(f"some text before: {WRITTEN[way](canary.value)} ;and after it\n" for canary in each)


@pytest.mark.parametrize("way", WAYS)
def test_no_text_holds_a_secret_however_it_was_written(
    way: str, canaries: dict[str, Canary], hunt: Hunt, mask: Mask
) -> None:
    text = written(way, canaries)
    masked = mask.text(text)
    assert "\n".join(map(str, hunt.in_bytes(masked.encode(), way))) == ""
    for kept in ("some text before:", ";and after it"):
        assert masked.count(kept) == text.count(kept), "what stands around a secret is left"


@pytest.mark.parametrize("size", [1, 64])
def test_no_stream_holds_a_secret_wherever_it_was_cut(
    size: int, canaries: dict[str, Canary], hunt: Hunt, told: dict[str, str]
) -> None:
    ways = ("as it is", "in JSON in JSON", "in base64 in lines")
    if size == 1:
        ways, canaries = ways[1:2], {name: canaries[name] for name in ("password", "github_token", "several_lines")}
    masker, out = Masker(told), b""
    data = "".join(written(way, canaries) for way in ways).encode()
    for at in range(0, len(data), size):
        out += masker.feed(data[at : at + size])
    out += masker.end()
    assert "\n".join(map(str, hunt.in_bytes(out, f"pieces of {size}"))) == ""
    assert out.count(b";and after it\n") == data.count(b";and after it\n")


@pytest.mark.many
@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 4096, 65536])
def test_no_stream_holds_a_secret_in_any_way_and_any_cut(
    size: int, canaries: dict[str, Canary], hunt: Hunt, told: dict[str, str]
) -> None:
    masker, out = Masker(told), b""
    data = "".join(written(way, canaries) for way in WAYS if way != CUT_OFF_BEFORE).encode()
    for at in range(0, len(data), size):
        out += masker.feed(data[at : at + size])
    assert "\n".join(map(str, hunt.in_bytes(out + masker.end(), f"pieces of {size}"))) == ""


def test_of_secrets_that_begin_alike_the_one_that_was_cut_goes_whole_and_by_its_name() -> None:
    first, second = made("jwt")["jwt"], made("jwt")["jwt"]
    mask = Mask({"first": first.value, "second": second.value})
    for after in ("…", " and more"):
        assert mask.text(f"T={second.value[:70]}{after}") == f"T=‹secret second›{after}"
