-- Organizations: the tables and columns that the new version needs. May run again. One transaction: all of it or nothing.
--
-- By hand: psql -v ON_ERROR_STOP=1 -1 -f 01_schema.sql "$DATABASE_URL"
-- Everything is added beside what is there; only the check on profiles.role is widened. What the way back has to know
-- (who was a sponsor, how much there was of what) is kept in a schema of its own, organizational_model.

create schema if not exists organizational_model;

create table if not exists organizational_model.former_roles (
    profile_id uuid primary key,
    role text not null
);

create table if not exists organizational_model.counted (
    what text primary key,
    number bigint not null,
    digest text not null
);

create table if not exists public.organizations (
    id uuid primary key default gen_random_uuid(),
    name text not null unique,
    created_at timestamptz not null default now()
);

alter table public.profiles add column if not exists organization_id uuid;
alter table public.practitioner_assignments add column if not exists supervisor_id uuid;
alter table public.practitioner_assignments add column if not exists supervisor_role text;

-- ADD CONSTRAINT knows no IF NOT EXISTS, so each is dropped before. NOT VALID: checked for old rows once they are filled.
alter table public.profiles drop constraint if exists profiles_organization_fkey;
alter table public.profiles add constraint profiles_organization_fkey
    foreign key (organization_id) references public.organizations (id) not valid;

alter table public.practitioner_assignments drop constraint if exists practitioner_assignments_supervisor_fkey;
alter table public.practitioner_assignments add constraint practitioner_assignments_supervisor_fkey
    foreign key (supervisor_id) references public.profiles (id) not valid;

alter table public.practitioner_assignments drop constraint if exists practitioner_assignments_supervisor_role_check;
alter table public.practitioner_assignments add constraint practitioner_assignments_supervisor_role_check
    check (supervisor_role in ('coach')) not valid;

-- Both names for now: rows are still sponsors until the data are migrated.
alter table public.profiles drop constraint if exists profiles_role_check;
alter table public.profiles add constraint profiles_role_check
    check (role in ('admin', 'sponsor', 'coach', 'practitioner'));
