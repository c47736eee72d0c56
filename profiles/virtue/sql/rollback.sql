-- Back to the model of sponsors, from wherever the migration stopped. May run again. One transaction.
--
-- By hand: psql -v ON_ERROR_STOP=1 -1 -f rollback.sql "$DATABASE_URL"
-- DESTROYS DATA: organizations, who belongs to which, and the supervisor of assignments made since the migration. Who
-- became a coach since then is a sponsor afterwards. Nobody may work with the new version while this runs.

do $$
begin
    if to_regclass('organizational_model.former_roles') is not null then
        update public.profiles p
           set role = f.role
          from organizational_model.former_roles f
         where f.profile_id = p.id and p.role = 'coach';
    end if;
end
$$;

update public.profiles set role = 'sponsor' where role = 'coach';

alter table public.profiles drop constraint if exists profiles_role_check;
alter table public.profiles add constraint profiles_role_check check (role in ('admin', 'sponsor', 'practitioner'));

-- An assignment made since has no sponsor_id: its coach is the sponsor.
do $$
begin
    if exists (
        select from pg_catalog.pg_attribute
         where attrelid = 'public.practitioner_assignments'::regclass and attname = 'supervisor_id' and not attisdropped
    ) then
        update public.practitioner_assignments
           set sponsor_id = supervisor_id
         where sponsor_id is null and supervisor_id is not null;
    end if;
end
$$;

drop index if exists public.profiles_organization;
drop index if exists public.assignments_supervisor;
drop index if exists public.assignments_practitioner;

alter table public.practitioner_assignments drop column if exists supervisor_role;
alter table public.practitioner_assignments drop column if exists supervisor_id;
alter table public.profiles drop column if exists organization_id;
drop table if exists public.organizations;
drop schema if exists organizational_model cascade;
