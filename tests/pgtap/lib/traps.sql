-- Sets the traps that a hostile owner of a database could set for a superuser who installs or upgrades npcsim there, and finds what
-- of the extension fell into one. To be included with \ir in a database that has PostGIS in public and no npcsim yet (or an old
-- one). All that is made here is in the schema traps, except the traps themselves:
--
--     CALL traps.set();                        the role npcsim_stranger owns the database and sets the traps, in public
--     CREATE EXTENSION npcsim;
--     SELECT * FROM traps.bound;               everything of the extension that depends on something foreign
--     SELECT * FROM traps.stored;              the same, found in the stored expressions themselves
--
-- The names are those that the scripts in the extension's directory use, and those of PostGIS that src/ uses. A trap raises an error
-- whoever calls it. There is one for every type, or pair of types, that an expression could have.

CREATE SCHEMA traps;

-- The install script and the upgrade scripts, without comments and COMMENT ON.
CREATE FUNCTION traps.script() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT regexp_replace(regexp_replace(string_agg(pg_read_file(d.dir || f.name), E'\n'), '--[^\n]*', '', 'g'),
                          '(?n)^COMMENT ON .* IS\s+''.*$', '', 'g')
      FROM (SELECT setting || '/extension/' FROM pg_config WHERE name = 'SHAREDIR') d (dir),
           LATERAL pg_ls_dir(d.dir) f (name)
     WHERE f.name LIKE 'npcsim--%.sql'
$$;

-- The operators: those that are written, and those that the grammar implies (IN, BETWEEN, LIKE, CASE … WHEN, IS DISTINCT FROM, ALL).
CREATE TABLE traps.operators AS
SELECT DISTINCT o.oprname AS name,
       o.oprname ~ '^[<>=!~@&|?]+$' AND o.oprname NOT IN ('|', '&', '||', '@') AS compares
  FROM pg_catalog.pg_operator o
 WHERE o.oprname IN (SELECT m[1] FROM pg_catalog.regexp_matches(traps.script(), '[-+*/<>=~!@#%^&|?]+', 'g') m)
    OR o.oprname IN ('=', '<>', '<', '<=', '>', '>=', '~~', '!~~', '&&');

CREATE TABLE traps.functions AS
SELECT DISTINCT p.proname AS name, p.prokind = 'a' AS aggregates
  FROM pg_catalog.pg_proc p
 WHERE p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace AND p.proname IN ('geometrytype', 'st_makeenvelope', 'st_makeline', 'st_makepoint', 'st_x', 'st_y')
    OR p.prokind IN ('f', 'a') AND p.proname IN (
        SELECT pg_catalog.lower(m[1]) FROM pg_catalog.regexp_matches(traps.script(), '([A-Za-z_][A-Za-z0-9_]*)\s*\(', 'g') m
        UNION SELECT unnest('{timezone,floor,random}'::text[]));

-- PostgreSQL's types and relations that the scripts name, and npcsim's relations.
CREATE TABLE traps.words AS
SELECT DISTINCT pg_catalog.lower(m[1]) AS word FROM pg_catalog.regexp_matches(traps.script(), '([A-Za-z_][A-Za-z0-9_]*)', 'g') m;
CREATE TABLE traps.types AS
SELECT t.typname AS name FROM pg_catalog.pg_type t
 WHERE t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace AND t.typtype = 'b'
   AND (t.typname IN (SELECT word FROM traps.words) OR t.typname IN ('bool', 'int2', 'int4', 'int8', 'float8', 'numeric'));
CREATE TABLE traps.relations AS
SELECT c.relname::text AS name FROM pg_catalog.pg_class c
 WHERE c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace AND c.relkind IN ('r', 'v') AND c.relname IN (SELECT word FROM traps.words)
 UNION
SELECT m[1] FROM pg_catalog.regexp_matches(traps.script(), '(?:TABLE|VIEW) npcsim\.([a-z_]+)', 'g') m;

-- The types of operands; not every one of them is the type of an expression in the scripts today.
CREATE TABLE traps.operands AS
SELECT pg_catalog.unnest('{smallint,integer,bigint,real,double precision,numeric,text,name,"\"char\"",boolean,date,timestamptz,interval,json,jsonb,bytea,oid,smallint[],integer[],bigint[],text[],jsonb[],regclass,public.geometry,public.trap,anyelement,anyarray}'::text[]) AS type;

GRANT USAGE ON SCHEMA traps TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA traps TO PUBLIC;

