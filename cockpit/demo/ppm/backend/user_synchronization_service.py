# mypy: ignore-errors
"""Users and their profiles: what both command lines and the application do with them."""

import os
from contextlib import contextmanager

import psycopg
from psycopg.rows import dict_row

PARTS = """
select exists (select from pg_index where indexrelid = to_regclass('public.user_profiles_user_id_key')
                and indisunique and indisvalid) as unique_index,
       to_regprocedure('public.handle_new_user()') is not null as function,
       exists (select from pg_trigger where tgname = 'on_auth_user_created'
                and tgrelid = to_regclass('auth.users') and tgenabled in ('O', 'A')) as trigger
"""
STATUS = """
select (select count(*) from auth.users) as total_auth_users,
       (select count(*) from public.user_profiles) as total_profiles,
       (select count(*) from auth.users u
         where not exists (select from public.user_profiles p where p.user_id = u.id)) as missing_profiles
"""
MIGRATION = """
create unique index if not exists user_profiles_user_id_key on public.user_profiles (user_id);
create or replace function public.handle_new_user() returns trigger language plpgsql security definer
    set search_path = '' as $$
begin
    insert into public.user_profiles (user_id) values (new.id) on conflict (user_id) do nothing;
    return new;
end
$$;
create or replace trigger on_auth_user_created after insert on auth.users
    for each row execute function public.handle_new_user();
"""
ROLLBACK = """
drop trigger if exists on_auth_user_created on auth.users;
drop function if exists public.handle_new_user();
drop index if exists public.user_profiles_user_id_key;
"""
SYNC = """
insert into public.user_profiles (user_id)
select id from auth.users u where not exists (select from public.user_profiles p where p.user_id = u.id)
"""


@contextmanager
def database():
    with psycopg.connect(os.environ["DATABASE_URL"], row_factory=dict_row, connect_timeout=5) as connection:
        yield connection


def migration(connection):
    """What there is of the migration."""
    parts = connection.execute(PARTS).fetchone()
    return {"applied": all(parts.values()), "parts": parts, "missing": [name for name in parts if not parts[name]]}


def status(connection):
    """How far users and profiles agree."""
    found = connection.execute(STATUS).fetchone()
    users, missing = found["total_auth_users"], found["missing_profiles"]
    percentage = 100.0 if not users else round(100.0 * (users - missing) / users, 2)
    return {"status": "degraded" if missing else "healthy", **found, "sync_percentage": percentage}


def sync(connection, dry_run):
    """Make the profiles that are missing."""
    created = connection.execute(SYNC).rowcount
    if dry_run:
        connection.rollback()
    left = status(connection)["missing_profiles"]
    return {
        "dry_run": dry_run,
        "missing": created if dry_run else left,
        "created": 0 if dry_run else created,
        "failed": 0,
    }


def try_trigger(connection):
    """Whether a user who registers gets a profile; nothing of it stays."""
    row = connection.execute(
        "insert into auth.users (email, encrypted_password) values ('trigger-test@ppm.invalid', '') returning id"
    ).fetchone()
    made = connection.execute("select count(*) as n from public.user_profiles where user_id = %s", (row["id"],))
    count = made.fetchone()["n"]
    connection.rollback()
    return {"ok": count == 1, "profiles_created": count}


def create_profile(connection, user_id, role):
    """A profile for one user, or another role for the one there is."""
    known = connection.execute("select 1 as known from auth.users where id = %s", (user_id,)).fetchone()
    if known is None:
        raise LookupError(f"there is no user {user_id}")
    done = connection.execute("update public.user_profiles set role = %s where user_id = %s", (role, user_id))
    if not done.rowcount:
        connection.execute("insert into public.user_profiles (user_id, role) values (%s, %s)", (user_id, role))
    return {"user_id": user_id, "role": role, "created": not done.rowcount}
