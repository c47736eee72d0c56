-- Back to the schema and the data of version 0.9, from wherever the launch stopped. Ours: the checklist has no way back.
-- May run again.
--
-- Lost: organizations that came with the launch and all of theirs, who was approved when, and every administrator: there was
-- none before, or the step that made the first one would not have begun.

drop index if exists public.launch_users_email, public.launch_users_organization, public.launch_organizations_enabled,
    public.launch_appointments_organization, public.launch_appointments_date, public.launch_clients_organization,
    public.launch_clients_identifier;

-- What the trial registration left, if it broke off.
delete from public.login_attempts where email = 'check@cockpit-check.invalid';

do $$
declare
    administrators bigint[];
    memo record;
begin
    if to_regclass('public.initial_admin') is not null then
        select array_agg("userId") into administrators from public.initial_admin;
        drop table public.initial_admin;
    end if;
    if to_regclass('public.launch_memo') is null then
        return;
    end if;
    select * into memo from public.launch_memo;
    if administrators is not null then
        -- The first one made others, or gave the role to somebody who was there before.
        delete from public.users where id = any (administrators) or (role = 'admin' and "createdAt" >= memo."beganAt");
        update public.users set role = 'user' where role = 'admin';
    end if;
    delete from public.organizations where "launchStage" is not null;
    -- Whom the old version let in on the new schema: it knows of no approval, and would keep them out for ever.
    if memo."enabledDefault" is distinct from 'false' then
        update public.organizations set enabled = true
         where not enabled and "approvedAt" is null and "createdAt" >= memo."beganAt";
    end if;
    if memo."enabledDefault" is null then
        alter table public.organizations alter column enabled drop default;
    else
        execute format('alter table public.organizations alter column enabled set default %s', memo."enabledDefault");
    end if;
    drop table public.launch_memo;
end
$$;

drop table if exists public.invitations;
drop table if exists public.settings;
alter table public.organizations drop column if exists "approvedAt";
alter table public.organizations drop column if exists "launchStage";
delete from public.migrations where name = 'Launch1763700000000';
