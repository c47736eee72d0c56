"""Items of go-live's checklist that look done, by what people would paste, while they are not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from systems.go_live import looked, script, shell
from systems.stage import system_of

from cockpit.demo.go_live.people import EXPIRED
from cockpit.demo.go_live.provider import BOOKS, STAGING
from cockpit.demo.go_live.system import System

ADMIN = "curl -s -H apikey:$GO_LIVE_ANON_KEY $GO_LIVE_APP_URL/functions/v1/admin"
LIMIT = f"{ADMIN}?may=payments.create -i -H 'Authorization: Bearer '$GO_LIVE_ADMIN_TOKEN | grep -i x-ratelimit"
PLATFORM = "$GO_LIVE_MANAGEMENT_URL/v1/projects/$GO_LIVE_PROJECT"
TOLD = "-H 'Authorization: Bearer '$GO_LIVE_MANAGEMENT_TOKEN"


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("go-live", tmp_path, postgres_dsn) as system:
        yield system


# ---- database and edge functions -----------------------------------------------------------------------------------


def test_the_newest_migration_is_applied_although_an_older_one_is_not(system: System, tmp_path: Path):
    assert looked(system, tmp_path, "migrations").status == "pass"
    system.execute("delete from supabase_migrations.schema_migrations where name = 'payments'")
    assert system.query("select max(version) from supabase_migrations.schema_migrations") == [("20251020090000",)]
    found = looked(system, tmp_path, "migrations")
    assert (found.status, found.value) == ("fail", 2)


def test_of_no_functions_none_is_wrong(system: System, tmp_path: Path):
    assert looked(system, tmp_path, "functions_missing").value == 0
    system.execute("drop function keep_audit_logs cascade")
    assert looked(system, tmp_path, "functions_open").value == 0
    assert looked(system, tmp_path, "functions_missing").value == 1


def test_a_header_of_a_rate_limit_limits_nothing(system: System, tmp_path: Path):
    assert (shell(system, LIMIT), looked(system, tmp_path, "rate_limit").value) == (0, 20)
    system.vendor.is_counting = False
    found = looked(system, tmp_path, "rate_limit")
    assert shell(system, LIMIT) == 0
    assert found.value is None, "so no gate opens"
    assert "nothing is counted" in found.detail


def test_redeploying_what_is_there_ends_well_and_refuses_as_many(system: System, tmp_path: Path):
    deploy = "supabase functions deploy --project-ref $GO_LIVE_PROJECT --workdir $"
    assert shell(system, f"{deploy}GO_LIVE_PREVIOUS_FUNCTIONS") == 0, "nobody adjusted the file"
    assert looked(system, tmp_path, "rejections").value == 37
    assert shell(system, f"{deploy}GO_LIVE_FUNCTIONS") == 0
    assert looked(system, tmp_path, "rejections").value == 0


def test_an_answer_to_an_expired_token_tells_nothing_of_the_inside(system: System, tmp_path: Path):
    leaks = f"""{ADMIN} -d '{{"nothing": ""}}' -H "Authorization: Bearer $TOKEN" | grep -i 'relation '"""
    system.app.functions.says_details = True
    assert shell(system, f"TOKEN={EXPIRED}; {leaks}") == 1, "which looks as if it were redacted"
    assert shell(system, f"TOKEN=$GO_LIVE_OWNER_TOKEN; {leaks}") == 0
    assert looked(system, tmp_path, "redaction", GO_LIVE_OWNER_TOKEN=EXPIRED).status == "fail"
    assert looked(system, tmp_path, "redaction").status == "fail"
    system.app.functions.says_details = False
    assert looked(system, tmp_path, "redaction").status == "pass"


def test_what_somebody_may_not_is_said_and_done_all_the_same(system: System, tmp_path: Path):
    said = f"{ADMIN}?may=admins.manage -H 'Authorization: Bearer '$GO_LIVE_ADMIN_TOKEN | grep false"
    refused = ("owner_refused", "admin_refused")
    assert [looked(system, tmp_path, probe).status for probe in refused] == ["pass", "pass"]
    system.app.functions.is_lenient = True
    assert shell(system, said) == 0
    assert [looked(system, tmp_path, probe).status for probe in refused] == ["fail", "fail"]


# ---- tables --------------------------------------------------------------------------------------------------------


def test_of_nothing_nothing_is_missing(system: System, tmp_path: Path):
    probes = ["tenants_lax", "without_totp", "credentials_missing", "hook_secrets_missing", "exports_unsigned"]
    assert [looked(system, tmp_path, probe).status for probe in probes] == ["pass"] * 5
    system.execute("truncate tenants cascade; truncate exports")
    lacking = "select count(*) from payment_providers where credentials_ref is null or webhook_secret_ref is null"
    assert system.query(lacking) == [(0,)]
    found = [looked(system, tmp_path, probe) for probe in probes]
    assert [(each.status, each.value) for each in found] == [("fail", 0)] * 5


def test_tenants_who_come_later_may_have_another_policy(system: System, tmp_path: Path):
    system.execute("alter table tenant_security_policies alter require_2fa_for_payments set default false")
    assert system.query("select bool_and(require_2fa_for_payments) from tenant_security_policies") == [(True,)]
    assert looked(system, tmp_path, "tenants_lax").status == "pass"
    assert looked(system, tmp_path, "policy_defaults").value == 1


def test_an_audit_log_whose_entries_are_complete_may_lack_some(system: System, tmp_path: Path):
    assert looked(system, tmp_path, "actions_logged").value == "nothing was done"
    system.app.functions.pay("owner@harbour.invalid", 1, 100, is_test=True, request_id="r-1")
    assert looked(system, tmp_path, "actions_logged").value == "all"
    system.execute("insert into payments (tenant_id, cents, status, is_test) values (1, 1, 'refunded', true)")
    assert looked(system, tmp_path, "audit_incomplete").value == 0
    assert looked(system, tmp_path, "actions_logged").value == "2 are not", "made, and refunded"


def test_that_nobody_exported_more_says_nothing_of_a_limit(system: System, tmp_path: Path):
    assert looked(system, tmp_path, "export_refused").status == "pass"
    system.app.functions.export_limit = 10**9
    assert system.query("select max(rows) <= 50000 from exports") == [(True,)]
    assert looked(system, tmp_path, "export_refused").status == "fail"


# ---- platform and provider -----------------------------------------------------------------------------------------


def test_a_backup_that_was_completed_may_be_of_last_year(system: System, tmp_path: Path):
    listed = f"curl -s {TOLD} {PLATFORM}/database/backups | grep COMPLETED"
    assert (shell(system, listed), looked(system, tmp_path, "backups").status) == (0, "pass")
    system.vendor.backups[0]["inserted_at"] = "2025-01-22T03:00:11Z"
    found = looked(system, tmp_path, "backups")
    assert (shell(system, listed), found.status) == (0, "fail")
    assert "h old" in found.detail


def test_few_connections_do_not_say_that_they_are_pooled(system: System, tmp_path: Path):
    system.vendor.pool_mode = "session"
    assert looked(system, tmp_path, "connections").status == "pass"
    assert looked(system, tmp_path, "pooler").value is False


def test_the_log_of_functions_asked_without_times_knows_one_minute(system: System, tmp_path: Path):
    assert looked(system, tmp_path, "function_errors").value == 0
    asked = "select count(*) from function_edge_logs where status = 429"
    bare = f"curl -s -G {TOLD} {PLATFORM}/analytics/endpoints/logs.all --data-urlencode 'sql={asked}'"
    assert shell(system, f"""{bare} | grep '"count":0'""") == 0
    assert looked(system, tmp_path, "rejections").value == 37


def test_an_address_that_answers_200_need_not_process_events(system: System, tmp_path: Path):
    assert shell(system, "curl --fail -s -X POST $GO_LIVE_APP_URL/functions/v2/webhooks") == 0, "the application's page"
    assert looked(system, tmp_path, "test_events").value == 0
    assert script(system, "webhooks.py", "register").returncode == 0
    assert script(system, "webhooks.py", "send").returncode == 0
    assert looked(system, tmp_path, "test_events").value == 1


def test_what_comes_again_at_once_was_retried_too(system: System):
    script(system, "webhooks.py", "register")
    told = json.loads(script(system, "webhooks.py", "retry").stdout)
    assert (told["answers"], told["pauses"][1] > told["pauses"][0]) == ([500, 500, 200], True)
    system.provider.is_patient = False
    told = json.loads(script(system, "webhooks.py", "retry").stdout)
    assert told["answers"] == [500, 500, 200]


def test_endpoints_of_other_programs_stay_and_a_run_takes_back_only_what_it_did(system: System):
    before = {name: dict(each) for name, each in system.provider.endpoints.items()}
    assert json.loads(script(system, "webhooks.py", "register", run="one").stdout)["others"] == 1
    enabled = [each["url"] for each in system.provider.endpoints.values() if each["status"] == "enabled"]
    assert enabled == [BOOKS, f"{system.app.url}/functions/v1/webhooks"]
    registered = {name: dict(each) for name, each in system.provider.endpoints.items()}
    script(system, "webhooks.py", "register", run="two")
    script(system, "webhooks.py", "unregister", run="two")
    assert system.provider.endpoints == registered, "an earlier evening did it"
    script(system, "webhooks.py", "unregister", run="one")
    assert system.provider.endpoints == before
    assert before["we_1"]["url"] == STAGING
