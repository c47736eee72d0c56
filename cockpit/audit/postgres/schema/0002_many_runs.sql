-- Many runs in one store: telling which there are, and taking a whole run out, which leaves a trace: one row says
-- which, how much, when, who and why.
--
-- Invariant: the row and the deletion are one. To insert the row is to drop the run, and nothing of a run is deleted
-- in a transaction that does not insert its row. A dropped run never comes back, nor does another by its name. No
-- trigger is ever turned off for it. The row is made by the owner's members alone; docs/store.md, "Retention".

-- The runs, the newest first, each with its last line's place. DISTINCT and GROUP BY would read every line; from the
-- last line of one run it is one step down the index to the last one of the next. With a LIMIT no more is read.
CREATE VIEW cockpit.runs AS
WITH RECURSIVE last (run, seq) AS (
    (SELECT run, seq FROM cockpit.lines ORDER BY run DESC, seq DESC LIMIT 1)
    UNION ALL
    SELECT next.run, next.seq FROM last, LATERAL (
        SELECT l.run, l.seq FROM cockpit.lines l WHERE l.run < last.run ORDER BY l.run DESC, l.seq DESC LIMIT 1) next
)
SELECT run, seq AS lines FROM last;

CREATE TABLE cockpit.dropped (
    run         text        COLLATE "C" PRIMARY KEY,
    lines       bigint      NOT NULL,              -- of the run: the last one's seq
    digest      bytea       NOT NULL,              -- of that line
    outputs     bigint      NOT NULL DEFAULT 0,    -- chunks that went with it
    exported    text        NOT NULL CHECK (exported ~ '\S'),  -- where it was exported to, as that was told
    reason      text        NOT NULL CHECK (reason ~ '\S'),
    dropped_at  timestamptz NOT NULL DEFAULT now(),
    dropped_by  text        NOT NULL DEFAULT session_user,
    dropped_in  xid8        NOT NULL DEFAULT pg_current_xact_id()
);

CREATE FUNCTION cockpit.check_drop() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last_seq    bigint;
    last_digest bytea;
BEGIN
    PERFORM cockpit.lock_run(NEW.run);
    SELECT l.seq, l.digest INTO last_seq, last_digest
        FROM cockpit.lines l WHERE l.run = NEW.run ORDER BY l.seq DESC LIMIT 1;
    IF last_seq IS DISTINCT FROM NEW.lines OR last_digest IS DISTINCT FROM NEW.digest THEN
        RAISE EXCEPTION 'the run % has % lines here, and does not end as was told', NEW.run, coalesce(last_seq, 0)
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT EXISTS (SELECT FROM cockpit.lines l
                   WHERE l.run = NEW.run AND l.type IN ('run.finished', 'run.aborted')) THEN
        RAISE EXCEPTION 'the run % is live', NEW.run USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    NEW.dropped_at := now();
    NEW.dropped_by := session_user;
    NEW.dropped_in := pg_current_xact_id();
    SELECT count(*) INTO NEW.outputs FROM cockpit.outputs o WHERE o.run = NEW.run;
    RETURN NEW;
END $$;

CREATE FUNCTION cockpit.drop_run() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM cockpit.outputs o WHERE o.run = NEW.run;
    DELETE FROM cockpit.lines l WHERE l.run = NEW.run;
    RETURN NULL;
END $$;

-- Whole statements: a DELETE only where this transaction drops a run. Each row is looked at besides, below.
CREATE OR REPLACE FUNCTION cockpit.refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME IN ('lines', 'outputs')
       AND EXISTS (SELECT FROM cockpit.dropped d WHERE d.dropped_in = pg_current_xact_id_if_assigned()) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% of % is refused: a log is only ever added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'export a run, then drop it: docs/store.md';
END $$;

-- Of a run that is not dropped here, in a transaction that drops one.
CREATE FUNCTION cockpit.refuse_other() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM cockpit.dropped d
                   WHERE d.run = OLD.run AND d.dropped_in = pg_current_xact_id_if_assigned())
       AND EXISTS (SELECT FROM cockpit.dropped d WHERE d.dropped_in = pg_current_xact_id_if_assigned()) THEN
        RAISE EXCEPTION 'the run % is not dropped here', OLD.run USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;

CREATE FUNCTION cockpit.refuse_dropped() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was cockpit.dropped;
BEGIN
    SELECT * INTO was FROM cockpit.dropped d WHERE d.run = NEW.run;
    IF FOUND THEN
        RAISE EXCEPTION 'the run % was dropped from this store on % by %',
                        NEW.run, to_char(was.dropped_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), was.dropped_by
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'read it where it was exported to';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER check_drop BEFORE INSERT ON cockpit.dropped
    FOR EACH ROW EXECUTE FUNCTION cockpit.check_drop();
CREATE TRIGGER drop_run AFTER INSERT ON cockpit.dropped
    FOR EACH ROW EXECUTE FUNCTION cockpit.drop_run();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON cockpit.dropped
    FOR EACH STATEMENT EXECUTE FUNCTION cockpit.refuse();
CREATE TRIGGER refuse_other BEFORE DELETE ON cockpit.lines
    FOR EACH ROW EXECUTE FUNCTION cockpit.refuse_other();
CREATE TRIGGER refuse_other BEFORE DELETE ON cockpit.outputs
    FOR EACH ROW EXECUTE FUNCTION cockpit.refuse_other();
CREATE TRIGGER refuse_dropped BEFORE INSERT ON cockpit.lines  -- after check_line, which fills in `seq`
    FOR EACH ROW WHEN (NEW.seq = 1) EXECUTE FUNCTION cockpit.refuse_dropped();
CREATE TRIGGER refuse_dropped BEFORE INSERT ON cockpit.outputs
    FOR EACH ROW EXECUTE FUNCTION cockpit.refuse_dropped();
ALTER TABLE cockpit.dropped ENABLE ALWAYS TRIGGER check_drop;
ALTER TABLE cockpit.dropped ENABLE ALWAYS TRIGGER drop_run;
ALTER TABLE cockpit.dropped ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE cockpit.lines ENABLE ALWAYS TRIGGER refuse_other;
ALTER TABLE cockpit.lines ENABLE ALWAYS TRIGGER refuse_dropped;
ALTER TABLE cockpit.outputs ENABLE ALWAYS TRIGGER refuse_other;
ALTER TABLE cockpit.outputs ENABLE ALWAYS TRIGGER refuse_dropped;

REVOKE ALL ON FUNCTION cockpit.check_drop, cockpit.drop_run, cockpit.refuse_other, cockpit.refuse_dropped FROM PUBLIC;
GRANT SELECT ON cockpit.runs, cockpit.dropped TO cockpit_writer, cockpit_reader;
