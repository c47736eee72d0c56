-- Is the migration complete? Fails with the list of critical errors; what is merely odd is a WARNING. Changes nothing.
--
-- By hand: psql -v ON_ERROR_STOP=1 -f 04_validate.sql "$DATABASE_URL" (without ON_ERROR_STOP psql ends with 0 all the same)

do $$
declare
    errors text[] := '{}';
    found bigint;
    missing text;
begin
    select count(*) into found from public.profiles where organization_id is null;
    if found > 0 then
        errors := errors || format('%s profiles without an organization', found);
    end if;

    select count(*) into found from public.profiles where role = 'sponsor';
    if found > 0 then
        errors := errors || format('%s profiles are still sponsors', found);
    end if;

    select count(*) into found from public.practitioner_assignments where active and supervisor_id is null;
    if found > 0 then
        errors := errors || format('%s active assignments without a supervisor', found);
    end if;

    select count(*) into found
      from public.practitioner_assignments a left join public.profiles p on p.id = a.supervisor_id
     where a.supervisor_id is not null and (a.supervisor_role is distinct from 'coach' or p.role is distinct from 'coach');
    if found > 0 then
        errors := errors || format('%s assignments whose supervisor is no coach', found);
    end if;

    select count(*) into found from organizational_model.counted;
    if found <> 3 then
        errors := errors || 'nothing was counted before the data were migrated'::text;
    end if;

    select string_agg(c.what, ', ' order by c.what) into missing
      from organizational_model.counted c
      join (
        select 'profiles' as what, count(*) as number,
               md5(coalesce(string_agg(id::text || email, ',' order by id), '')) as digest
          from public.profiles
        union all
        select 'assignments', count(*),
               md5(coalesce(string_agg(id::text || practitioner_id || coalesce(sponsor_id::text, ''), ',' order by id), ''))
          from public.practitioner_assignments
        union all
        select 'progress', count(*),
               md5(coalesce(string_agg(id::text || practitioner_id || virtue || score || noted_on, ',' order by id), ''))
          from public.virtue_progress
      ) now using (what)
     where (now.number, now.digest) is distinct from (c.number, c.digest);
    if missing is not null then
        errors := errors || format('not what was counted before: %s', missing);
    end if;

    select string_agg(wanted.name, ', ' order by wanted.name) into missing
      from unnest(array['profiles_organization', 'assignments_supervisor', 'assignments_practitioner']) as wanted (name)
     where not exists (
        select from pg_catalog.pg_index i
         where i.indexrelid = to_regclass('public.' || wanted.name) and i.indisvalid and i.indisready);
    if missing is not null then
        errors := errors || format('missing or invalid indexes: %s', missing);
    end if;

    select string_agg(conname, ', ' order by conname) into missing
      from pg_catalog.pg_constraint
     where conrelid in ('public.profiles'::regclass, 'public.practitioner_assignments'::regclass) and not convalidated;
    if missing is not null then
        errors := errors || format('constraints that were not validated: %s', missing);
    end if;

    select count(*) into found
      from public.profiles p
     where p.role = 'coach' and not exists (select from public.practitioner_assignments a where a.supervisor_id = p.id);
    if found > 0 then
        raise warning '% coaches without a practitioner', found;
    end if;

    if cardinality(errors) > 0 then
        raise exception 'the migration is not valid: %', array_to_string(errors, '; ')
            using hint = 'roll back, or repair the data and run the data migration again';
    end if;
    raise notice 'the migration is valid';
end
$$;
