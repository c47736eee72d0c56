-- Everyone joins an organization, sponsors become coaches, assignments get a supervisor. May run again.
--
-- By hand: psql -v ON_ERROR_STOP=1 -1 -f 02_data.sql "$DATABASE_URL"
-- Counts and digests are taken before the first change, and not again: they are what `04_validate.sql` compares with.

insert into organizational_model.counted (what, number, digest)
select 'profiles', count(*), md5(coalesce(string_agg(id::text || email, ',' order by id), '')) from public.profiles
union all
select 'assignments', count(*),
       md5(coalesce(string_agg(id::text || practitioner_id || coalesce(sponsor_id::text, ''), ',' order by id), ''))
  from public.practitioner_assignments
union all
select 'progress', count(*),
       md5(coalesce(string_agg(id::text || practitioner_id || virtue || score || noted_on, ',' order by id), ''))
  from public.virtue_progress
on conflict (what) do nothing;

insert into organizational_model.former_roles (profile_id, role)
select id, role from public.profiles where role = 'sponsor'
on conflict (profile_id) do nothing;

insert into public.organizations (name) values ('Virtue') on conflict (name) do nothing;

update public.profiles
   set organization_id = (select id from public.organizations where name = 'Virtue')
 where organization_id is null;

update public.profiles set role = 'coach' where role = 'sponsor';

update public.practitioner_assignments
   set supervisor_id = sponsor_id, supervisor_role = 'coach'
 where supervisor_id is null and sponsor_id is not null;

alter table public.profiles validate constraint profiles_organization_fkey;
alter table public.practitioner_assignments validate constraint practitioner_assignments_supervisor_fkey;
alter table public.practitioner_assignments validate constraint practitioner_assignments_supervisor_role_check;
