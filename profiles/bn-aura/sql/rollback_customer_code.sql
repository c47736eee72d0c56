-- Takes the trigger and its function away again, and brings back what bore their names before. Where there was nothing, new
-- customers get no code from then on.
--
-- All of it in one transaction, as the step does it; by hand: psql -1 -v ON_ERROR_STOP=1 -f rollback_customer_code.sql
-- Running it again changes nothing: whatever is not ours, by the function's comment, is left alone.
--
-- Codes already given stay with their customers. The sequence goes as well if no customer has a code of its; else it
-- stays, so that no number is given twice should the migration come again.

DO $codes$
DECLARE
    ours text := obj_description(to_regprocedure('public.generate_customer_code()'), 'pg_proc');
    former text := substring(ours FROM 'trigger before: (.)$');
BEGIN
    IF NOT starts_with(coalesce(ours, ''), 'gives codes since ') THEN
        RAISE NOTICE 'there is nothing of ours';
        RETURN;
    END IF;
    DROP TRIGGER IF EXISTS set_customer_code ON public.customers;
    DROP FUNCTION public.generate_customer_code();
    IF to_regprocedure('public.generate_customer_code_before()') IS NOT NULL THEN
        ALTER FUNCTION public.generate_customer_code_before() RENAME TO generate_customer_code;
    END IF;
    IF former IS NOT NULL THEN
        ALTER TRIGGER set_customer_code_before ON public.customers RENAME TO set_customer_code;
        EXECUTE CASE former
            WHEN 'O' THEN 'ALTER TABLE public.customers ENABLE TRIGGER set_customer_code'
            WHEN 'A' THEN 'ALTER TABLE public.customers ENABLE ALWAYS TRIGGER set_customer_code'
            WHEN 'R' THEN 'ALTER TABLE public.customers ENABLE REPLICA TRIGGER set_customer_code'
            ELSE 'ALTER TABLE public.customers DISABLE TRIGGER set_customer_code'
        END;
        RAISE NOTICE 'the trigger of before is back';
    END IF;
END
$codes$;

DO $sequence$
DECLARE
    lowest bigint;
    given bigint;
BEGIN
    IF to_regclass('public.customer_code_seq') IS NULL THEN
        RETURN;
    END IF;
    lowest := substring(obj_description('public.customer_code_seq'::regclass, 'pg_class') FROM '^first number: ([0-9]+)$');
    IF lowest IS NULL THEN
        RAISE NOTICE 'the sequence stays: it is not ours';
        RETURN;
    END IF;
    SELECT count(*) INTO given FROM public.customers
     WHERE customer_code ~ '^CUST-[0-9]{1,15}$' AND substr(customer_code, 6)::bigint >= lowest;
    IF given = 0 THEN
        DROP SEQUENCE public.customer_code_seq;
    ELSE
        RAISE NOTICE 'the sequence stays: % customers have codes from % on', given, lowest;
    END IF;
END
$sequence$;
