-- Takes the trigger and its function away again. New customers get no code from then on.
--
-- Run with: psql -v ON_ERROR_STOP=1 -f rollback_01_customer_code.sql "$DATABASE_URL"
--
-- Codes already given stay. The sequence stays too, on purpose: if the migration is applied again, no number is given twice.

BEGIN;
SET LOCAL lock_timeout = '5s';
DROP TRIGGER IF EXISTS set_customer_code ON public.customers;
DROP FUNCTION IF EXISTS public.generate_customer_code();
COMMIT;
