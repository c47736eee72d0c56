"""The scheduler's database as version 0.9 left it: organizations, clients, appointments, and who tried to log in.

What is wrong with it is what the launch mends: new organizations are enabled at once, columns that are looked up have
no index, and there is no administrator.
"""

from __future__ import annotations

import hashlib

import psycopg
from psycopg import sql

NAME = "scheduler"
ROLE = "scheduler"
USER_EMAIL, USER_PASSWORD = "anna@praxis-nord.invalid", "a-user-of-the-stand-in"
ADMIN_EMAIL, ADMIN_PASSWORD = "admin@scheduler.invalid", "the-first-administrator"
_SCHEMA = """
create table organizations (
    id bigint generated always as identity primary key,
    name text not null,
    slug text not null unique,
    enabled boolean not null default true,
    "createdAt" timestamptz not null default now()
);
create table users (
    id bigint generated always as identity primary key,
    email text not null,
    "passwordHash" text not null,
    role text not null default 'user' check (role in ('user', 'admin')),
    "organizationId" bigint references organizations on delete cascade,
    "createdAt" timestamptz not null default now()
);
create table clients (
    id bigint generated always as identity primary key,
    "organizationId" bigint not null references organizations on delete cascade,
    identifier text not null,
    name text not null
);
create table appointments (
    id bigint generated always as identity primary key,
    "organizationId" bigint not null references organizations on delete cascade,
    "clientId" bigint not null references clients on delete cascade,
    staff text not null,
    date timestamptz not null,
    minutes int not null check (minutes > 0)
);
create table login_attempts (
    id bigint generated always as identity primary key,
    email text not null,
    succeeded boolean not null,
    at timestamptz not null default now()
);
create table migrations (id serial primary key, timestamp bigint not null, name text not null);
insert into migrations (timestamp, name) values (1760000000000, 'Beginning1760000000000');
insert into organizations (name, slug, "createdAt") values
    ('Praxis Nord', 'praxis-nord', now() - interval '60 days'),
    ('Salon Mitte', 'salon-mitte', now() - interval '40 days');
insert into clients ("organizationId", identifier, name)
    select o.id, 'C-' || n, 'Client ' || n from organizations o, generate_series(1, 120) n;
insert into appointments ("organizationId", "clientId", staff, date, minutes)
    select c."organizationId", c.id, 'staff-' || c.id % 4, date_trunc('day', now()) + c.id * interval '1 hour', 45
      from clients c;
insert into login_attempts (email, succeeded, at)
    select 'anna@praxis-nord.invalid', n % 40 <> 0, now() - n * interval '90 minutes' from generate_series(1, 200) n;
"""


def hashed(password: str) -> str:
    """A password as the application keeps it."""
    salt = hashlib.sha256(f"stand-in {password}".encode()).hexdigest()[:16]
    digest = hashlib.scrypt(password.encode(), salt=salt.encode(), n=1024, r=8, p=1, dklen=32)
    return f"scrypt:{salt}:{digest.hex()}"


def create(admin_dsn: str) -> str:
    """Make the database and its owner, filled; returns how the server itself is reached for it."""
    drop(admin_dsn)
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create role {} login").format(sql.Identifier(ROLE)))
        # What `ready` compares; a superuser is asked no such question.
        connection.execute(sql.SQL("grant execute on function pg_control_system() to {}").format(sql.Identifier(ROLE)))
        connection.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(NAME), sql.Identifier(ROLE)))
        slow = "alter database {} set log_min_duration_statement = '500ms'"
        connection.execute(sql.SQL(slow).format(sql.Identifier(NAME)))
    dsn = psycopg.conninfo.make_conninfo(admin_dsn, dbname=NAME, user=ROLE)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_SCHEMA.encode())
        connection.execute(
            'insert into users (email, "passwordHash", "organizationId") select %s, %s, id from organizations '
            "where slug = 'praxis-nord'",
            (USER_EMAIL, hashed(USER_PASSWORD)),
        )
    return dsn


def drop(admin_dsn: str) -> None:
    """Take the database and its owner away, whoever is connected."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(NAME)))
        role = sql.Identifier(ROLE)
        if connection.execute("select from pg_roles where rolname = %s", (ROLE,)).fetchone() is not None:
            connection.execute(sql.SQL("revoke execute on function pg_control_system() from {}").format(role))
            connection.execute(sql.SQL("drop role {}").format(role))
