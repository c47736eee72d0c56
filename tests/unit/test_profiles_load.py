"""Every profile that ships is right: it loads, and `check` has nothing to say, not even as advice."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import cockpit.demo
from cockpit.actions.files import files_of
from cockpit.demo.faults import FAULTS
from cockpit.profile.kinds import installed
from cockpit.profile.load import examine, load
from cockpit.profile.model import Profile
from cockpit.profile.window import resolve_window

TOP = Path(__file__).parents[2]
SHIPPED = sorted([*TOP.glob("profiles/*/*.toml"), *Path(cockpit.demo.__file__).parent.glob("profile/*.toml")])
BN_AURA = TOP / "profiles" / "bn-aura"


def profile(path: Path) -> Profile:
    return load(path, installed()).profile


def test_the_shipped_profiles_are_found():
    names = {f"{path.parent.name}/{path.name}" for path in SHIPPED}
    assert names >= {"bn-aura/base.toml", "bn-aura/staging.toml", "bn-aura/production.toml", "profile/shop.toml"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_shipped_profile_loads_without_a_single_remark(path: Path):
    loaded, problems = examine(path, installed())
    assert [str(problem) for problem in problems] == []
    assert loaded is not None


def test_bn_aura_is_deployed_on_saturday_night():
    starts_at, ends_at = resolve_window(profile(BN_AURA / "production.toml").window, datetime(2026, 11, 18, tzinfo=UTC))
    assert (starts_at, ends_at) == (datetime(2026, 11, 21, 22, tzinfo=UTC), datetime(2026, 11, 22, 2, tzinfo=UTC))


def test_bn_aura_takes_two_to_three_hours_in_all():
    planned_s = sum(phase.estimate_s for phase in profile(BN_AURA / "production.toml").phases)
    assert 2 * 3600 <= planned_s <= 3 * 3600


def test_what_cannot_be_undone_in_bn_aura_is_marked_and_says_so():
    irreversible = {
        s.id: s.rollback for _, s in profile(BN_AURA / "production.toml").steps() if s.risk == "irreversible"
    }
    assert irreversible.keys() == {"test_accounts_removed", "clinic_role", "commission_workflow"}
    assert "DESTROYS DATA" in irreversible["commission_workflow"]
    assert "cannot drop a label" in irreversible["clinic_role"]


def test_bn_aura_uses_every_script_that_ships():
    named = {name for _, step in profile(BN_AURA / "production.toml").every_step() for name in files_of(step)}
    shipped = {str(path.relative_to(BN_AURA)) for path in BN_AURA.glob("s*/*") if path.is_file()}
    assert named == shipped


def test_bn_auras_staging_walks_the_steps_of_production_and_keeps_its_test_accounts():
    production, staging = profile(BN_AURA / "production.toml"), profile(BN_AURA / "staging.toml")
    steps = [step.id for _, step in production.steps() if step.id != "test_accounts_removed"]
    assert [step.id for _, step in staging.steps()] == steps
    assert production.production
    assert not staging.production


def test_every_fault_of_the_demo_strikes_at_a_step_with_a_gate():
    gated = {
        step.id
        for _, step in profile(Path(cockpit.demo.__file__).parent / "profile" / "shop.toml").steps()
        if step.gate
    }
    assert {fault.step for fault in FAULTS.values()} <= gated
