-- The index that the new reference needs, built without holding up writes.
--
-- Each statement commits by itself: CONCURRENTLY cannot be part of a transaction. By hand, without -1:
-- psql -v ON_ERROR_STOP=1 -f 04_commission_index.sql. May run again.
-- A build that failed leaves an invalid index of the same name, which IF NOT EXISTS takes for done: such a one goes first.

DO $broken$
BEGIN
    IF EXISTS (
        SELECT FROM pg_catalog.pg_index
         WHERE indexrelid = to_regclass('public.idx_sales_commissions_workflow_id') AND NOT indisvalid
    ) THEN
        DROP INDEX public.idx_sales_commissions_workflow_id;
    END IF;
END
$broken$;

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_sales_commissions_workflow_id
    ON public.sales_commissions (workflow_id);
