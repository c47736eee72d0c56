"""SQL text, cut into statements as PostgreSQL and psql would."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.actions.files import digests
from cockpit.actions.sql.binding import bind
from cockpit.actions.sql.declaration import SqlSettings
from cockpit.actions.sql.lexing import pieces, tokens
from cockpit.actions.sql.script import read_script, statements
from cockpit.errors import ActionError

HARD = {
    "a DO block": ("do $$ begin perform 1; end $$; select 2", 2),
    "tags that differ": ("select $a$ ; $b$ ; $a$; select 2", 2),
    "an empty tag in a tag": ("select $x$ $$;$$ $x$; select 2", 2),
    "nested comments": ("select 1 /* a /* ; */ ; */; select 2", 2),
    "a comment that looks like text": ("select 1 -- it's ; here\n; select 2", 2),
    "an operator before a comment": ("select 1 +-- ;\n 2; select 2", 2),
    "a function with a body of SQL": (
        "create function f() returns int language sql begin atomic select 1; select case when a then 1 end; end; x",
        2,
    ),
    "a procedure made again": (
        "create or replace procedure p() begin atomic insert into t values (1); end; call p()",
        2,
    ),
    "a function named begin": ("create function begin() returns int language sql as 'select 1'; select 2", 2),
    "an escape string": (r"select E'a\';b'; select 2", 2),
    "an escape string that goes on": ("select E'a'\n  'b\\';c'; select 2", 2),
    "a backslash in a standard string": ("select 'a\\'; select 2", 2),
    "a doubled quote": ("select 'it''s; one'; select 2", 2),
    "a quoted name": ('select 1 as "a;""b"; select 2', 2),
    "a unicode name": ('select 1 as U&"a;b"; select 2', 2),
    "a dollar in a name": ("select a$b$ from x; select $b$;$b$", 2),
    "a dollar quote after a number": ("select 1$$;$$; select 2", 2),
    "a parameter": ("prepare p as select $1; execute p(1)", 2),
    "a rule with statements": (
        "create rule r as on insert to t do also (insert into a values (1); delete from b); x",
        2,
    ),
    "case and end": ("select case when 1=1 then 2 end; declare c cursor for select 1; select 3", 3),
    "own transactions": ("begin; select 1; end; select 2", 4),
    "nothing between": (";; select 1;;\n-- done\n", 1),
    "comments alone": ("-- only\n/* this */", 0),
    "letters of other scripts": ("select 'ü;' as größe; select $größe$;$größe$", 2),
}


@pytest.mark.parametrize(("text", "count"), HARD.values(), ids=HARD)
def test_a_script_is_cut_where_statements_end(text: str, count: int) -> None:
    assert len(list(statements(text))) == count


@given(st.text(alphabet=st.sampled_from("ab;'\"$/*-\\()\n E&U1:é") | st.characters(exclude_categories=["Cs"])))
def test_tokens_and_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(text[token.start : token.end] for token in tokens(text)) == text
    cut = list(pieces(text))
    assert "".join(text[piece.start : piece.end] for piece in cut) == text
    assert all(piece.tokens for piece in cut)


@given(st.lists(st.sampled_from([text for text, count in HARD.values() if count]), min_size=1, max_size=6))
def test_scripts_put_together_are_cut_as_they_are_alone(texts: list[str]) -> None:
    alone = [statement.text for text in texts for statement in statements(f"{text}\n;")]
    together = [statement.text for statement in statements("\n;".join([*texts, ""]))]
    assert together == alone


def test_a_statement_knows_its_place_and_its_words() -> None:
    first, second = statements("-- why\nselect 1;\n\n  update  t -- all\n set a = 'x';\n", source="a.sql")
    assert (first.number, first.place(0), first.text) == (1, "a.sql:1:1", "-- why\nselect 1")
    assert (second.number, second.place(0), second.place(len("update  t -- all\n "))) == (2, "a.sql:4:3", "a.sql:5:2")
    assert second.first_words == "update t set a = 'x'"
    assert second.gist == "UPDATE T SET A = '"


REFUSED = {
    r"\i other.sql": "`\\i` is a command of psql",
    "select 1;\n\\set x 1\nselect :x;": "`\\set` is a command of psql",
    "select :'name'": "`:'name'` is a variable of psql",
    "select * from :table": "`:table` is a variable of psql",
    "copy t (a, b) from stdin;\n1\t2\n\\.\n": "COPY FROM STDIN carries data",
    "copy (select 1) to stdout with csv": "COPY TO STDOUT carries data",
    "select 'open": "is never closed",
    "select 1 /* open /* */": "is never closed",
    "do $$ begin": "is never closed",
    "begin; select 1; commit": "BEGIN in a step that is one transaction already",
    "select 1; END": "END in a step that is one transaction already",
    "start transaction read only": "START TRANSACTION in a step",
    "rollback and chain": "ROLLBACK in a step",
    "prepare transaction 'x'": "PREPARE TRANSACTION in a step",
    "create unique index concurrently i on t (a)": "CREATE INDEX CONCURRENTLY cannot run inside a transaction",
    "reindex (verbose) table concurrently t": "REINDEX CONCURRENTLY cannot run inside a transaction",
    "vacuum analyze t": "VACUUM cannot run inside a transaction",
    "alter system set work_mem = '1MB'": "ALTER SYSTEM cannot run inside a transaction",
    " -- nothing\n ;": "there is no SQL statement in it",
}


@pytest.mark.parametrize(("text", "sentence"), REFUSED.items(), ids=REFUSED)
def test_what_cannot_be_sent_is_refused_with_a_reason(text: str, sentence: str) -> None:
    with pytest.raises(ActionError) as refused:
        read_script(SqlSettings(target="db", statements=text), Path())
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "savepoint a; rollback to a; rollback transaction to savepoint a; release a",
        "select array[1,2,3][1:2], x[a:b] from t",
        "select '1'::int, now()::timestamptz",
        "select f(a := 1)",
        "prepare p as select 1",
        "copy t from '/tmp/file'",
        "select 10 % 3, 'a%'",
        "create function c() returns void language plpgsql as $$ begin commit; end $$",
    ],
)
def test_what_the_server_would_take_is_not_refused(text: str) -> None:
    assert read_script(SqlSettings(target="db", statements=text), Path())


def test_a_script_with_its_own_transaction_needs_the_step_to_have_none() -> None:
    settings = SqlSettings(target="db", statements="begin; select 1; commit; vacuum", transaction=False)
    assert len(read_script(settings, Path())) == 4


def test_files_are_read_in_order_and_numbered_through(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_bytes(b"\xef\xbb\xbfselect 1; select 2")
    (tmp_path / "b.sql").write_text("\n select 3")
    found = read_script(SqlSettings(target="db", files=("a.sql", "b.sql")), tmp_path)
    assert [(s.number, s.place(0)) for s in found] == [(1, "a.sql:1:1"), (2, "a.sql:1:11"), (3, "b.sql:2:2")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "cannot be read"), (b"select '\xff'", "no UTF-8 text (byte 8)"), (b"select 1\x00", "zero byte")],
)
def test_a_file_that_holds_no_sql_is_refused(content: bytes | None, sentence: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "a.sql").write_bytes(content)
    with pytest.raises(ActionError, match=r"a\.sql") as refused:
        read_script(SqlSettings(target="db", file="a.sql"), tmp_path)
    assert sentence in str(refused.value)


def test_parameters_are_numbered_and_every_other_percent_is_sql() -> None:
    (statement,) = statements("select %(b)s, %(a)s, 10 % 3, 'x%' like %(b)s -- %(a)s\n, boom")
    bound = bind(statement, {"a": "1", "b": "2"})
    assert bound.text == "select $1, $2, 10 % 3, 'x%' like $1 -- %(a)s\n, boom"
    assert bound.names == ("b", "a")
    for word in ("select", "10", "like", "boom"):
        assert bound.written_at(bound.text.index(word)) == statement.text.index(word)


def test_without_parameters_nothing_is_a_placeholder() -> None:
    (statement,) = statements("select '%(a)s' || %(a)s")
    assert bind(statement, {}).text == statement.text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("select %(other)s", "`params` has no `other`"),
        ("select 'say %(a)s'", "stands inside a text"),
        ("do $$ begin perform %(a)s; end $$", "stands inside a text"),
    ],
)
def test_a_placeholder_that_no_value_can_reach_is_refused(text: str, sentence: str) -> None:
    (statement,) = statements(text)
    with pytest.raises(ActionError) as refused:
        bind(statement, {"a": "1"})
    assert sentence in str(refused.value)


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.sql")
    with pytest.raises(ActionError, match="not a regular one"):
        read_script(SqlSettings(target="db", file="a.sql"), tmp_path)


def test_what_is_sent_is_held_to_the_digest_of_the_runs_start(tmp_path: Path) -> None:
    """Looked at when it is read to be sent: a file that was compared before may be another by then."""
    settings = SqlSettings(target="db", file="a.sql")
    (tmp_path / "a.sql").write_text("select 1")
    fixed = digests(("a.sql",), tmp_path)
    assert read_script(settings, tmp_path, fixed)
    (tmp_path / "a.sql").write_text("drop table customers")
    with pytest.raises(
        ActionError, match=r"`a.sql` has changed since the run began: [0-9a-f]{8} instead of [0-9a-f]{8}"
    ):
        read_script(settings, tmp_path, fixed)