-- Sets the traps; the stranger runs this. A trap that cannot be made is left out, since it is no danger.
CREATE PROCEDURE traps.try(statement text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    NULL;
END
$$;

CREATE PROCEDURE traps.make()
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $make$
DECLARE
    raises text := $$ LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''a trap was called by %'', current_user USING ERRCODE = ''TRAPS''; END' $$;
    it record;
BEGIN
    CREATE TYPE public.trap AS (x integer);
    EXECUTE 'CREATE FUNCTION public.trap() RETURNS boolean' || raises;

    -- Operators: of two operands, and of one.
    FOR it IN SELECT l.type AS l, r.type AS r FROM traps.operands l, traps.operands r LOOP
        EXECUTE format('CREATE FUNCTION public.trap_compares(%s, %s) RETURNS boolean', it.l, it.r) || raises;
        EXECUTE format('CREATE FUNCTION public.trap_computes(%s, %s) RETURNS %s', it.l, it.r,
                       CASE 'double precision' WHEN it.r THEN it.r ELSE it.l END) || raises;
    END LOOP;
    FOR it IN SELECT o.name, o.compares, l.type AS l, r.type AS r FROM traps.operators o, traps.operands l, traps.operands r LOOP
        CALL traps.try(format('CREATE OPERATOR public.%s (FUNCTION = public.%s, LEFTARG = %s, RIGHTARG = %s)', it.name,
                              CASE WHEN it.compares THEN 'trap_compares' ELSE 'trap_computes' END, it.l, it.r));
    END LOOP;
    FOR it IN SELECT r.type AS r FROM traps.operands r LOOP
        EXECUTE format('CREATE FUNCTION public.trap_computes(%s) RETURNS %s', it.r, it.r) || raises;
    END LOOP;
    FOR it IN SELECT o.name, r.type AS r FROM traps.operators o, traps.operands r LOOP
        CALL traps.try(format('CREATE OPERATOR public.%s (FUNCTION = public.trap_computes, RIGHTARG = %s)', it.name, it.r));
    END LOOP;

    -- Functions: with the arguments of those there are, without those that have defaults, with all of them of another type, and
    -- with one of them of another type.
    FOR it IN
        WITH known AS (
            SELECT p.oid, p.proname, f.aggregates, p.proretset, format_type(p.prorettype, NULL) AS result,
                   ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n) ORDER BY n) AS types,
                   p.pronargdefaults AS defaults
              FROM traps.functions f JOIN pg_proc p ON p.proname = f.name
             WHERE p.prokind IN ('f', 'a') AND p.pronamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname IN ('npcsim', 'npcsim_internal', 'traps', 'tap'))
        ), wanted AS (
            SELECT proname, aggregates, proretset, result, types FROM known
             UNION
            SELECT proname, aggregates, proretset, result, types[1 : cardinality(types) - n]
              FROM known, generate_series(1, defaults) n
             UNION
            SELECT proname, aggregates, proretset, result, array_fill(o.type, ARRAY[cardinality(types)])
              FROM known, traps.operands o WHERE cardinality(types) BETWEEN 1 AND 5
             UNION
            SELECT proname, aggregates, proretset, result, types[1 : n - 1] || o.type || types[n + 1 :]
              FROM known, traps.operands o, generate_series(1, 2) n WHERE cardinality(types) = 2
        )
        SELECT DISTINCT ON (proname, types) * FROM wanted ORDER BY proname, types
    LOOP
        IF NOT it.aggregates THEN
            CALL traps.try(format('CREATE FUNCTION public.%I(%s) RETURNS %s %s', it.proname, array_to_string(it.types, ', '),
                                  CASE WHEN it.proretset THEN 'SETOF' END, it.result) || raises);
        ELSE
            CALL traps.try(format('CREATE FUNCTION public.trap_gathers(%s) RETURNS bigint',
                                  array_to_string('bigint'::text || it.types, ', ')) || raises);
            CALL traps.try(format('CREATE AGGREGATE public.%I(%s) (SFUNC = public.trap_gathers, STYPE = bigint)', it.proname,
                                  coalesce(nullif(array_to_string(it.types, ', '), ''), '*')));
        END IF;
    END LOOP;

    -- Casts to a type of the stranger's, by which its operators would fit every operand.
    FOR it IN SELECT o.type FROM traps.operands o WHERE o.type NOT LIKE 'any%' AND o.type <> 'public.trap' LOOP
        EXECUTE format('CREATE FUNCTION public.trap_casts(%s) RETURNS public.trap', it.type) || raises;
        EXECUTE format('CREATE CAST (%s AS public.trap) WITH FUNCTION public.trap_casts(%1$s) AS IMPLICIT', it.type);
    END LOOP;

    -- Types and relations.
    FOR it IN SELECT t.name FROM traps.types t LOOP
        EXECUTE format('CREATE DOMAIN public.%I AS pg_catalog.%1$I CHECK (public.trap())', it.name);
    END LOOP;
    FOR it IN SELECT r.name FROM traps.relations r LOOP
        CALL traps.try(format('CREATE VIEW public.%I AS SELECT public.trap() AS id', it.name));
    END LOOP;
