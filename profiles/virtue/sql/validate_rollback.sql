-- Is everything as it was before the migration? Fails with what is left of it. Changes nothing.
--
-- By hand: psql -v ON_ERROR_STOP=1 -f validate_rollback.sql "$DATABASE_URL"
-- The validation of the migration cannot be asked: after a rollback that worked it has to fail.

do $$
declare
    left_over text;
    found bigint;
begin
    select string_agg(what, ', ') into left_over
      from (
        select 'table organizations' as what where to_regclass('public.organizations') is not null
        union all
        select 'schema organizational_model' where to_regnamespace('organizational_model') is not null
        union all
        select format('column %s.%s', attrelid::regclass, attname)
          from pg_catalog.pg_attribute
         where attrelid in (to_regclass('public.profiles'), to_regclass('public.practitioner_assignments'))
           and attname in ('organization_id', 'supervisor_id', 'supervisor_role') and not attisdropped
        union all
        select format('index %s', name)
          from unnest(array['profiles_organization', 'assignments_supervisor', 'assignments_practitioner']) as name
         where to_regclass('public.' || name) is not null
      ) as remains;

    select count(*) into found from public.profiles where role not in ('admin', 'sponsor', 'practitioner');
    if found > 0 then
        left_over := concat_ws(', ', left_over, format('%s profiles with a new role', found));
    end if;

    if left_over is not null then
        raise exception 'the rollback is not complete: %', left_over;
    end if;
    raise notice 'everything is as it was before the migration';
end
$$;
