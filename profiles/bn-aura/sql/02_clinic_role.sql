-- The role "beautician" joins the clinic roles.
--
-- By hand: psql -v ON_ERROR_STOP=1 -f 02_clinic_role.sql. Running it again changes nothing.
--
-- A step of its own, outside any transaction block: before PostgreSQL 12 the statement refuses to run in one, and in every
-- version the new label cannot be used until the transaction that added it has committed. IF NOT EXISTS is enough; no DO
-- block is needed, and one that looks the type up by its name alone fails where another schema has one of that name.
--
-- There is no way back: PostgreSQL cannot drop a label from an enum.

ALTER TYPE public.clinic_role ADD VALUE IF NOT EXISTS 'beautician';
