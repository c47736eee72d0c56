-- Customers get a code of their own on insert: CUST- and a number of at least six digits, counted from 1000.
--
-- All of it in one transaction, as the step does it; by hand: psql -1 -v ON_ERROR_STOP=1 -f 01_customer_code.sql
-- Running it again changes nothing. Rows that already exist keep what they have, also no code at all.

CREATE SEQUENCE IF NOT EXISTS public.customer_code_seq START WITH 1000;

-- What bears our names and is not ours is put aside, and brought back by the way back: OR REPLACE and DROP would lose it.
-- Ours is the function whose comment says since when it gives codes.
DO $aside$
DECLARE
    former text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_sequences
                    WHERE schemaname = 'public' AND sequencename = 'customer_code_seq'
                      AND start_value = 1000 AND increment_by = 1 AND NOT cycle) THEN
        RAISE EXCEPTION 'public.customer_code_seq was there already, and does not count from 1000'
            USING HINT = 'Find out whose it is. Renamed, it is out of the way.';
    END IF;
    IF NOT starts_with(coalesce(pg_catalog.obj_description(
               to_regprocedure('public.generate_customer_code()'), 'pg_proc'), ''), 'gives codes since ') THEN
        IF to_regprocedure('public.generate_customer_code()') IS NOT NULL THEN
            ALTER FUNCTION public.generate_customer_code() RENAME TO generate_customer_code_before;
        END IF;
        SELECT tgenabled INTO former FROM pg_catalog.pg_trigger
         WHERE tgrelid = 'public.customers'::regclass AND tgname = 'set_customer_code';
        IF FOUND THEN
            ALTER TRIGGER set_customer_code ON public.customers RENAME TO set_customer_code_before;
            ALTER TABLE public.customers DISABLE TRIGGER set_customer_code_before;
        END IF;
        PERFORM pg_catalog.set_config('cockpit.former', coalesce(former, ''), true);
    END IF;
END
$aside$;

-- The search path is fixed, so that nobody can slip a table or sequence of theirs in front of ours; the security advisor
-- asks for it. lpad() would cut a seventh digit off, hence the greatest().
CREATE OR REPLACE FUNCTION public.generate_customer_code() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = ''
AS $function$
DECLARE
    digits text;
BEGIN
    IF NEW.customer_code IS NULL THEN
        digits := pg_catalog.nextval('public.customer_code_seq')::pg_catalog.text;
        NEW.customer_code := 'CUST-' || pg_catalog.lpad(digits, greatest(6, pg_catalog.length(digits)), '0');
    END IF;
    RETURN NEW;
END
$function$;

-- It runs as whoever inserts, and they need the right to take a number: else it works for the owner, who tries it, and
-- for no user.
DO $grants$
DECLARE
    inserter name;
BEGIN
    FOR inserter IN
        SELECT rolname FROM pg_catalog.pg_roles r
         WHERE NOT starts_with(rolname, 'pg_')
           AND pg_catalog.has_any_column_privilege(r.oid, 'public.customers', 'INSERT')
           AND NOT pg_catalog.has_sequence_privilege(r.oid, 'public.customer_code_seq', 'USAGE')
    LOOP
        EXECUTE pg_catalog.format('GRANT USAGE ON SEQUENCE public.customer_code_seq TO %I', inserter);
    END LOOP;
END
$grants$;

-- From here on until the end of the transaction nobody inserts a customer.
DROP TRIGGER IF EXISTS set_customer_code ON public.customers;
CREATE TRIGGER set_customer_code
    BEFORE INSERT ON public.customers
    FOR EACH ROW EXECUTE FUNCTION public.generate_customer_code();

-- Codes that were given by hand must not come up again: the count goes on after the highest. Which number was ours first
-- stays in the sequence's comment; the way back asks for it. Since when codes are given stays in the function's: customers
-- of before need not have one.
DO $position$
DECLARE
    highest bigint;
    upcoming bigint;
BEGIN
    SELECT max(substr(customer_code, 6)::bigint) INTO highest
      FROM public.customers WHERE customer_code ~ '^CUST-[0-9]{1,15}$';
    SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END INTO upcoming FROM public.customer_code_seq;
    IF highest >= upcoming THEN
        PERFORM pg_catalog.setval('public.customer_code_seq', highest);
        upcoming := highest + 1;
        RAISE NOTICE 'codes up to % were given by hand: the count goes on after them', highest;
    END IF;
    IF pg_catalog.obj_description('public.customer_code_seq'::regclass, 'pg_class') IS NULL THEN
        EXECUTE pg_catalog.format('COMMENT ON SEQUENCE public.customer_code_seq IS %L', 'first number: ' || upcoming);
    END IF;
    IF pg_catalog.obj_description('public.generate_customer_code()'::regprocedure, 'pg_proc') IS NULL THEN
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION public.generate_customer_code() IS %L',
            'gives codes since ' || (to_json(clock_timestamp()) #>> '{}')
            || coalesce('; trigger before: ' || nullif(current_setting('cockpit.former', true), ''), ''));
    END IF;
END
$position$;
