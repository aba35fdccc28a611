-- The triggers that views have in common through which rows are written, or refused. The row trigger of each is beside it.

CREATE FUNCTION npcsim_internal.write_edits() RETURNS trigger
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_write_edits';
REVOKE ALL ON FUNCTION npcsim_internal.write_edits() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.write_edits() IS
    'AFTER STATEMENT trigger of the views that can be written: writes all that the statement changed at once';

CREATE FUNCTION npcsim_internal.refuse_edit() RETURNS trigger
    LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'npcsim_refuse_edit';
REVOKE ALL ON FUNCTION npcsim_internal.refuse_edit() FROM PUBLIC;
COMMENT ON FUNCTION npcsim_internal.refuse_edit() IS
    'INSTEAD OF trigger of the views that cannot be written (0A000); its argument is the hint';
