"""SQL in runbooks: cut by PostgreSQL's parser, with what is said of each statement, and what it would change."""

from __future__ import annotations

import time

import pytest

from cockpit.importing.sql import LONGEST_BYTES, statements

RUNBOOK = """-- 1. Fix the code
CREATE SEQUENCE IF NOT EXISTS code_seq START 1000;

CREATE OR REPLACE FUNCTION code() RETURNS trigger AS $$
BEGIN
  NEW.code := 'é;' || nextval('code_seq'); -- inner
  RETURN NEW;
END;
$$ LANGUAGE plpgsql;

-- 2. Add a role
DO $body$ BEGIN
  ALTER TYPE role ADD VALUE 'x';
END $body$;
-- WARNING: data is lost
ALTER TABLE a
  DROP COLUMN b; -- only if needed
"""


def test_blocks_and_bodies_stay_whole_and_comments_stay_with_their_statements():
    sequence, function, block, alter = statements(RUNBOOK)
    assert (sequence.first, function.first, function.last) == (0, 3, 8)
    assert function.text.startswith("CREATE OR REPLACE")
    assert function.text.endswith("LANGUAGE plpgsql")
    assert block.text == "DO $body$ BEGIN\n  ALTER TYPE role ADD VALUE 'x';\nEND $body$"
    assert sequence.remarks.heading == function.remarks.heading == ("1. Fix the code",)
    assert block.remarks.above == ("2. Add a role",)
    assert (alter.remarks.above, alter.remarks.below) == (("WARNING: data is lost",), ("only if needed",))


def test_every_row_of_code_is_in_a_statement():
    for body in (RUNBOOK, "SELECT 1; SELECT 2;\n/* a\n b */ SELECT 3", "\\d t\nSELECT `x`;\nSELECT 1;\n-- end\n"):
        held = {row for each in statements(body) for row in range(each.first, each.last + 1)}
        assert held == {row for row, line in enumerate(body.split("\n")) if line.strip()}, body


def test_a_transaction_is_one_entry():
    before, transaction, after = statements("SELECT 1;\nBEGIN;\nUPDATE a SET b = 1;\nTRUNCATE c;\nCOMMIT;\nSELECT 2;\n")
    assert transaction.text == "BEGIN;\nUPDATE a SET b = 1;\nTRUNCATE c;\nCOMMIT"
    assert transaction.risk == "irreversible"
    assert (before.text, after.text) == ("SELECT 1", "SELECT 2")


@pytest.mark.parametrize(
    ("sql", "risk", "reads"),
    [
        ("SELECT count(*) FROM a", "routine", True),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "routine", True),
        ("EXPLAIN SELECT 1", "routine", True),
        ("SHOW lock_timeout", "routine", True),
        ("WITH x AS (DELETE FROM a RETURNING 1) SELECT * FROM x", "careful", False),
        ("SELECT * FROM a FOR UPDATE", "careful", False),
        ("SELECT pg_terminate_backend(12)", "careful", False),
        ("EXPLAIN (ANALYZE) DELETE FROM a", "careful", False),
        ("UPDATE a SET b = 1", "careful", False),
        ("DELETE FROM a WHERE b", "careful", False),
        ("DELETE FROM a", "irreversible", False),
        ("DROP TABLE IF EXISTS a", "irreversible", False),
        ("DROP INDEX a", "careful", False),
        ("DROP FUNCTION f() CASCADE", "irreversible", False),
        ("DROP DATABASE a", "irreversible", False),
        ("TRUNCATE a, b", "irreversible", False),
        ("ALTER TABLE a ADD COLUMN c int, DROP COLUMN b", "irreversible", False),
        ("DELETE FROM `a`", "irreversible", False),
    ],
)
def test_what_a_statement_changes_is_told_by_its_tree(sql, risk, reads):
    (found,) = statements(sql)
    assert (found.risk, found.reads) == (risk, reads)


def test_placeholders_are_parsed_as_names_and_shown_as_written():
    (found,) = statements(
        "SELECT * FROM t WHERE id = <user_id> AND a = :name AND b = :'q' AND c = %(d)s AND e = [TENANT ID]"
    )
    assert found.parsed
    assert found.reads
    assert "<user_id>" in found.text


def test_what_the_parser_refuses_is_cut_all_the_same_and_says_so():
    first, second, third = statements("SELECT 'a;b' FROM `x`;\nSELECT 1;\nALTER TABLE a ENGINE = InnoDB;")
    assert [each.parsed for each in (first, second, third)] == [False, True, False]
    assert [each.text for each in (first, second)] == ["SELECT 'a;b' FROM `x`", "SELECT 1"]


def test_commands_of_psql_are_entries_of_their_own():
    look, run, select = statements("\\dt public.*\n\\i fix.sql\nSELECT 1;")
    assert (look.text, look.is_meta, look.risk) == ("\\dt public.*", True, "routine")
    assert (run.text, run.is_meta, run.risk) == ("\\i fix.sql", True, "careful")
    assert not select.is_meta


def test_comments_alone_are_no_statement():
    (found,) = statements("-- look at the size\n/* of\n the table */\n")
    assert (found.text, found.remarks.above) == ("", ("look at the size", "of", "the table"))
    assert statements(" \n") == ()


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "1+" * (LONGEST_BYTES // 2) + "1",
        "SELECT " + "1+" * (LONGEST_BYTES // 2 - 100) + "1",
        "SELECT " + "(" * 60_000,
        "SELECT " + "NOT " * 15_000 + "true",
        "SELECT 1 " + "UNION SELECT 1 " * 4_000,
        "SELECT a" + "::int" * 12_000,
        "SELECT 1;\0DROP TABLE x;",
        "SELECT '\ud800'",
        "/*" * 200_000,
        "'" * 100_001,
        "$a$" * 50_000,
        "BEGIN;" * 20_000,
        "SELECT 1;\n" * 20_000,
        "\\d\n" * 20_000,
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_hostile_sql_is_answered_in_time(text):
    begun = time.process_time()
    found = statements(text)
    assert time.process_time() - begun < 4
    assert all(each.first <= each.last for each in found)
