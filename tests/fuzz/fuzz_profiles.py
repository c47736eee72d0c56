"""Profiles and conditions: TOML as bytes, expressions with facts."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import msgspec
from fuzz_claims import answered, at_most, claim, same, shown, twice
from fuzz_draw import Draw

from cockpit.profile.conditions import (
    ConditionError,
    compile_condition,
    compile_value,
    gate_environment,
    matches_whole,
    pattern_error,
    plan_environment,
    probe_environment,
)
from cockpit.profile.kinds import Kinds, installed
from cockpit.profile.load import Loaded, examine, load
from cockpit.profile.model import Profile
from cockpit.profile.problems import Problem
from cockpit.profile.references import references
from cockpit.profile.show import show
from cockpit.profile.variables import Values, resolve, secret_names, secret_values, weaknesses

PROFILES = Path(__file__).parents[2] / "profiles"
_BASE = PROFILES / "virtue" / "base.toml"


@cache
def kinds() -> Kinds:
    """Looked up once."""
    return installed()


@cache
def _place() -> Path:
    """A folder with a base to be extended, for as long as the process lasts."""
    folder = tempfile.TemporaryDirectory(prefix="fuzz-profile-")
    _KEPT.append(folder)
    (Path(folder.name) / "base.toml").write_bytes(_BASE.read_bytes())
    return Path(folder.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def profile(data: bytes) -> None:
    """The bytes of a file, beside a base that it may extend."""
    path = _place() / "profile.toml"
    path.write_bytes(data)
    loaded, problems = examine(path, kinds())
    _said(problems)
    claim((loaded is None) == any(each.severity == "error" for each in problems), "it loads in spite of errors")
    if twice(data):
        answered(lambda: load(path, kinds(), environ={}))
        again = examine(path, kinds())
        claim(problems == again[1], "checked twice, it has other problems")
        claim(loaded is None or (again[0] and again[0].digest == loaded.digest), "loaded twice, it has another digest")
    if loaded is not None:
        _kept(loaded)


def _said(problems: list[Problem]) -> None:
    for each in problems:
        shown(str(each))
        claim(each.line >= 0 and each.column >= 0, f"{each} is nowhere")
    at_most((str(each) for each in problems), 2000)


def _kept(loaded: Loaded) -> None:
    """What was loaded can be frozen, and printed to be loaded again."""
    frozen = msgspec.json.encode(loaded.profile)
    claim(msgspec.json.decode(frozen, type=Profile) == loaded.profile, "the log would keep another profile")
    path = _place() / "shown.toml"
    path.write_text(show(loaded.profile, partial=loaded.partial))
    again, problems = examine(path, kinds(), advice=False)
    claim(again is not None, f"what `show` prints does not load: {problems[:1]}")
    claim(again is not None and again.profile == loaded.profile, "what `show` prints is another profile")


@cache
def _environments() -> tuple[object, ...]:
    loaded = load(PROFILES / "virtue" / "production.toml", kinds())
    probes = sorted(kinds().probes)
    return (
        *(probe_environment(kinds().probes[name]) for name in probes),
        gate_environment(loaded.profile, kinds()),
        plan_environment(loaded.profile, kinds()),
        {"status": "int", "text": "string", "json": "dyn", "rows": "list", "headers": "map", "value": "dyn"},
    )


def condition(data: bytes) -> None:
    """An environment, some facts, and an expression: what is left."""
    draw = Draw(data)
    environment = _environments()[draw.number(len(_environments()) - 1)]
    names = list(environment)  # type: ignore[call-overload]  # a mapping, each
    facts = {draw.pick(names): draw.value() for _ in range(draw.number(4))}
    text = draw.rest().decode("utf-8", "replace")
    compiled = same(lambda: _told(lambda: compile_condition(text, environment).text))  # type: ignore[arg-type]
    if compiled == text:
        found = compile_condition(text, environment)  # type: ignore[arg-type]
        holds = found.evaluate(facts)
        claim(isinstance(holds, bool | str), f"a condition is {holds!r}")
        claim(found.evaluate(dict(facts)) == holds, "judged twice, it is another")
        if isinstance(holds, str):
            shown(holds)
            claim(holds, "it could not be judged, for no reason")
    value = answered(lambda: compile_value(text, environment))  # type: ignore[arg-type]
    if value is not None:
        shown(value.evaluate(facts)[1])
    shown(pattern_error(text))
    claim(isinstance(matches_whole(text, text), bool), "a pattern matches by halves")


def _told(ask: object) -> object:
    """An error as its text, with its places."""
    try:
        return ask()  # type: ignore[operator]
    except ConditionError as error:
        shown(str(error))
        for fault in error.faults:
            claim(fault.line >= 1 and fault.column >= 1, f"{fault} is nowhere")
        return tuple(error.faults)


def values(data: bytes) -> None:
    """What variables are given by the environment, by people and by the command line."""
    draw = Draw(data)
    profile_ = _filled_profile()
    environ = {each.env: draw.text(300, surrogates=True) for each in profile_.variables if each.env is not None}
    typed = {each.name: draw.text(300, surrogates=True) for each in profile_.variables if each.prompt is not None}
    public = answered(lambda: resolve(profile_, environ, typed)) or {}
    secrets = answered(lambda: secret_values(profile_, environ, typed)) or {}
    names = secret_names(profile_)
    claim(not set(public) & names, "a secret is among what is shown")
    for each in weaknesses(profile_, public, secrets):
        shown(each)
        claim(not any(len(value) > 7 and value in each for value in secrets.values()), "a warning tells a secret")
    msgspec.json.encode(public)
    text = draw.rest().decode("utf-8", "replace")
    list(references(text))
    filled = answered(lambda: Values(public, names).fill(text))
    claim(filled is None or "$" in text or filled == text, "what holds no reference was changed")


@cache
def _filled_profile() -> Profile:
    variables = "".join(
        f"[variables.{name}]\n{rest}\n"
        for name, rest in (
            ("release", 'env = "RELEASE"\npattern = "[a-z0-9.]+"'), ("token", 'env = "TOKEN"\nsecret = true'),
            ("ticket", 'prompt = "Which?"'), ("pin", 'prompt = "Pin?"\nsecret = true'), ("zone", 'value = "eu"'),
            ("host", 'env = "HOST"\ndefault = "localhost"'),
        )
    )  # fmt: skip
    path = _place() / "filled.toml"
    path.write_text(_HEAD + variables)
    loaded, _ = examine(path, kinds())
    assert loaded is not None  # it is right
    return loaded.profile


_HEAD = """
id = "shop"
environment = "staging"
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First"
"""


def value_seeds() -> list[bytes]:
    """Values of each kind, and a text to fill them into."""
    text = b"${release} $$x ${token} ${ticket|q} ${nobody} ${"
    return [bytes([1, n, *range(n, n + n)]) + text for n in range(12)] + [bytes(8) + text]


def seeds() -> list[bytes]:
    """The profiles that are shipped, those with faults, and what imports were edited to."""
    root = PROFILES.parent
    patterns = ("profiles/*/*.toml", "tests/broken/*.toml", "tests/importing_corpus/*.toml")
    return [path.read_bytes() for pattern in patterns for path in sorted(root.glob(pattern))]


def condition_seeds() -> list[bytes]:
    """What profiles and their conditions say."""
    texts = (
        "status == 200", "json.ok == true && size(json.items) > 0", "text.matches('^a+$')", "headers['x'] == 'y'",
        "value < 1.5", "rows.all(r, r.n != null)", "has(json.a) ? json.a : 0", "db == 0 && api_health.passing",
        "since.deploy < 3600.0", "recorded.backup_id != ''", "timestamp('2026-11-22T00:00:00Z') > timestamp(text)",
        "duration('1h') > duration('59m')", "[1, 2.0, 'a'].exists(x, x == json)", "int('9223372036854775808') > 1",
        "value and status", "status = 200", "status == '200'", "((((((1))))))", "json.a[0].b['c'] in [1, 2]",
    )  # fmt: skip
    return [bytes([number % 10, 1, 0, 2]) + text.encode() for number, text in enumerate(texts)]
