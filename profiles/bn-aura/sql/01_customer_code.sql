-- Customers get a code of their own on insert: CUST- and a number of at least six digits, counted from 1000.
--
-- Run with: psql -v ON_ERROR_STOP=1 -f 01_customer_code.sql "$DATABASE_URL"
-- Running it again changes nothing. Rows that already exist keep what they have, also no code at all.

BEGIN;
SET LOCAL lock_timeout = '5s';  -- rather give up than queue every insert behind us

CREATE SEQUENCE IF NOT EXISTS public.customer_code_seq START WITH 1000;

-- The search path is fixed, so that nobody can slip a table or sequence of theirs in front of ours; the security advisor asks for it.
-- lpad() would cut a seventh digit off, hence the greatest().
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

DROP TRIGGER IF EXISTS set_customer_code ON public.customers;
CREATE TRIGGER set_customer_code
    BEFORE INSERT ON public.customers
    FOR EACH ROW EXECUTE FUNCTION public.generate_customer_code();

COMMIT;
