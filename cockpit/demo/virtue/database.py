"""The virtue system's database as it is before the migration, with data that the migration has to work on."""

from __future__ import annotations

from cockpit.demo import stand_in_database

NAME = "virtue"
PASSWORD = "a-database-password"
"""The server asks for none; it is there to be kept secret."""
BEFORE = """
create table profiles (
    id uuid primary key default gen_random_uuid(),
    email text not null unique,
    full_name text not null,
    role text not null constraint profiles_role_check check (role in ('admin', 'sponsor', 'practitioner')),
    created_at timestamptz not null default now()
);
create table practitioner_assignments (
    id bigint generated always as identity primary key,
    practitioner_id uuid not null references profiles (id),
    sponsor_id uuid references profiles (id),
    active boolean not null default true,
    assigned_at timestamptz not null default now()
);
create table virtue_progress (
    id bigint generated always as identity primary key,
    practitioner_id uuid not null references profiles (id),
    virtue text not null,
    score int not null check (score between 0 and 10),
    noted_on date not null
);
insert into profiles (email, full_name, role)
select format('%s-%s@virtue.invalid', role, n), format('%s %s', initcap(role), n), role
  from (values ('admin', 2), ('sponsor', 12), ('practitioner', 120)) as kinds (role, many)
 cross join generate_series(1, many) as n;
-- Each practitioner has a sponsor; every tenth had another before.
with numbered as (select id, role, row_number() over (partition by role order by email) as n from profiles)
insert into practitioner_assignments (practitioner_id, sponsor_id, active)
select p.id, s.id, true
  from numbered p join numbered s on p.role = 'practitioner' and s.role = 'sponsor' and s.n = 1 + p.n % 12
union all
select p.id, s.id, false
  from numbered p join numbered s on p.role = 'practitioner' and s.role = 'sponsor' and s.n = 1 + (p.n + 5) % 12
 where p.n % 10 = 0;
insert into virtue_progress (practitioner_id, virtue, score, noted_on)
select id, virtue, 1 + abs(hashtext(email || virtue)) % 10, date '2024-11-01' + abs(hashtext(email)) % 60
  from profiles cross join unnest(array['patience', 'courage', 'honesty', 'gratitude']) as virtue
 where role = 'practitioner';
create index virtue_progress_practitioner on virtue_progress (practitioner_id);
analyze;
"""
# The server of the tests comes without contrib modules. This view has the columns that pg_stat_statements has had since
# PostgreSQL 13, so that a query for `total_time` fails here as it does there.
STATEMENTS = """
create view pg_stat_statements as
select 'select o.name from organizations o where o.organization_id = $1' as query,
       42::bigint as calls, 84.0::float8 as total_exec_time, 2.0::float8 as mean_exec_time, 42::bigint as rows
"""
# For the deployment to raise and to put back.
LIMIT = "alter database virtue connection limit 40"


def create(admin_dsn: str) -> str:
    """Make the database anew on a server, and return its connection string."""
    return stand_in_database.create(admin_dsn, NAME, PASSWORD, BEFORE, STATEMENTS, LIMIT)


def drop(admin_dsn: str) -> None:
    """Take the database away, whoever is connected."""
    stand_in_database.drop(admin_dsn, NAME)
