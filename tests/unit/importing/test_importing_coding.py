"""Code in a runbook as it stands in the profile: steps, probes, conditions, and what became of every line."""

from __future__ import annotations

import pytest
from importing_claims import import_text, problems

FENCE = "```"


def imported_steps(markdown):
    made = import_text(f"# Go\n\n## Deploy\n\n{markdown}")
    return made, [step for _, step in made.profile.every_step()]


def fenced(language, body):
    return f"{FENCE}{language}\n{body.rstrip()}\n{FENCE}\n"


def test_each_command_is_a_step_that_shows_it_and_runs_nothing():
    _made, steps = imported_steps(
        fenced("bash", "# Drain the node (5 minutes)\nkubectl drain n1 -f pods.yml\n\nsleep 90\n# optional\nmake clean")
    )
    drain, wait, clean = steps
    assert (drain.title, drain.estimate_s, drain.command, drain.risk) == (
        "Drain the node", 300.0, "kubectl drain n1 -f pods.yml", "careful",
    )  # fmt: skip
    assert "Needs `pods.yml`." in drain.instructions
    assert (wait.kind, wait.settings["duration"], wait.estimate_s) == ("wait", 90.0, 90.0)
    assert {step.kind for step in steps} == {"confirm", "wait"}
    assert clean.command == "make clean"
    assert {step.language for step in steps} == {"bash"}


def test_a_command_alone_in_its_section_is_called_by_the_heading():
    _made, (step,) = imported_steps(
        "### Step 1: Stop the writers\n\nNobody may write.\n\n" + fenced("bash", "# with care\nmake stop")
    )
    assert step.title == "Stop the writers"
    assert "Nobody may write." in step.instructions
    assert "with care" in step.instructions


def test_shell_variables_stay_in_the_text_and_cockpits_own_signs_are_escaped():
    made, (step,) = imported_steps(
        fenced("bash", 'docker push "$REGISTRY/app:${TAG}" && for n in a b; do echo $n > $HOME/$n; done')
    )
    assert "$REGISTRY" in step.command
    assert "$${TAG}" in step.command
    assert {each.env for each in made.profile.variables} <= {"REGISTRY", "TAG"}


def test_sql_is_shown_statement_by_statement():
    _made, steps = imported_steps(
        fenced(
            "sql",
            "-- 1. Fix it\nCREATE SEQUENCE a;\nDO $$ BEGIN PERFORM 1; END $$;\n-- 2. Look\nSELECT 1;\nDROP TABLE b;",
        )
    )
    assert [step.command for step in steps] == [
        "CREATE SEQUENCE a", "DO $$ BEGIN PERFORM 1; END $$", "SELECT 1", "DROP TABLE b",
    ]  # fmt: skip
    assert {step.language for step in steps} == {"sql"}
    assert [step.risk for step in steps] == ["careful", "careful", "routine", "irreversible"]
    assert "**1. Fix it**" in steps[1].instructions


def test_comments_alone_are_a_step_that_tells_them():
    _made, (step,) = imported_steps("### Verify the start\n\n" + fenced("bash", "# Check the log for\n# - started"))
    assert (step.title, step.command) == ("Verify the start", "")
    assert "Check the log for" in step.instructions


def test_what_is_recorded_in_a_terminal_shows_its_answer():
    made, (step,) = imported_steps(fenced("console", 'ana@web:~$ curl -s https://a.example/health\n{"status": "ok"}'))
    assert step.command == "curl -s https://a.example/health"
    assert '{"status": "ok"}' in step.instructions
    (probe,) = made.profile.probes
    assert 'json.status == "ok"' in probe.pass_when
    assert step.gate == (f"{probe.id}.passing",)


def test_a_sample_answer_belongs_to_the_request_right_above_it():
    made, steps = imported_steps(
        fenced("bash", "curl https://a.example/health\ncurl https://b.example/health")
        + "\nExpected output:\n\n" + fenced("json", '{"status": "ok", "uptime": 17}')
    )  # fmt: skip
    assert len(steps) == 2
    assert all('json.status == "ok"' in probe.pass_when for probe in made.profile.probes)
    assert '"uptime": 17' in steps[1].instructions


def test_a_sample_answer_further_away_belongs_to_the_request_of_which_the_same_is_said():
    body = "# Basic health check\ncurl https://a.example/health\n\n# Full health check with queues\ncurl https://a.example/health/full\n"
    sample = fenced("python", '# Example response\n{"status": "fine", "queues": {"dead": 0}}')
    made, steps = imported_steps(fenced("bash", body) + "\n## Later\n\n### The full answer\n\n" + sample)
    basic, full = made.profile.probes
    assert basic.pass_when == ()
    assert "json.queues.dead == 0" in full.pass_when
    assert steps[-1].gate == (f"{full.id}.passing",)


