-- Describes an installation of npcsim: every object that belongs to the extension, and every property of it that SQL shows, in
-- words that are the same for every installation. The functions are in a schema that outlives a session and a DROP EXTENSION.

CREATE SCHEMA described;
CREATE FUNCTION described.rights(acl aclitem[]) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s: %s%s by %s', CASE grantee WHEN 0 THEN 'public' ELSE grantee::regrole::text END, privilege_type,
                             CASE WHEN is_grantable THEN '*' END, grantor::regrole), ', ' ORDER BY grantee::regrole::text, privilege_type)
      FROM aclexplode(acl)
$$;
CREATE FUNCTION described.objects() RETURNS TABLE (object text, property text, value text) LANGUAGE sql
    SET search_path = pg_catalog AS $$
    WITH extension AS (SELECT e.* FROM pg_extension e WHERE e.extname = 'npcsim'),
    members AS (
        SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS object
          FROM pg_depend d, extension e
         WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'),
    relations AS (SELECT m.object, c.* FROM members m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid),
    functions AS (SELECT m.object, p.* FROM members m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid)
    SELECT object, 'is there', NULL FROM members
    UNION ALL
    SELECT m.object, 'comment', obj_description(m.objid, r.relname) FROM members m JOIN pg_class r ON r.oid = m.classid
    -- what the object depends on, by name
    UNION ALL
    SELECT DISTINCT m.object, 'depends', concat_ws(' ', d.deptype, pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid))
      FROM members m JOIN pg_depend d ON d.classid = m.classid AND d.objid = m.objid
    UNION ALL
    SELECT r.object, v.property, v.value FROM relations r, LATERAL (VALUES
        ('kind', concat_ws(' ', r.relkind, CASE WHEN r.relkind <> 'p' THEN r.relpersistence END, r.relreplident, r.relispartition, r.relrowsecurity)),
        ('options', array_to_string(r.reloptions, ' ')), ('access method', (SELECT amname::text FROM pg_am WHERE oid = r.relam)),
        ('rights', described.rights(coalesce(r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, r.relowner)))), ('partition', pg_get_expr(r.relpartbound, r.oid)),
        ('partition key', CASE r.relkind WHEN 'p' THEN pg_get_partkeydef(r.oid) END),
        ('view', CASE r.relkind WHEN 'v' THEN pg_get_viewdef(r.oid) END),
        ('sequence', (SELECT to_jsonb(s) - 'seqrelid' FROM pg_sequence s WHERE s.seqrelid = r.oid)::text),
        ('parent', (SELECT string_agg(inhparent::regclass::text, ' ') FROM pg_inherits WHERE inhrelid = r.oid)),
        ('dumped', (SELECT c.condition FROM extension e, unnest(e.extconfig, e.extcondition) AS c(id, condition) WHERE c.id = r.oid))) AS v(property, value)
    UNION ALL
    SELECT r.object, format('column %s', a.attnum),
           concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, a.attcompression,
                     a.attstattarget, a.attcollation::regcollation, 'default', pg_get_expr(d.adbin, d.adrelid),
                     'rights', described.rights(a.attacl), 'comment', col_description(r.oid, a.attnum))
      FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT r.object, 'constraint', concat_ws(' ', c.conname, c.contype, c.convalidated, c.condeferrable, c.connoinherit, pg_get_constraintdef(c.oid),
                                             obj_description(c.oid, 'pg_constraint'))
      FROM relations r JOIN pg_constraint c ON c.conrelid = r.oid
    UNION ALL
    SELECT r.object, 'index', concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered, i.indisreplident,
                                        (SELECT concat_ws(' ', CASE WHEN x.relkind <> 'I' THEN x.relpersistence END, x.reloptions) FROM pg_class x WHERE x.oid = i.indexrelid), obj_description(i.indexrelid, 'pg_class'))
      FROM relations r JOIN pg_index i ON i.indrelid = r.oid
    UNION ALL
    SELECT r.object, 'trigger', concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
      FROM relations r JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
    UNION ALL
    SELECT r.object, 'rule', pg_get_ruledef(u.oid) FROM relations r JOIN pg_rewrite u ON u.ev_class = r.oid
    UNION ALL
    SELECT f.object, v.property, v.value FROM functions f, LATERAL (VALUES
        ('definition', CASE f.prokind WHEN 'a' THEN 'aggregate' ELSE pg_get_functiondef(f.oid) END), ('owner', f.proowner::regrole::text),
        ('rights', described.rights(coalesce(f.proacl, acldefault('f', f.proowner)))), ('support', f.prosupport::text)) AS v(property, value)
    UNION ALL
    SELECT m.object, 'rights', described.rights(n.nspacl) FROM members m JOIN pg_namespace n ON m.classid = 'pg_namespace'::regclass AND n.oid = m.objid
    -- the initial privileges, which pg_dump takes for granted
    UNION ALL
    SELECT m.object, 'initial rights', described.rights(p.initprivs) FROM members m JOIN pg_init_privs p ON p.classoid = m.classid AND p.objoid = m.objid
    UNION ALL
    SELECT 'extension', 'version', extversion FROM extension
$$;
