-- Indexes for what the new version asks most. Each commits by itself: CONCURRENTLY cannot be part of a transaction.
--
-- By hand: psql -v ON_ERROR_STOP=1 -f 03_indexes.sql "$DATABASE_URL" (without -1). May run again.
-- A build that failed leaves an invalid index of the same name, which IF NOT EXISTS takes for done: such a one goes first.

do $$
declare
    broken regclass;
begin
    for broken in
        select i.indexrelid::regclass
          from pg_catalog.pg_index i
          join pg_catalog.pg_class c on c.oid = i.indexrelid
          join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         where not i.indisvalid and n.nspname = 'public'
           and c.relname in ('profiles_organization', 'assignments_supervisor', 'assignments_practitioner')
    loop
        execute format('drop index %s', broken);
    end loop;
end
$$;

create index concurrently if not exists profiles_organization on public.profiles (organization_id);

create index concurrently if not exists assignments_supervisor
    on public.practitioner_assignments (supervisor_id) where active;

create index concurrently if not exists assignments_practitioner
    on public.practitioner_assignments (practitioner_id);

analyze public.profiles, public.practitioner_assignments;
