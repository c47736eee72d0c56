-- The first administrator, once and never again.
--
-- Three things stand in the way of a second one: the lock lets one in at a time, nothing is inserted where an administrator
-- is, and initial_admin takes one row at most. Where there is one already, no row is affected, and the step fails.

select pg_advisory_xact_lock(hashtextextended('scheduler: initial admin', 0));

with made as (
    insert into public.users (email, "passwordHash", role)
    select %(email)s, %(hash)s, 'admin'
     where not exists (select from public.users where role = 'admin')
       and not exists (select from public.initial_admin)
    returning id
)
insert into public.initial_admin ("userId") select id from made;
