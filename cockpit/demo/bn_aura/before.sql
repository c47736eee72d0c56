-- BN-Aura's database before the deployment: what the vendor brings (schema auth, two roles), and the clinics' own tables.
--
-- As in a real one not all is well: a function without a fixed search path, a foreign key without an index, an index that
-- nobody uses, test accounts that were forgotten, and customers' codes that were given by hand.

create schema auth;
create table auth.users (
    id uuid primary key default gen_random_uuid(),
    email text not null unique,
    encrypted_password text not null,
    last_sign_in_at timestamptz,
    created_at timestamptz not null default now()
);
create table auth.sessions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    created_at timestamptz not null default now()
);
create function auth.uid() returns uuid language sql stable set search_path = '' as
$$ select (nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub')::uuid $$;
grant usage on schema auth to authenticated;

create type public.clinic_role as enum ('owner', 'manager', 'doctor', 'receptionist');
create table public.clinics (
    id bigint generated always as identity primary key,
    name text not null
);
create table public.clinic_staff (
    user_id uuid not null references auth.users (id) on delete cascade,
    clinic_id bigint not null references public.clinics (id),
    role public.clinic_role not null,
    primary key (user_id, clinic_id)
);
create index clinic_staff_clinic on public.clinic_staff (clinic_id);
create table public.customers (
    id uuid primary key default gen_random_uuid(),
    clinic_id bigint not null references public.clinics (id),
    name text not null,
    customer_code text unique,
    created_at timestamptz not null default now()
);
create index customers_clinic on public.customers (clinic_id);
create index customers_name_lower on public.customers (lower(name));
create table public.workflow_states (
    id uuid primary key default gen_random_uuid(),
    clinic_id bigint not null references public.clinics (id),
    customer_id uuid not null references public.customers (id) on delete cascade,
    state text not null default 'requested' check (state in ('requested', 'scheduled', 'in_treatment', 'completed')),
    created_at timestamptz not null default now()
);
create index workflow_states_clinic on public.workflow_states (clinic_id);
create index workflow_states_customer on public.workflow_states (customer_id);
create table public.sales_commissions (
    id bigint generated always as identity primary key,
    clinic_id bigint not null references public.clinics (id),
    customer_id uuid references public.customers (id) on delete cascade,
    cents int not null,
    created_at timestamptz not null default now()
);
create index sales_commissions_clinic on public.sales_commissions (clinic_id);
create table public.audit_logs (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    who uuid,
    what text not null,
    row_id text not null
);

create function public.note_change() returns trigger language plpgsql security definer set search_path = '' as
$$
begin
    insert into public.audit_logs (who, what, row_id)
    values (auth.uid(), tg_op || ' ' || tg_table_name, coalesce(new.id, old.id)::text);
    return coalesce(new, old);
end
$$;
create trigger audit after insert or update or delete on public.customers
    for each row execute function public.note_change();
create trigger audit after insert or update or delete on public.workflow_states
    for each row execute function public.note_change();
create function public.clinic_name(clinic bigint) returns text language sql stable as
$$ select name from clinics where id = clinic $$;

insert into public.clinics (name) values ('Aurora'), ('Bellaria'), ('Corallo'), ('Dafne');
insert into auth.users (email, encrypted_password, last_sign_in_at)
select email, encode(sha256(convert_to(password, 'utf8')), 'hex'), now() - interval '9 hours'
  from (values ('giulia.ferri@aurora.invalid', 'PASSWORD'), ('testa.rossi@aurora.invalid', 'montagna-verde-7'),
               ('luca.serra@bellaria.invalid', 'mare-calmo-12'), ('anna.conti@corallo.invalid', 'sole-alto-31'),
               ('marta.villa@dafne.invalid', 'vento-forte-5'),
               ('test@bn-aura.invalid', 'test123'), ('test2@bn-aura.invalid', 'test123'),
               ('giulia.ferri+test@aurora.invalid', 'test123')) as people (email, password);
insert into auth.sessions (user_id) select id from auth.users;
insert into public.clinic_staff (user_id, clinic_id, role)
select u.id, c.id, (case when u.email like 'testa.%' then 'receptionist' else 'owner' end)::public.clinic_role
  from auth.users u join public.clinics c on split_part(split_part(u.email, '@', 2), '.', 1) = lower(c.name);
insert into public.clinic_staff (user_id, clinic_id, role)
select id, 1, 'doctor' from auth.users where email like 'test%@bn-aura.invalid';
insert into public.customers (clinic_id, name, customer_code, created_at)
select 1 + n % 4, 'Customer ' || n,
       case when n = 7 then 'CUST-001002' when n % 3 = 0 then 'CUST-' || lpad(n::text, 6, '0') end,
       now() - interval '90 days' + n * interval '1 hour'
  from generate_series(1, 240) as n;
insert into public.workflow_states (clinic_id, customer_id, state, created_at)
select clinic_id, id, (array['requested', 'scheduled', 'in_treatment', 'completed'])[1 + abs(hashtext(name)) % 4],
       created_at
  from public.customers;
insert into public.sales_commissions (clinic_id, customer_id, cents, created_at)
select clinic_id, customer_id, 1500 + abs(hashtext(id::text)) % 9000, created_at
  from public.workflow_states where state = 'completed';

alter table public.clinics enable row level security;
alter table public.clinic_staff enable row level security;
alter table public.customers enable row level security;
alter table public.workflow_states enable row level security;
alter table public.sales_commissions enable row level security;
alter table public.audit_logs enable row level security;
create policy everyone on public.clinics for select to authenticated using (true);
create policy own on public.clinic_staff for select to authenticated using (user_id = auth.uid());
create policy own_clinic on public.customers to authenticated
    using (clinic_id in (select clinic_id from public.clinic_staff where user_id = auth.uid()));
create policy own_clinic on public.workflow_states to authenticated
    using (clinic_id in (select clinic_id from public.clinic_staff where user_id = auth.uid()));
create policy own_clinic on public.sales_commissions to authenticated
    using (clinic_id in (select clinic_id from public.clinic_staff where user_id = auth.uid()));
create policy nobody on public.audit_logs to authenticated using (false);
grant usage on schema public to anon, authenticated;
grant select on public.clinics, public.clinic_staff to authenticated;
grant select, insert, update, delete on public.customers, public.workflow_states, public.sales_commissions to authenticated;
analyze;
