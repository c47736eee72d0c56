-- A sales commission may point at the workflow it came from.
--
-- All of it in one transaction, as the step does it; by hand: psql -1 -v ON_ERROR_STOP=1 -f 03_commission_workflow.sql
-- Running it again changes nothing. Existing commissions point nowhere (null).
--
-- Locks: sales_commissions wholly and workflow_states against writes, both for a moment. Whoever waits for such a lock
-- holds up everyone behind: hence the step's lock_timeout.

ALTER TABLE public.sales_commissions ADD COLUMN IF NOT EXISTS workflow_id uuid;

-- Apart from the column: one that was there already, without its reference, would stay without.
DO $reference$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_constraint k
          JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND k.conkey = ARRAY[a.attnum]
         WHERE k.contype = 'f' AND a.attname = 'workflow_id'
           AND k.conrelid = 'public.sales_commissions'::regclass AND k.confrelid = 'public.workflow_states'::regclass
    ) THEN
        ALTER TABLE public.sales_commissions
            ADD CONSTRAINT sales_commissions_workflow_id_fkey
            FOREIGN KEY (workflow_id) REFERENCES public.workflow_states (id);
    END IF;
END
$reference$;
