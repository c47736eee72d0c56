-- Runs' logs: the same lines, byte by byte, as in a file (docs/log-format.md). Applied whole, in one transaction.
--
-- Invariant: a line is only ever added, as the next one of its run. The database itself checks that: the place, the
-- digest of the line before, and that nothing is changed or taken away. Whoever owns the schema can still undo these
-- rules; the mirrors and anchors that others hold show it.

CREATE TABLE cockpit.lines (
    run       text    COLLATE "C" NOT NULL,  -- what may stand here, a trigger checks: a constraint costs a tenth of
    seq       bigint  NOT NULL,              -- an append, since it is made ready anew for each
    id        text    COLLATE "C" NOT NULL,
    is_fact   boolean NOT NULL,
    type      text    NOT NULL,
    before    bytea   NOT NULL DEFAULT '',  -- torn bytes that this line steps over, as a file has them before it
    line      bytea   NOT NULL,             -- without its newline
    digest    bytea   NOT NULL,             -- of the domain and the line: what the next line's `prev` says
    event     jsonb   NOT NULL,             -- derived from the line, for queries; the line is what counts
    PRIMARY KEY (run, seq),
    UNIQUE (id)
);
ALTER TABLE cockpit.lines ALTER COLUMN line SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX lines_facts ON cockpit.lines (run, seq) WHERE is_fact;
CREATE INDEX lines_keepers ON cockpit.lines (run, seq) WHERE type IN ('keeper.started', 'keeper.moved');
CREATE INDEX lines_ends ON cockpit.lines (run) WHERE type IN ('run.finished', 'run.aborted');

CREATE TABLE cockpit.outputs (
    run       text   COLLATE "C" NOT NULL CHECK (run ~ '^[0-9A-Za-z_-]{1,64}$'),
    name      text   COLLATE "C" NOT NULL CHECK (name ~ '^[0-9A-Za-z_.-]{1,128}$'),
    start     bigint NOT NULL CHECK (start >= 0),
    chunk     bytea  NOT NULL CHECK (octet_length(chunk) BETWEEN 1 AND 262144),
    PRIMARY KEY (run, name, start)
);
ALTER TABLE cockpit.outputs ALTER COLUMN chunk SET STORAGE EXTERNAL;

