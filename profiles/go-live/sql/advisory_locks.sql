-- Two functions by which edge functions keep others out: `true` for one caller at a time, until it lets go or 10 minutes
-- (ours) have passed. May run again without harm.
--
-- They take no lock of the session, as the runbook's do: callers come over pooled connections, so the session is
-- anybody's. There the next caller of the same connection is let in, too, and one who lets go over another connection
-- lets go of nothing. A lease in a table belongs to nobody's connection. Longer work than the lease must take it again.

create schema if not exists advisory;
revoke all on schema advisory from public;

create table if not exists advisory.leases (
    lock_id bigint primary key,
    taken_at timestamptz not null,
    expires_at timestamptz not null
);
alter table advisory.leases enable row level security;

-- Every name with its schema, and no search path: without, `pg_try_advisory_lock` is the server's own or this function
-- itself, whichever the caller's path says, and with this function's rights whatever somebody put in front of either.
create or replace function public.pg_try_advisory_lock(lock_id bigint) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
    -- The server's own, for this transaction: whoever comes at the same moment is refused and does not wait. It also
    -- keeps out whoever holds the server's lock of this number directly.
    if not pg_catalog.pg_try_advisory_xact_lock($1) then
        return false;
    end if;
    insert into advisory.leases as held (lock_id, taken_at, expires_at)
    values ($1, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() + interval '10 minutes')
    on conflict on constraint leases_pkey do update
        set taken_at = excluded.taken_at, expires_at = excluded.expires_at
        where held.expires_at <= pg_catalog.clock_timestamp();
    return found;
end
$$;

create or replace function public.pg_advisory_unlock(lock_id bigint) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
    delete from advisory.leases held where held.lock_id = $1 and held.expires_at > pg_catalog.clock_timestamp();
    return found;
end
$$;

-- A new function may be called by everybody, here even by visitors without an account: they could lock all others out.
revoke all on function public.pg_try_advisory_lock(bigint) from public, anon, authenticated;
revoke all on function public.pg_advisory_unlock(bigint) from public, anon, authenticated;
grant execute on function public.pg_try_advisory_lock(bigint) to service_role;
grant execute on function public.pg_advisory_unlock(bigint) to service_role;

-- Else PostgREST does not find them until it is restarted. Sent when this commits.
notify pgrst, 'reload schema';
