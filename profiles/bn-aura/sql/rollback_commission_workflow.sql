-- WARNING: DESTROYS DATA. Every link from a commission to its workflow is lost with the column, and only a copy brings it
-- back. Leave the column alone unless it does harm: the old version does not notice it.
--
-- By hand: psql -1 -v ON_ERROR_STOP=1 -f rollback_commission_workflow.sql
--
-- The index goes with the column. The enum label "beautician" has no rollback: it cannot be dropped, and does no harm unused.

ALTER TABLE public.sales_commissions DROP COLUMN IF EXISTS workflow_id;