-- What the next line of a run must begin with.
CREATE FUNCTION cockpit.prefix(run text, seq bigint, prev bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN convert_to(
    '{"v":1,"run":"' || run || '","seq":' || seq || ',"prev":"' || encode(prev, 'hex') || '","class":"', 'UTF8');

CREATE FUNCTION cockpit.digest_of(line bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256('\x636f636b7069742d6c6f672d76310a'::bytea || line);  -- cockpit-log-v1\n

-- Where is told that a run grew. A channel has at most 63 bytes, and a run's id may have more.
CREATE FUNCTION cockpit.channel(run text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'cockpit_' || substr(encode(sha256(convert_to(run, 'UTF8')), 'hex'), 1, 32);

-- All who add to a run wait for each other here, until their transaction ends.
CREATE FUNCTION cockpit.lock_run(run text) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT pg_advisory_xact_lock(hashtextextended('cockpit.append.' || run, 0));
END;

-- The next line of a run: given whole, with its place (`seq`), or from behind `"class":"` on with `seq` 0, then completed
-- here. `search_path` is fixed, since the checks must not mean what somebody else's functions make of them.
CREATE FUNCTION cockpit.check_line() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last_seq    bigint;
    last_digest bytea;
    demanded    bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('cockpit.append.' || NEW.run, 0));
    SELECT l.seq, l.digest INTO last_seq, last_digest
        FROM cockpit.lines l WHERE l.run = NEW.run ORDER BY l.seq DESC LIMIT 1;
    last_seq := coalesce(last_seq, 0);
    demanded := cockpit.prefix(NEW.run, last_seq + 1, coalesce(last_digest, decode(repeat('00', 32), 'hex')));
    IF last_seq = 0 AND NEW.run !~ '^[0-9A-Za-z_-]{1,64}$' THEN
        RAISE EXCEPTION 'no run can be named %', left(NEW.run, 80) USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.seq = 0 THEN
        NEW.seq := last_seq + 1;
        NEW.line := demanded || NEW.line;
    END IF;
    IF NEW.seq <> last_seq + 1 OR substr(NEW.line, 1, length(demanded)) <> demanded
       OR get_byte(NEW.line, length(NEW.line) - 1) <> 125 OR position('\x0a'::bytea IN NEW.line) > 0 THEN
        RAISE EXCEPTION 'this is not line % of the run %', last_seq + 1, NEW.run
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'it does not chain to the line before it';
    END IF;
    IF length(NEW.line) >= (CASE WHEN NEW.seq = 1 THEN 2097152 ELSE 65536 END) THEN
        RAISE EXCEPTION 'line % of the run % has % bytes, more than a line may have', NEW.seq, NEW.run, length(NEW.line)
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    NEW.event := convert_from(NEW.line, 'UTF8')::jsonb;
    NEW.id := NEW.event ->> 'id';
    NEW.type := NEW.event ->> 'type';
    NEW.is_fact := NEW.event ->> 'class' = 'fact';
    IF NEW.event ->> 'class' NOT IN ('fact', 'telemetry') OR NEW.event ->> 'run' IS DISTINCT FROM NEW.run
       OR NEW.event ->> 'seq' IS DISTINCT FROM NEW.seq::text THEN
        RAISE EXCEPTION 'line % of the run % says of itself that it is another', NEW.seq, NEW.run
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    NEW.digest := cockpit.digest_of(NEW.line);
    RETURN NEW;
END $$;

CREATE FUNCTION cockpit.refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: a log is only ever added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'export a run, then drop it: docs/store.md';
END $$;

CREATE TRIGGER check_line BEFORE INSERT ON cockpit.lines
    FOR EACH ROW EXECUTE FUNCTION cockpit.check_line();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON cockpit.lines
    FOR EACH STATEMENT EXECUTE FUNCTION cockpit.refuse();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON cockpit.outputs
    FOR EACH STATEMENT EXECUTE FUNCTION cockpit.refuse();
ALTER TABLE cockpit.lines ENABLE ALWAYS TRIGGER check_line;
ALTER TABLE cockpit.lines ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE cockpit.outputs ENABLE ALWAYS TRIGGER refuse_change;

-- Add events to a run in one round trip: their lines from behind `"class":"` on. The place and the digest of the line
-- before are filled in by the trigger, under the lock, so that telemetry in between only renumbers.
-- Answers what was added; or one row: with seq 0 if another fact than `last_fact` came last (null: whichever), with
-- seq -1 unless line `known` (0: none) has this digest. So nobody goes on from a log that is not theirs: one that a
-- failover set back, or that somebody changed.
-- A keeper's connection says its epoch (`cockpit.keeper_epoch`): once another keeper began, or was to begin, the row has
-- seq -2, and a keeper that was left behind writes nothing, however long it was stopped or cut off.
CREATE FUNCTION cockpit.append(p_run text, p_last_fact bigint, p_rests bytea[],
                               p_known bigint DEFAULT 0, p_digest bytea DEFAULT '')
RETURNS TABLE (seq bigint, prev text, head_seq bigint, head_digest text)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    fact_seq    bigint;
    fact_digest bytea;
    rest        bytea;
    added       record;
    is_news     boolean := false;
    keeper      bigint := nullif(current_setting('cockpit.keeper_epoch', true), '')::bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('cockpit.append.' || p_run, 0));
    SELECT l.seq, l.digest INTO fact_seq, fact_digest
        FROM cockpit.lines l WHERE l.run = p_run AND l.is_fact ORDER BY l.seq DESC LIMIT 1;
    head_seq := coalesce(fact_seq, 0);
    head_digest := coalesce(encode(fact_digest, 'hex'), '');
    seq := 0;
    IF p_known > 0 AND NOT EXISTS (SELECT FROM cockpit.lines l
                                   WHERE l.run = p_run AND l.seq = p_known AND l.digest = p_digest) THEN
        seq := -1;
        RETURN NEXT;
        RETURN;
    END IF;
    IF keeper IS NOT NULL AND EXISTS (
        SELECT FROM cockpit.lines l WHERE l.run = p_run AND l.type IN ('keeper.started', 'keeper.moved')
        AND (l.event #>> '{data,epoch}')::bigint + (l.type = 'keeper.moved')::int > keeper) THEN
        seq := -2;
        RETURN NEXT;
        RETURN;
    END IF;
    IF p_last_fact <> head_seq THEN
        RETURN NEXT;
        RETURN;
    END IF;
    FOREACH rest IN ARRAY p_rests LOOP
        INSERT INTO cockpit.lines (run, seq, id, is_fact, type, line, digest, event)
            VALUES (p_run, 0, '', false, '', rest, '', '{}')
            RETURNING lines.seq, lines.digest, lines.is_fact, lines.type,
                      substr(lines.line, position('"prev":"'::bytea IN lines.line) + 8, 64) AS prev INTO added;
        seq := added.seq;
        prev := convert_from(added.prev, 'UTF8');
        IF added.is_fact THEN
            head_seq := seq;
            head_digest := encode(added.digest, 'hex');
        END IF;
        is_news := is_news OR added.type <> 'probes.sampled';
        RETURN NEXT;
    END LOOP;
    -- A notification wakes everybody who listens in this database, whatever to. Samples come once a second in every run,
    -- as often as everybody asks: nobody is woken for them.
    IF is_news THEN
        PERFORM pg_notify(cockpit.channel(p_run), p_run || ' ' || seq);
    END IF;
END $$;

-- Add lines verbatim, as a file has them: to move a run here, or to bring back what a failover lost.
CREATE FUNCTION cockpit.put(p_run text, p_first bigint, p_lines bytea[], p_before bytea[])
RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    n int;
BEGIN
    FOR n IN 1 .. cardinality(p_lines) LOOP
        INSERT INTO cockpit.lines (run, seq, id, is_fact, type, before, line, digest, event)
            VALUES (p_run, p_first + n - 1, '', false, '', p_before[n], p_lines[n], '', '{}');
    END LOOP;
    PERFORM pg_notify(cockpit.channel(p_run), p_run || ' ' || (p_first + cardinality(p_lines) - 1));
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA cockpit FROM PUBLIC;
GRANT USAGE ON SCHEMA cockpit TO cockpit_writer, cockpit_reader;
GRANT SELECT ON cockpit.lines, cockpit.outputs, cockpit.schema_versions TO cockpit_writer, cockpit_reader;
GRANT INSERT ON cockpit.lines, cockpit.outputs TO cockpit_writer;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA cockpit TO cockpit_writer;
GRANT EXECUTE ON FUNCTION cockpit.prefix, cockpit.digest_of TO cockpit_reader;
