"""Shell in runbooks: one entry a command, each of which works when it is copied alone."""

from __future__ import annotations

import subprocess
import time

import pytest

from cockpit.importing.consoles import session, sql_session
from cockpit.importing.risks import risk_of
from cockpit.importing.shell import commands
from cockpit.importing.shell_tree import Patience


def texts(body):
    return [each.text for each in commands(body)]


def test_each_command_is_one_entry_whatever_it_spans():
    body = (
        "kubectl get pods | grep web\n"
        "make a && make b\n"
        "docker run -d \\\n  -e A=b \\\n  image\n"
        "cat <<EOF | kubectl apply -f -\nkind: Pod\nEOF\n"
        "for n in a b; do\n  echo $n > $n.txt\ndone\n"
        "if curl -f x; then\n  echo ok\nfi\n"
        "make c > log 2>&1\n"
    )
    assert texts(body) == [
        "kubectl get pods | grep web",
        "make a && make b",
        "docker run -d \\\n  -e A=b \\\n  image",
        "cat <<EOF | kubectl apply -f -\nkind: Pod\nEOF",
        "for n in a b; do\n  echo $n > $n.txt\ndone",
        "if curl -f x; then\n  echo ok\nfi",
        "make c > log 2>&1",
    ]


def test_a_folder_holds_for_what_follows_and_leaves_the_persons_shell_where_it_is():
    assert texts("cd backend\npytest -q\n\ncd ../web\nnpm ci\ncd ..\n") == [
        "(cd backend && pytest -q)",
        "(cd backend && cd ../web && npm ci)",
    ]
    assert texts("cd web && npm ci\nnpm run build\n") == ["(cd web && npm ci)", "(cd web && npm run build)"]


def test_only_what_reads_a_variable_or_calls_a_function_carries_it():
    body = 'TAG=1.2\nf() { docker push "$1"; }\nmake\nf app:$TAG\ndocker build -t app:$TAG .\n'
    assert texts(body) == [
        "make",
        'TAG=1.2 && f() { docker push "$1"; } && f app:$TAG',
        "TAG=1.2 && docker build -t app:$TAG .",
    ]


def test_what_would_be_another_thing_the_next_time_stays_with_all_that_reads_it():
    body = "F=db-$(date +%s).sql\npg_dump shop > $F\ngzip $F\nmake\n"
    assert texts(body) == ["F=db-$(date +%s).sql\npg_dump shop > $F\ngzip $F", "make"]
    job = "kubectl port-forward svc/x 80 &\nP=$!\ncurl localhost/health\nkill $P\nls\n"
    assert texts(job) == ["kubectl port-forward svc/x 80 &\nP=$!\ncurl localhost/health\nkill $P", "ls"]


def test_a_look_at_the_status_belongs_to_the_command_before_it():
    body = "psql -f check.sql\n\n# did it work?\nif [ $? -ne 0 ]; then\n  exit 1\nfi\nls\n"
    assert texts(body) == ["psql -f check.sql\n\n# did it work?\nif [ $? -ne 0 ]; then\n  exit 1\nfi", "ls"]


