-- Version 1.0's schema. May run again; version 0.9 goes on working on it, so it comes before the new version is deployed.
--
-- By hand: psql -v ON_ERROR_STOP=1 -1 -f 01_schema.sql "$DATABASE_URL"

-- What only the way back asks: since when, and what it was like before. As it was the first time, however often this runs.
create table if not exists public.launch_memo (
    only_one boolean primary key default true check (only_one),
    "beganAt" timestamptz not null default now(),
    "enabledDefault" text
);
insert into public.launch_memo ("enabledDefault")
select pg_get_expr(d.adbin, d.adrelid)
  from pg_attribute a left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
 where a.attrelid = 'public.organizations'::regclass and a.attname = 'enabled'
    on conflict do nothing;

-- Who registers from now on waits for approval. Organizations that are there stay as they are.
alter table public.organizations alter column enabled set default false;
alter table public.organizations add column if not exists "approvedAt" timestamptz;
alter table public.organizations add column if not exists "launchStage" text;

create table if not exists public.settings (key text primary key, value text not null);
insert into public.settings (key, value) values ('registration', 'closed') on conflict (key) do nothing;

create table if not exists public.invitations (
    code text primary key,
    stage text not null,
    used boolean not null default false
);

-- One row at most, for ever: what makes a second initial administrator impossible.
create table if not exists public.initial_admin (
    only_one boolean primary key default true check (only_one),
    "userId" bigint not null references public.users,
    "createdAt" timestamptz not null default now()
);

-- TypeORM's own list, so that it does not run the same migration once more.
insert into public.migrations (timestamp, name)
select 1763700000000, 'Launch1763700000000'
 where not exists (select from public.migrations where name = 'Launch1763700000000');
