"""What the checklist's own SQL, pages and tables would have shown, where go-live's profile does something else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from systems.go_live import FOLDER, looked, script, shell
from systems.stage import system_of

from cockpit.demo.go_live.people import ANON_KEY, SERVICE_KEY
from cockpit.demo.go_live.system import System
from cockpit.profile.kinds import installed
from cockpit.profile.load import load

OURS = (FOLDER / "sql" / "advisory_locks.sql").read_text()
RUNBOOKS = """
CREATE OR REPLACE FUNCTION pg_try_advisory_lock(lock_id bigint)
RETURNS boolean AS $$
BEGIN
  RETURN pg_try_advisory_lock($1);
END;
$$ LANGUAGE plpgsql SECURITY DEFINER;

CREATE OR REPLACE FUNCTION pg_advisory_unlock(lock_id bigint)
RETURNS boolean AS $$
BEGIN
  RETURN pg_advisory_unlock($1);
END;
$$ LANGUAGE plpgsql SECURITY DEFINER;
"""
LOCK, UNLOCK = "pg_try_advisory_lock", "pg_advisory_unlock"


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("go-live", tmp_path, postgres_dsn) as system:
        yield system


def rpc(system: System, name: str, key: str = SERVICE_KEY) -> Any:
    """What an edge function gets when it calls a function of the database; of a refusal its status."""
    answer = httpx.post(f"{system.app.url}/rest/v1/rpc/{name}", headers={"apikey": key}, json={"lock_id": 42})
    return answer.json() if answer.status_code == 200 else answer.status_code


# ---- locks -------------------------------------------------------------------------------------------------------


def test_by_its_bare_name_the_function_is_there_before_anybody_made_it(system: System, tmp_path: Path):
    assert system.query(
        "select pg_try_advisory_lock(42), to_regprocedure('pg_try_advisory_lock(bigint)') is not null"
    ) == [(True, True)]
    assert rpc(system, LOCK) == 404, "while the edge functions find none"
    assert looked(system, tmp_path, "advisory_functions").value == "none"
    system.execute(OURS)
    assert looked(system, tmp_path, "advisory_functions").value == "leases"
    assert rpc(system, LOCK) is True


def test_the_runbooks_function_calls_the_builtin_or_itself_as_the_search_path_has_it(system: System, tmp_path: Path):
    system.execute(RUNBOOKS)
    assert system.query("select public.pg_try_advisory_lock(42)") == [(True,)]
    first = "set search_path = public, pg_catalog; select public.pg_try_advisory_lock(42)"
    with pytest.raises(psycopg.errors.StatementTooComplex):
        system.execute(first)
    assert looked(system, tmp_path, "advisory_functions").value == "other"
    assert looked(system, tmp_path, "functions_open").value == 2, "with their owner's rights, and anybody's path"
    system.execute(OURS)
    system.execute(first)
    assert looked(system, tmp_path, "functions_open").value == 0


def test_over_a_pool_the_runbooks_lock_keeps_nobody_out(system: System):
    system.execute(RUNBOOKS)
    answers = [rpc(system, LOCK) for _ in range(6)]
    assert answers.count(True) >= 3, "whoever asks over the connection that has it gets it again"
    told = json.loads(script(system, "try_locks.py").stdout)
    # Which connection a caller gets is chance. Either one more is let in, or letting go over the other does nothing.
    assert (told["let_in"], told["later"], told["freed"]) != (1, 0, True), "and the step sees it"


def test_over_a_pool_a_lease_keeps_others_out(system: System):
    system.execute(OURS)
    assert [rpc(system, LOCK) for _ in range(3)] == [True, False, False]
    assert [rpc(system, UNLOCK) for _ in range(2)] == [True, False]
    assert json.loads(script(system, "try_locks.py").stdout) == {
        "let_in": 1,
        "later": 0,
        "stranger": 401,
        "freed": True,
        "again": True,
    }
    rpc(system, LOCK)
    system.execute("update advisory.leases set expires_at = now() - interval '1 second'")
    assert rpc(system, LOCK) is True, "whoever died with it keeps nobody out for ever"


def test_the_servers_own_lock_still_keeps_out_who_asks_for_a_lease(system: System):
    system.execute(OURS)
    with psycopg.connect(system.dsn, autocommit=True) as other:
        other.execute("select pg_catalog.pg_advisory_lock(42)")
        assert rpc(system, LOCK) is False
    assert rpc(system, LOCK) is True


def test_the_runbooks_lock_that_is_let_go_over_another_connection_stays(system: System, tmp_path: Path):
    system.execute(RUNBOOKS)
    with (
        psycopg.connect(system.dsn, autocommit=True) as one,
        psycopg.connect(system.dsn, autocommit=True) as another,
    ):
        assert one.execute("select public.pg_try_advisory_lock(42)").fetchone() == (True,)
        assert another.execute("select public.pg_advisory_unlock(42)").fetchone() == (False,)
        assert looked(system, tmp_path, "locks_left").value == 1


def test_visitors_without_an_account_may_take_the_runbooks_lock(system: System):
    system.execute(RUNBOOKS)
    assert rpc(system, LOCK, ANON_KEY) is True
    system.execute("drop function public.pg_try_advisory_lock(bigint); drop function public.pg_advisory_unlock(bigint)")
    system.execute(OURS)
    assert rpc(system, LOCK, ANON_KEY) == 401


# ---- what came ticked --------------------------------------------------------------------------------------------


def test_an_item_that_came_ticked_may_be_false(system: System, tmp_path: Path):
    profile = load(FOLDER / "production.toml", installed()).profile
    claimed = [step.id for _, step in profile.steps() if "2025-10-22" in step.claimed]
    assert (len(claimed), "confirmation_checked" in claimed) == (28, True)
    assert looked(system, tmp_path, "autoconfirm").value is True, "right for tests, ticked, and so in production"
    assert script(system, "auth_settings.py").returncode == 0
    assert looked(system, tmp_path, "autoconfirm").value is False


def test_row_security_that_is_on_may_let_everybody_in(system: System, tmp_path: Path):
    system.execute("create policy everybody on payments for select using (true); grant select on payments to anon")
    assert system.query("select count(*) from pg_tables where schemaname = 'public' and not rowsecurity") == [(0,)]
    system.execute("insert into payments (tenant_id, cents, status, is_test) values (1, 1, 'succeeded', true)")
    with psycopg.connect(system.dsn) as visitor:
        visitor.execute("set local role anon")
        assert visitor.execute("select count(*) from payments").fetchone() == (1,)
    found = looked(system, tmp_path, "policies_open")
    assert (found.status, found.value) == ("fail", 1)
    system.execute("drop policy everybody on payments; create view takings as select * from payments")
    system.execute("grant select on takings to anon")
    with psycopg.connect(system.dsn) as visitor:
        visitor.execute("set local role anon")
        assert visitor.execute("select count(*) from takings").fetchone() == (1,), "row security is still on"
    assert looked(system, tmp_path, "policies_open").value == 1
    system.execute("alter view takings set (security_invoker = true)")
    assert looked(system, tmp_path, "policies_open").value == 0


def test_an_audit_log_that_nobody_has_the_right_to_change_is_changed_by_its_owner(system: System, tmp_path: Path):
    assert looked(system, tmp_path, "audit_changeable").value == 0
    system.execute("alter table audit_logs disable trigger written_once")
    may = "has_table_privilege(name, 'audit_logs', 'update, delete')"
    assert system.query(f"select bool_or({may}) from unnest(array['service_role', 'anon']) name") == [(False,)]
    system.execute("delete from audit_logs")
    assert looked(system, tmp_path, "audit_changeable").value == 2


def test_an_audit_log_may_have_triggers_that_refuse_nothing(system: System, tmp_path: Path):
    system.execute(
        "create or replace function keep_audit_logs() returns trigger language plpgsql as"
        " $$ begin raise notice 'changed'; return coalesce(new, old); end $$"
    )
    there = "select count(*) from pg_trigger where tgrelid = 'audit_logs'::regclass and tgenabled = 'O'"
    assert system.query(there) == [(2,)]
    system.execute("update audit_logs set actor = 'nobody'; delete from audit_logs; truncate audit_logs")
    assert looked(system, tmp_path, "audit_changeable").value == 3


def test_a_log_that_nobody_deletes_from_keeps_what_is_to_go_by_its_retention_policy(system: System):
    assert system.query("select days from retention_policies where kind = 'audit_logs'") == [(2555,)]
    goes = "delete from audit_logs where at < now() - interval '2555 days'"
    system.execute(goes)  # ends well, for nothing is as old yet
    system.execute("insert into audit_logs (at, actor, action) values (now() - interval '8 years', 'ana', 'x')")
    with pytest.raises(psycopg.errors.RaiseException):
        system.execute(goes)
    profile = load(FOLDER / "production.toml", installed()).profile
    step = next(step for _, step in profile.steps() if step.id == "retention_of_audit")
    assert "whole\npartitions" in step.instructions


def test_a_secret_that_is_listed_may_be_its_placeholder(system: System, tmp_path: Path):
    listed = "supabase secrets list --project-ref $GO_LIVE_PROJECT | grep RESEND_API_KEY"
    assert (shell(system, listed), looked(system, tmp_path, "secrets_set").status) == (0, "pass")
    system.vendor.secrets["RESEND_API_KEY"] = "your-resend-api-key"
    found = looked(system, tmp_path, "secrets_set")
    assert shell(system, listed) == 0
    assert found.status == "fail"
    assert "RESEND_API_KEY is a placeholder" in found.detail


def test_cors_headers_that_are_set_may_let_every_site_in(system: System, tmp_path: Path):
    asked = "curl -s -i -X OPTIONS $GO_LIVE_APP_URL/functions/v1/payments | grep -i access-control-allow-origin"
    assert (shell(system, asked), looked(system, tmp_path, "cors").status) == (0, "pass")
    system.app.origin = "*"
    assert (shell(system, asked), looked(system, tmp_path, "cors").status) == (0, "fail")


# ---- what is looked at -------------------------------------------------------------------------------------------


def test_the_gap_report_answers_200_whatever_is_true_and_so_does_what_does_not_exist(system: System, tmp_path: Path):
    for page in ("reports/gap", "go-live/controls", "reports/no-such-thing"):
        assert shell(system, f"curl --fail --silent $GO_LIVE_APP_URL/{page}") == 0
    assert looked(system, tmp_path, "gaps").value == len(system.app.gaps()) == 7
    assert looked(system, tmp_path, "controls_open").value == 7


def test_the_table_of_events_is_clean_while_none_arrive(system: System, tmp_path: Path):
    clean = "select count(*) from webhook_events where error is not null or status = 'failed'"
    assert looked(system, tmp_path, "endpoints").value is False, "they go to staging"
    assert system.query(clean) == [(0,)]
    assert "did not arrive" in script(system, "webhooks.py", "send").stderr
    assert script(system, "webhooks.py", "register").returncode == 0
    system.provider.secret = "whsec_of_staging"
    told = script(system, "webhooks.py", "send")
    assert told.returncode == 1
    assert "the webhook secret differs from the provider's" in told.stderr
    assert system.query(clean) == [(0,)]


def test_a_scenario_that_was_never_run_has_not_failed(system: System, tmp_path: Path):
    system.execute("update test_scenarios set status = 'pending' where area = 'Payment'")
    system.execute("delete from test_scenarios where area = 'Alert'")
    assert system.query("select count(*) from test_scenarios where status = 'fail'") == [(0,)]
    assert looked(system, tmp_path, "scenarios_open").value == "Alert, Payment"


def test_a_monitor_without_traffic_has_no_number(system: System, tmp_path: Path):
    bare = "select avg((status <> 'failed')::int) from payments where created_at > now() - interval '15 minutes'"
    assert system.query(bare) == [(None,)], "which is neither above nor below any threshold"
    assert looked(system, tmp_path, "payments_ok").value == 100.0
    assert looked(system, tmp_path, "payments_made").value == 0, "so the gate is shut"
    system.execute("delete from mfa_challenges")
    assert looked(system, tmp_path, "mfa_success").value == 100.0, "of a guard that asks nobody"
    assert looked(system, tmp_path, "mfa_asked").value == 0


# ---- the order ---------------------------------------------------------------------------------------------------


def test_sign_offs_stand_before_what_they_approve_and_there_is_a_way_back():
    profile = load(FOLDER / "production.toml", installed()).profile
    order = [phase.id for phase in profile.phases]
    assert order.index("sign_off") < order.index("launch") < order.index("post_launch")
    assert [step.id for step in profile.phases[order.index("sign_off")].steps if step.behaviour == "signoff"] == [
        "technical_review",
        "security_review",
        "product_approval",
        "compliance_review",
    ]
    assert [plan.id for plan in profile.rollbacks] == ["close_again", "all_back"]
