-- Takes the trigger and its function away again. New customers get no code from then on.
--
-- All of it in one transaction, as the step does it; by hand: psql -1 -v ON_ERROR_STOP=1 -f rollback_customer_code.sql
--
-- Codes already given stay with their customers. The sequence goes as well if no customer has a code of its; else it
-- stays, so that no number is given twice should the migration come again.

DROP TRIGGER IF EXISTS set_customer_code ON public.customers;
DROP FUNCTION IF EXISTS public.generate_customer_code();

DO $sequence$
DECLARE
    lowest bigint;
    given bigint;
BEGIN
    IF to_regclass('public.customer_code_seq') IS NULL THEN
        RETURN;
    END IF;
    lowest := substring(obj_description('public.customer_code_seq'::regclass, 'pg_class') FROM '^first number: ([0-9]+)$');
    SELECT count(*) INTO given FROM public.customers
     WHERE customer_code ~ '^CUST-[0-9]{1,15}$' AND substr(customer_code, 6)::bigint >= coalesce(lowest, 1000);
    IF given = 0 THEN
        DROP SEQUENCE public.customer_code_seq;
    ELSE
        RAISE NOTICE 'the sequence stays: % customers have codes from % on', given, coalesce(lowest, 1000);
    END IF;
END
$sequence$;