def test_monitors_and_health_checks_of_containers_are_probes_where_they_have_a_url():
    monitor = (
        'endpoints:\n  - name: "API"\n    url: "https://a.example/health"\n    expected_status: 200\n    interval: 60\n'
    )
    docker = "FROM x\nHEALTHCHECK --interval=30s \\\n  CMD curl -f http://localhost:8000/health || exit 1\n"
    kubernetes = "livenessProbe:\n  httpGet:\n    path: /health\n    port: 80\n"
    made, _steps = imported_steps(
        fenced("yaml", monitor) + "\n" + fenced("dockerfile", docker) + "\n" + fenced("yaml", kubernetes)
    )
    api, container = made.profile.probes
    assert (api.settings["url"], api.pass_when, api.interval_s) == (
        "https://a.example/health",
        ("status == 200",),
        60.0,
    )
    assert container.settings["url"] == "http://localhost:8000/health"
    assert any("container" in note.text for note in made.notes)


@pytest.mark.parametrize(
    ("language", "body"),
    [
        ("powershell", "Stop-Service shop"),
        ("bat", "net stop shop"),
        ("python", "import os\nos.remove('x')"),
        ("hcl", "a = 1"),
    ],
)
def test_other_languages_are_shown_and_cannot_be_turned_on(language, body):
    made, (step,) = imported_steps(fenced(language, body))
    assert step.command == ""
    assert body in step.instructions
    assert all(entry.fate != "not mapped" for account in made.accounts for entry in account.entries if entry.actionable)


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ("kubectl get pods", "kubectl get pods"),
        ("$ make all\nmade", "make all"),
        ("SELECT count(*) FROM a;", "SELECT count(*) FROM a"),
        ("app/\n├── a\n└── b", ""),
        ("Dear users,\n\nwe are down.", ""),
        ("the quick brown fox", ""),
    ],
)
def test_a_fence_that_does_not_say_what_it_holds_is_told_by_its_text(body, command):
    _made, steps = imported_steps(fenced("", body))
    assert [step.command for step in steps] == [command]


@pytest.mark.parametrize(
    ("item", "command"),
    [
        ("Run `npm run test`", "npm run test"),
        ("Run all tests (`npm run test`)", "npm run test"),
        ("`pgbackrest --stanza=main check` succeeds", "pgbackrest --stanza=main check"),
        ("Run `advisors` to verify", "advisors"),
        ("Start it with `./start.sh`", "./start.sh"),
        ("Complete the checklist at `/go-live/controls`", ""),
        ("Adjust `_shared/concurrency.ts` and redeploy", ""),
        ("Run gap analysis at `/reports/gap`", ""),
        ("Check that `user_id` is set", ""),
        ("Set label `/label ~change::done`", ""),
        ("The flag `totp_enabled` of `users.email`", ""),
        ("Rows of `orders and lines` match", ""),
        ("Either `make a` or `make b`", ""),
    ],
)
def test_only_commands_are_taken_out_of_prose(item, command):
    _made, (step,) = imported_steps(f"- [ ] {item}\n")
    assert step.command == command


def test_a_path_of_a_health_check_is_one_of_the_system_that_was_asked_before():
    made, steps = imported_steps(
        fenced("bash", "curl https://a.example/health") + "\n- [ ] `/health/ready` answers\n- [ ] `/orders` answers\n"
    )
    assert [probe.settings["url"] for probe in made.profile.probes] == [
        "https://a.example/health",
        "https://a.example/health/ready",
    ]
    assert [bool(step.gate) for step in steps] == [True, True, False]
    alone, (_step,) = imported_steps("- [ ] `/health` answers\n")
    assert alone.profile.probes == ()


def test_whatever_code_holds_the_profile_passes_check_and_every_line_of_it_is_mapped(tmp_path):
    parts = [
        fenced("bash", "cd a\nX=1\nmake $X # so\necho hi\n\n# end"),
        fenced("sql", "BEGIN;\nUPDATE a SET b = '${x}';\nCOMMIT;\n\\d a\nSELECT `x`;"),
        fenced("env", "A=true\nB=<b>\nC=${c}"),
        fenced("bash", "curl https://b.example/health | grep -q '${x}'")
        + "\nExpected response:\n\n"
        + fenced("json", '{"status": "ok", "${x}": true, "is_${y}": true, "errors\\u202e": 0}'),
        fenced("console", "$ ls\na\n$ cat <<E\n> x\n> E\nx"),
        fenced("", "plain ${words}"),
        fenced("bash", 'curl -k "https://a.example/health?x=${Y}" | jq -e \'.a.b == "${z}"\''),
        fenced("dockerfile", "HEALTHCHECK CMD curl -f http://$HOST/health"),
        fenced("yaml", "a: &x [1]\nb: *x\nurl: https://a.example/${z}\ninterval: 5s"),
        fenced("sh", "if [ x\n${"),
        fenced("powershell", "$x = `${y}"),
        "    make indented\n",
        "| Variable | Required |\n|---|---|\n| `AB_C` | no |\n",
    ]
    made = import_text("# Go\n\n## Deploy\n\n" + "\n\n".join(f"### Part {n}\n\n{part}" for n, part in enumerate(parts)))
    errors, _ = problems(made, tmp_path)
    assert errors == []
    lost = [e for account in made.accounts for e in account.entries if e.actionable and e.fate == "not mapped"]
    assert lost == []
