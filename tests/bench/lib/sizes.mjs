// Measures how large tables and indexes are, and how they grow.

import { DATABASE } from './world.mjs';

const KIB = 1024;
export const WORTH_TELLING = 256 * KIB;

// Returns the bytes of each table's rows and of each index in schema npcsim; the ring of change_log and the days of
// decision_log count as one table and one index each.
export async function relationSizes(cluster) {
  const rows = await cluster.query(
    DATABASE,
    `SELECT regexp_replace(c.relname, '^(change_log|decision_log)_\\d+', '\\1') AS name,
            sum(pg_relation_size(c.oid, 'main'))::float8 AS bytes
       FROM pg_class c
      WHERE c.relnamespace = 'npcsim'::regnamespace AND c.relkind IN ('r', 'i')
      GROUP BY 1`,
  );
  return new Map(rows.map((row) => [row.name, row.bytes]));
}

export const totalSize = (map) => [...map.values()].reduce((sum, bytes) => sum + bytes, 0);
// World events are kept for hours, within npcsim.world_event_size: until a limit is reached they grow, whatever the world does.
export const sizeWithoutRecord = (map) => totalSize(new Map([...map].filter(([name]) => !name.startsWith('world_event_log'))));
export const megabytes = (bytes) => `${(bytes / KIB / KIB).toFixed(2)}`;

// Returns the largest growth among relations of some size; small ones grow by a page at a time.
export function worstGrowth(from, to) {
  const growths = [...to].filter(([, bytes]) => bytes >= WORTH_TELLING).map(([name, bytes]) => [name, bytes / Math.max(from.get(name) ?? 0, 8 * KIB)]);
  return growths.sort((a, b) => b[1] - a[1])[0] ?? ['none', 1];
}
