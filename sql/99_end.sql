-- This drops what only the script needs.

DROP FUNCTION npcsim.execute_with_postgis(text);