END
$make$;

CREATE PROCEDURE traps.set()
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'npcsim_stranger') THEN
        CREATE ROLE npcsim_stranger;
    END IF;
    EXECUTE format('ALTER DATABASE %I OWNER TO npcsim_stranger', current_database());
    GRANT USAGE, CREATE ON SCHEMA public TO PUBLIC;
    SET LOCAL ROLE npcsim_stranger;
    CALL traps.make();
    RESET ROLE;
END
$$;

-- What belongs to the extension: its members, and what is dropped with them (constraints, defaults, rules, indexes).
CREATE VIEW traps.owned AS
WITH RECURSIVE owned AS (
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
     WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e' AND e.extname = 'npcsim'
     UNION
    SELECT d.classid, d.objid FROM owned o JOIN pg_catalog.pg_depend d ON d.refclassid = o.classid AND d.refobjid = o.objid
     WHERE d.deptype IN ('i', 'a', 'P', 'S')
)
SELECT classid, objid FROM owned;

-- What it may depend on besides its own: PostgreSQL itself and PostGIS.
CREATE VIEW traps.trusted AS
SELECT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
 WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e' AND e.extname = 'postgis'
 UNION ALL
SELECT 'pg_catalog.pg_extension'::pg_catalog.regclass, e.oid FROM pg_catalog.pg_extension e WHERE e.extname IN ('npcsim', 'postgis');

CREATE VIEW traps.bound AS
SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) AS object,
       pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) AS depends_on
  FROM traps.owned o JOIN pg_catalog.pg_depend d ON d.classid = o.classid AND d.objid = o.objid
 WHERE d.refobjid >= 16384
   AND (d.refclassid, d.refobjid) NOT IN (SELECT classid, objid FROM traps.owned)
   AND (d.refclassid, d.refobjid) NOT IN (SELECT classid, objid FROM traps.trusted);

-- The operators and functions in the stored expressions, whatever pg_depend says.
CREATE VIEW traps.stored AS
WITH expressions (object, expression) AS (
    SELECT pg_catalog.pg_describe_object('pg_catalog.pg_constraint'::pg_catalog.regclass, c.oid, 0), c.conbin::text
      FROM pg_catalog.pg_constraint c WHERE c.conrelid IN (SELECT objid FROM traps.owned) OR c.contypid IN (SELECT objid FROM traps.owned)
     UNION ALL
    SELECT pg_catalog.pg_describe_object('pg_catalog.pg_rewrite'::pg_catalog.regclass, r.oid, 0), r.ev_action::text || r.ev_qual::text
      FROM pg_catalog.pg_rewrite r WHERE r.ev_class IN (SELECT objid FROM traps.owned)
     UNION ALL
    SELECT pg_catalog.pg_describe_object('pg_catalog.pg_attrdef'::pg_catalog.regclass, a.oid, 0), a.adbin::text
      FROM pg_catalog.pg_attrdef a WHERE a.adrelid IN (SELECT objid FROM traps.owned)
     UNION ALL
    SELECT pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid, 0), pg_catalog.concat(i.indexprs::text, i.indpred::text)
      FROM pg_catalog.pg_index i WHERE i.indrelid IN (SELECT objid FROM traps.owned)
     UNION ALL
    SELECT pg_catalog.pg_describe_object('pg_catalog.pg_trigger'::pg_catalog.regclass, t.oid, 0), t.tgqual::text
      FROM pg_catalog.pg_trigger t WHERE t.tgrelid IN (SELECT objid FROM traps.owned)
     UNION ALL
    SELECT pg_catalog.pg_describe_object('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0), pg_catalog.concat(p.prosqlbody::text, p.proargdefaults::text)
      FROM pg_catalog.pg_proc p WHERE p.oid IN (SELECT objid FROM traps.owned)
     UNION ALL
    SELECT pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, c.oid, 0), pg_catalog.concat(c.relpartbound::text, p.partexprs::text)
      FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = c.oid WHERE c.oid IN (SELECT objid FROM traps.owned)
), names AS (
    SELECT DISTINCT e.object, m[1] AS kind, m[2]::pg_catalog.oid AS id
      FROM expressions e, LATERAL pg_catalog.regexp_matches(e.expression, ':(opno|opfuncid|funcid|aggfnoid|winfnoid|resulttype|consttype) (\d+)', 'g') m
)
SELECT n.object, n.kind, n.id
  FROM names n
 WHERE n.id >= 16384 AND n.id NOT IN (SELECT objid FROM traps.owned) AND n.id NOT IN (SELECT objid FROM traps.trusted);
