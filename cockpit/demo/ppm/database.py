"""PPM's database as it is before the migration: users that Supabase knows, of whom three have no profile."""

from __future__ import annotations

from cockpit.demo import stand_in_database

NAME = "ppm"
PASSWORD = "a-database-password"
"""The server asks for none; it is there to be kept secret."""
USERS, WITHOUT_PROFILE = 150, 3
ADMIN, PERSON = "admin-1@ppm.invalid", "person-1@ppm.invalid"
BEFORE = f"""
create schema auth;
create table auth.users (
    id uuid primary key default gen_random_uuid(),
    email text not null unique,
    encrypted_password text not null,
    created_at timestamptz not null default now()
);
-- Neither unique nor not null: what the migration is there to mend.
create table public.user_profiles (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    role text not null default 'user' check (role in ('user', 'manager', 'admin')),
    is_active boolean not null default true,
    created_at timestamptz not null default now()
);
insert into auth.users (id, email, encrypted_password)
select md5('user ' || n)::uuid, format('%s-%s@ppm.invalid', case when n <= 2 then 'admin' else 'person' end,
                                       case when n <= 2 then n else n - 2 end), 'not a hash'
  from generate_series(1, {USERS}) as n;
-- Those who came last have none: nothing made one when they registered.
insert into public.user_profiles (id, user_id, role)
select md5('profile ' || n)::uuid, md5('user ' || n)::uuid, case when n <= 2 then 'admin' else 'user' end
  from generate_series(1, {USERS - WITHOUT_PROFILE}) as n;
create table public.projects (id bigint generated always as identity primary key, name text not null, owner uuid);
insert into public.projects (name, owner)
select format('Project %s', n), md5('user ' || (1 + n % {USERS}))::uuid from generate_series(1, 40) as n;
analyze;
"""


def create(admin_dsn: str) -> str:
    """Make the database anew on a server, and return its connection string."""
    return stand_in_database.create(admin_dsn, NAME, PASSWORD, BEFORE)


def drop(admin_dsn: str) -> None:
    """Take the database away, whoever is connected."""
    stand_in_database.drop(admin_dsn, NAME)
