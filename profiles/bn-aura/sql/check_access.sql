-- What one person of a clinic sees of customers, workflows and commissions: their own clinic's and nobody else's. The rows of
-- the last statement, one a table, are what the step judges.
--
-- Asked as that person, under row security, and not as the owner, who sees everything whatever the policies say.
-- `elsewhere` is how many there are to be hidden: with none the check would say nothing.

WITH theirs AS (
    SELECT clinic_id FROM public.clinic_staff s JOIN auth.users u ON u.id = s.user_id WHERE u.email = %(person)s
), hidden (place, rows) AS (
    SELECT 'customers', count(*) FROM public.customers WHERE clinic_id NOT IN (SELECT clinic_id FROM theirs)
    UNION ALL
    SELECT 'workflow_states', count(*) FROM public.workflow_states WHERE clinic_id NOT IN (SELECT clinic_id FROM theirs)
    UNION ALL
    SELECT 'sales_commissions', count(*) FROM public.sales_commissions WHERE clinic_id NOT IN (SELECT clinic_id FROM theirs)
)
SELECT set_config('request.jwt.claims',
                  (SELECT json_build_object('sub', id, 'role', 'authenticated')::text
                     FROM auth.users WHERE email = %(person)s), true),
       set_config('cockpit.elsewhere', (SELECT json_object_agg(place, rows)::text FROM hidden), true);

SET LOCAL ROLE authenticated;

WITH own AS (
    SELECT clinic_id FROM public.clinic_staff WHERE user_id = auth.uid()
), seen (place, clinic_id) AS (
    SELECT 'customers', clinic_id FROM public.customers
    UNION ALL
    SELECT 'workflow_states', clinic_id FROM public.workflow_states
    UNION ALL
    SELECT 'sales_commissions', clinic_id FROM public.sales_commissions
)
SELECT place,
       count(clinic_id) FILTER (WHERE clinic_id IN (SELECT clinic_id FROM own)) AS own,
       count(clinic_id) FILTER (WHERE clinic_id NOT IN (SELECT clinic_id FROM own)) AS foreign_seen,
       elsewhere::int
  FROM json_each_text(current_setting('cockpit.elsewhere')::json) AS hidden (place, elsewhere)
  LEFT JOIN seen USING (place)
 GROUP BY place, elsewhere
 ORDER BY place;
