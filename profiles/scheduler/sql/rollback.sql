-- Back to the schema and the data of version 0.9, from wherever the launch stopped. Ours: the checklist has no way back.
--
-- Lost: organizations that came with the launch and all of theirs, who was approved when, and the administrator.

drop index if exists public.launch_users_email, public.launch_users_organization, public.launch_organizations_enabled,
    public.launch_appointments_organization, public.launch_appointments_date, public.launch_clients_organization,
    public.launch_clients_identifier;

do $$
declare
    administrators bigint[];
begin
    if to_regclass('public.initial_admin') is not null then
        select array_agg("userId") into administrators from public.initial_admin;
        drop table public.initial_admin;
        delete from public.users where id = any (administrators);
    end if;
    if exists (select from pg_attribute where attrelid = 'public.organizations'::regclass and attname = 'launchStage'
                  and not attisdropped) then
        delete from public.organizations where "launchStage" is not null;
    end if;
end
$$;

drop table if exists public.invitations;
drop table if exists public.settings;
alter table public.organizations drop column if exists "approvedAt";
alter table public.organizations drop column if exists "launchStage";
alter table public.organizations alter column enabled set default true;
delete from public.migrations where name = 'Launch1763700000000';
