-- The database as the checklist finds it: everything is there but the two lock functions, and nobody is let in yet.
-- As with the hosted vendor, whatever function is made in `public` may be called by anybody until that is taken back.
alter default privileges in schema public grant execute on functions to anon, authenticated, service_role;
grant usage on schema public to anon, authenticated, service_role;

create schema supabase_migrations;
create table supabase_migrations.schema_migrations (version text primary key, name text);
insert into supabase_migrations.schema_migrations values
  ('20250901090000', 'tenants'), ('20250915090000', 'payments'), ('20251020090000', 'alerts');

create table tenants (id int primary key, name text not null);
insert into tenants values (1, 'Harbour Books'), (2, 'Kiosk 9'), (3, 'Tramline Coffee');

create table profiles (
  user_id uuid primary key default gen_random_uuid(), email text not null unique, tenant_id int references tenants,
  role text not null check (role in ('super_admin', 'owner', 'admin')), totp_enabled boolean not null default false,
  mfa_last_verified_at timestamptz);
create index on profiles (tenant_id);
-- Two verified their second factor a moment ago, and go on doing so: a demo may take its time.
insert into profiles (email, tenant_id, role, totp_enabled, mfa_last_verified_at) values
  ('root@platform.invalid', null, 'super_admin', true, now() + interval '1 day'),
  ('owner@harbour.invalid', 1, 'owner', true, now() + interval '1 day'),
  ('admin@harbour.invalid', 1, 'admin', true, now() - interval '2 hours'),
  ('owner@kiosk.invalid', 2, 'owner', true, now() - interval '1 day'),
  ('owner@tramline.invalid', 3, 'owner', true, null);

create table platform_settings (key text primary key, value text not null);
insert into platform_settings values ('accepting_tenants', 'false');

create table platform_security_policy (
  one boolean primary key default true check (one), require_2fa boolean not null, step_up_minutes int not null);
insert into platform_security_policy values (true, true, 15);

create table tenant_security_policies (
  tenant_id int primary key references tenants, require_2fa_for_admins boolean not null default true,
  require_2fa_for_payments boolean not null default true, step_up_minutes int not null default 15);
insert into tenant_security_policies (tenant_id) select id from tenants;

create table audit_logs (
  id bigint generated always as identity primary key, at timestamptz not null default clock_timestamp(), actor text not null,
  action text not null, ip inet, user_agent text, request_id text, before jsonb, after jsonb);
create index on audit_logs (at);
create function keep_audit_logs() returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception 'audit_logs is written once';
end $$;
create trigger written_once before update or delete on audit_logs for each row execute function keep_audit_logs();
create trigger never_emptied before truncate on audit_logs for each statement execute function keep_audit_logs();
insert into audit_logs (actor, action, ip, user_agent, request_id, before, after)
select 'owner@harbour.invalid', action, '192.0.2.7', 'Firefox', 'req-' || action, '{}', '{"changed": true}'
  from unnest(array['tenant.update', 'admin.invite', 'provider.update']) action;

create table retention_policies (kind text primary key, days int not null);
insert into retention_policies values ('audit_logs', 2555), ('webhook_events', 90), ('exports', 30);

create table alert_rules (name text primary key, is_enabled boolean not null);
insert into alert_rules values ('payments failing', true), ('dead letters', true), ('mfa failing', true);
create table alert_channels (kind text primary key, is_enabled boolean not null);
insert into alert_channels values ('email', true), ('webhook', true);

create table payment_providers (
  tenant_id int references tenants, provider text not null, credentials_ref text, webhook_secret_ref text,
  is_enabled boolean not null default true, primary key (tenant_id, provider));
insert into payment_providers select id, 'paywise', 'vault/' || id || '/key', 'vault/' || id || '/hook' from tenants;

create table webhook_events (
  id bigint generated always as identity primary key, event_id text not null unique, tenant_id int references tenants,
  status text not null, error text, attempts int not null default 1, received_at timestamptz not null default now());
create index on webhook_events (tenant_id);
create table webhook_dlq (
  id bigint generated always as identity primary key, event_id text not null, reason text not null, resolved_at timestamptz);

create table payments (
  id bigint generated always as identity primary key, tenant_id int not null references tenants, cents int not null,
  status text not null, is_test boolean not null, created_at timestamptz not null default now());
create index on payments (tenant_id);
create table reconciliations (
  id bigint generated always as identity primary key, statement text not null, matched int not null,
  unmatched int not null, is_sample boolean not null, at timestamptz not null default now());
insert into reconciliations (statement, matched, unmatched, is_sample) values ('2025-10 Harbour Books', 212, 0, false);

create table mfa_challenges (id bigint generated always as identity primary key, at timestamptz not null default now(), passed boolean not null);
insert into mfa_challenges (passed) select n > 1 from generate_series(1, 40) n;

create table test_scenarios (title text primary key, area text not null, status text not null default 'pending');
insert into test_scenarios values
  ('Provision a tenant', 'Super Admin', 'pass'), ('Invite an admin', 'Owner', 'pass'), ('Refuse a refund', 'Admin', 'pass'),
  ('Create, refund, settle', 'Payment', 'pass'), ('Retry a webhook', 'Webhook', 'pass'), ('Acknowledge an alert', 'Alert', 'pass');

create table exports (id bigint generated always as identity primary key, sha256 text, rows int not null);
insert into exports (sha256, rows) values (repeat('ab', 32), 1200);

do $$
declare name text;
begin
  for name in select tablename from pg_tables where schemaname = 'public' loop
    execute format('alter table public.%I enable row level security', name);
    execute format('grant select, insert, update, delete on public.%I to service_role', name);
    execute format('create policy service on public.%I to service_role using (true) with check (true)', name);
  end loop;
end $$;
revoke update, delete on audit_logs from service_role;
