-- For tests that write tables of state by hand, because what they need would take the world a day, or a fault:
-- pg_temp.by_hand('world_clock', …) disables the guards of these tables against statements that are not npcsim's own.
CREATE FUNCTION pg_temp.by_hand(VARIADIC tables text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    guard record;
BEGIN
    FOR guard IN SELECT t.tgname, t.tgrelid::regclass AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                  WHERE c.relnamespace = 'npcsim'::regnamespace AND c.relname = ANY (tables) AND t.tgname IN ('refuse_write', 'refuse_rows')
    LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', guard.name, guard.tgname);
    END LOOP;
END
$$;
