-- WARNING: DESTROYS DATA. Every link from a commission to its workflow is lost with the column, and only a backup brings it back.
-- Leave the column alone unless it does harm: the old version does not notice it.
--
-- Run with: psql -v ON_ERROR_STOP=1 -f rollback_03_commission_workflow.sql "$DATABASE_URL"
--
-- The index goes with the column. The enum label "beautician" has no rollback: it cannot be dropped, and does no harm unused.

BEGIN;
SET LOCAL lock_timeout = '5s';
ALTER TABLE public.sales_commissions DROP COLUMN IF EXISTS workflow_id;
COMMIT;
