-- What one person of a clinic sees: their own clinic's customers and nobody else's. The last row is what the step judges.
--
-- Asked as that person, under row security, and not as the owner, who sees everything whatever the policies say.
-- `elsewhere` is how many there are to be hidden: with none the check would say nothing.

SELECT set_config('request.jwt.claims',
                  (SELECT json_build_object('sub', id, 'role', 'authenticated')::text
                     FROM auth.users WHERE email = %(person)s), true),
       set_config('cockpit.elsewhere',
                  (SELECT count(*)::text FROM public.customers
                    WHERE clinic_id NOT IN (SELECT clinic_id FROM public.clinic_staff s
                                              JOIN auth.users u ON u.id = s.user_id WHERE u.email = %(person)s)), true);

SET LOCAL ROLE authenticated;

SELECT count(*) FILTER (WHERE clinic_id IN (SELECT clinic_id FROM public.clinic_staff WHERE user_id = auth.uid())) AS own,
       count(*) FILTER (WHERE clinic_id NOT IN
                              (SELECT clinic_id FROM public.clinic_staff WHERE user_id = auth.uid())) AS foreign_seen,
       current_setting('cockpit.elsewhere')::int AS elsewhere
  FROM public.customers;
