-- Indexes on the columns that are looked up. Each commits by itself: CONCURRENTLY cannot be part of a transaction.
--
-- By hand: psql -v ON_ERROR_STOP=1 -f 02_indexes.sql "$DATABASE_URL" (without -1). May run again.
-- Names with capitals stand in quotes: without them PostgreSQL looks for "organizationid". organizations.slug is not here:
-- that it is unique gave it an index.

-- A build that failed leaves an invalid index, which IF NOT EXISTS takes for done: such a one goes first.
do $$
declare
    broken regclass;
begin
    for broken in
        select i.indexrelid::regclass
          from pg_catalog.pg_index i
          join pg_catalog.pg_class c on c.oid = i.indexrelid
         where not i.indisvalid and c.relnamespace = 'public'::regnamespace and c.relname like 'launch\_%'
    loop
        execute format('drop index %s', broken);
    end loop;
end
$$;

create index concurrently if not exists launch_users_email on public.users (email);

create index concurrently if not exists launch_users_organization on public.users ("organizationId");

create index concurrently if not exists launch_organizations_enabled on public.organizations (enabled);

create index concurrently if not exists launch_appointments_organization on public.appointments ("organizationId");

create index concurrently if not exists launch_appointments_date on public.appointments (date);

create index concurrently if not exists launch_clients_organization on public.clients ("organizationId");

create index concurrently if not exists launch_clients_identifier on public.clients (identifier);
