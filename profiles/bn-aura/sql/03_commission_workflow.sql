-- A sales commission may point at the workflow it came from.
--
-- Run with: psql -v ON_ERROR_STOP=1 -f 03_commission_workflow.sql "$DATABASE_URL"
-- Running it again changes nothing. Existing commissions point nowhere (null).
--
-- Locks: adding the column locks sales_commissions wholly and workflow_states against writes, both for a moment; building the index holds off
-- writes to sales_commissions for as long as one pass over the table takes.

BEGIN;
SET LOCAL lock_timeout = '5s';

ALTER TABLE public.sales_commissions
    ADD COLUMN IF NOT EXISTS workflow_id uuid REFERENCES public.workflow_states (id);

CREATE INDEX IF NOT EXISTS idx_sales_commissions_workflow_id
    ON public.sales_commissions (workflow_id);

COMMIT;