@pytest.mark.parametrize(
    "body",
    [
        "cd sub\nls -1 a.txt\n",
        "cd sub && ls -1 a.txt\ncat a.txt\n",
        "set -e\ncd sub\ncat a.txt; cat a.txt\ntrue && cat a.txt || false\n",
        "N=sub\nf() { cat $N/a.txt; }\nf\ncat <<EOF\n$N\nEOF\n",
        "cd sub\ncat <<EOF\nhi\nEOF\ncat a.txt | cat\n",
        "export N=a.txt\ncd sub\ncat $N\nsh -c 'cat $N'\n",
        "X=$(echo sub)\ncat $X/a.txt\nls $X\nT=1\n",
    ],
)
def test_entries_run_one_by_one_print_what_the_whole_prints(body, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("text of a\n")

    def ran(text):
        done = subprocess.run(["bash", "-c", text], cwd=tmp_path, capture_output=True, text=True, timeout=20)
        assert not done.stderr
        return done.stdout

    assert "".join(ran(each.text) for each in commands(body)) == ran(body)


def test_comments_belong_to_what_they_stand_by():
    body = (
        "# Drain the node\n# it takes a minute\nkubectl drain n1  # not n2\n# Expected: drained\n\n"
        "# Two things\nmake a\nmake b\n\nmake c\n# said at the end\n"
    )
    drain, a, b, c = (each.remarks for each in commands(body))
    assert (drain.above, drain.below) == (
        ("Drain the node", "it takes a minute"),
        ("not n2", "Expected: drained"),
    )
    assert (a.heading, b.heading, c.heading) == (("Two things",), ("Two things",), ())
    assert c.below == ("said at the end",)


def test_no_row_of_code_is_in_no_entry():
    body = (
        "#!x is no shebang here\n\nset -e\ncd a\n# one\nls\n\necho told\nX=1\nY=2\nmake $X\n# two\n\ncd ..\nunset X\n"
    )
    held = {row for each in commands(body) for row in (*range(each.first, each.last + 1), *each.scene_rows)}
    assert held >= {row for row, line in enumerate(body.split("\n")) if line.strip()}


def test_a_plain_sleep_is_told_with_its_seconds():
    found = [
        each.sleep_s for each in commands("sleep 30\nsleep 5m\nsleep 1h 30m\nsleep $X\nsleep 3 && ls\nsleep inf\n")
    ]
    assert found == [30.0, 300.0, 5400.0, None, None, None]


def test_a_script_is_one_entry_and_so_is_what_no_parser_takes():
    script = "#!/bin/bash\n# daily.sh\ncd /srv\nmake\n"
    (entry,) = commands(script)
    assert (entry.text, entry.remarks.above, entry.parsed) == (script.rstrip(), ("daily.sh",), True)
    (broken,) = commands("if [ x\nmake )\n")
    assert (broken.text, broken.parsed) == ("if [ x\nmake )", False)


def test_placeholders_in_angle_brackets_are_words():
    found = commands("kubectl logs <pod-name> -n <ns>\nssh <user>@<host> uptime\n")
    assert [each.parsed for each in found] == [True, True]
    assert found[0].simples[0].words == ("kubectl", "logs", "<pod-name>", "-n", "<ns>")


def test_comments_or_echo_alone_are_no_command():
    (told,) = commands("# look at the log\n# and at the graph\n")
    assert (told.text, told.remarks.above, told.is_talk) == ("", ("look at the log", "and at the graph"), False)
    (talk,) = commands('echo "starting"\necho done\n')
    assert (talk.text, talk.remarks.above, talk.is_talk) == ("", ("starting", "done"), True)
    assert texts("echo $HOME\necho x > file\n") == ["echo $HOME", "echo x > file"]


def test_of_a_recorded_terminal_only_what_was_typed_is_a_command():
    body = (
        "ana@web:~$ cd app\nana@web:~/app$ make \\\n    all\nmade 3\n[root@db1 ~]# ls\nx\n# then\n$ cat <<E\n> y\n> E\n"
    )
    found = session(body)
    assert texts(found.body) == ["(cd app && make \\\n    all)", "(cd app && ls)", "(cd app && {\ncat <<E\ny\nE\n})"]
    assert found.answers == {3: "made 3", 5: "x"}
    assert session("$HOME/bin/x\nls\n") is None
    assert session("# systemctl restart x\n", root_prompt=True).body == "systemctl restart x\n"
    assert sql_session("shop=# SELECT 1;\n ?column?\nshop=> \\d\n").answers == {1: " ?column?"}


@pytest.mark.parametrize(
    ("command", "risk"),
    [
        ("sudo rm -rf /var/x", "irreversible"),
        ("kubectl -n shop delete pvc data", "irreversible"),
        ("terraform destroy", "irreversible"),
        ("git push --force-with-lease origin main", "irreversible"),
        ("ssh db1 'rm -rf /data'", "irreversible"),
        ("docker compose down -v", "irreversible"),
        ("kubectl scale deployment a --replicas=0", "careful"),
        ("kubectl --context prod set image deployment/a a=b", "careful"),
        ("psql $URL -f migrate.sql", "careful"),
        ("python manage.py migrate", "careful"),
        ("npm run deploy", "careful"),
        ("./deploy.sh production", "careful"),
        ("sudo systemctl restart nginx", "careful"),
        ("kubectl get pods", "routine"),
        ("kubectl rollout status deployment/a", "routine"),
        ("kubectl apply -f a.yml --dry-run=server", "routine"),
        ("python migrate.py verify", "routine"),
        ("cat migration.log", "routine"),
        ("terraform plan -destroy", "routine"),
        ("git status", "routine"),
    ],
)
def test_the_risk_of_a_command_is_told_by_its_words(command, risk):
    assert risk_of(commands(command)[0].simples) == risk


@pytest.mark.parametrize("text", ["!|", "a|", "<", ")$", "x=(", "((*", "$(", "if a; then\n", "'", "`"])
def test_text_that_is_no_shell_is_given_up_in_time(text):
    begun = time.process_time()
    patience = Patience(0.5)
    for _ in range(10):
        commands(text * (20_000 // len(text)), patience)
    assert time.process_time() - begun < 3


def test_a_fence_of_many_folders_or_functions_does_not_grow():
    body = "".join(f"cd d{number}\nmake\n" for number in range(2000))
    assert sum(len(each.text) for each in commands(body)) < 10 * len(body)
