-- Tries the trigger, and leaves nothing but numbers that are not given again: rows that are tried with are taken away.
--
-- Fails unless: customers without a code get different ones of the right form, a code that is given stays, and the count
-- goes on after 999999 with seven digits. For the test database alone: on another the count would stay where it was set.

DO $try$
DECLARE
    codes text[];
BEGIN
    FOR turn IN 1..3 LOOP
        IF turn = 3 THEN
            PERFORM pg_catalog.setval('public.customer_code_seq', 999999);
        END IF;
        WITH tried AS (
            INSERT INTO public.customers (clinic_id, name)
            VALUES ((SELECT min(id) FROM public.clinics), 'cockpit tries the trigger')
            RETURNING customer_code
        )
        SELECT codes || customer_code INTO codes FROM tried;
    END LOOP;
    WITH tried AS (
        INSERT INTO public.customers (clinic_id, name, customer_code)
        VALUES ((SELECT min(id) FROM public.clinics), 'cockpit tries the trigger', 'OWN-1')
        RETURNING customer_code
    )
    SELECT codes || customer_code INTO codes FROM tried;
    DELETE FROM public.customers WHERE name = 'cockpit tries the trigger';
    IF codes[1] !~ '^CUST-[0-9]{6,7}$' OR codes[2] !~ '^CUST-[0-9]{6,7}$' OR codes[1] = codes[2]
       OR codes[3] IS DISTINCT FROM 'CUST-1000000' OR codes[4] IS DISTINCT FROM 'OWN-1' THEN
        RAISE EXCEPTION 'the codes are wrong: %', codes;
    END IF;
    RAISE NOTICE 'codes that were given: %', codes;
END
$try$;
