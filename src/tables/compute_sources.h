/*
 * compute_sources.h
 *	  Sources of compute as rows: who lends it, with what, and whether it is asked.
 *
 * Whoever writes the state of a source has locked the sessions that lend for it before (sessions_lock), as
 * heartbeats have. All functions are called between spi_begin() and spi_end(), and results are in their memory.
 */
#ifndef NPCSIM_TABLES_COMPUTE_SOURCES_H
#define NPCSIM_TABLES_COMPUTE_SOURCES_H

#include "postgres.h"

/* A source is active in the statements of this directory by this, whether there is a row or none (yet). */
#define SOURCE_IS_ACTIVE(source) \
	"(" source ".id IS NULL OR npcsim_internal.source_state(" source ".state, " source \
	".until_real) = 'active')"

/* The words of compute_sources.kind and .state, NULL-terminated. */
typedef enum SourceKind
{
	SOURCE_PLAYER_MCP,
	SOURCE_PLAYER_API_KEY,
	SOURCE_SERVER_API_KEY, /* the operators' */
	SOURCE_HYBRID
} SourceKind;

typedef enum SourceState
{
	SOURCE_ACTIVE,
	SOURCE_PAUSED,
	SOURCE_DRAINING,
	SOURCE_MAINTENANCE,
	SOURCE_SUSPENDED
} SourceState;

extern const char *const source_kinds[];
extern const char *const source_states[];

typedef struct SourceRow
{
	int64		id;
	int64		world_id;
	int64		player_id; /* 0 = the operators' */
	char	   *name;
	SourceState state;				  /* as of now */
	char	   *reason;				  /* NULL = none was told */
	char	   *until;				  /* ISO 8601; NULL = until it is resumed */
	int32		decisions_per_second; /* thousandths; 0 = no limit of the operators */
} SourceRow;

/* Return false if there is no such source. The second one locks it against other writes. */
extern bool source_row_read(int64 source_id, SourceRow *source);
extern bool source_row_lock(int64 source_id, SourceRow *source);

/* Writes a state that lasts so many seconds from now; 0 = until it is written again. 'reason' may be NULL. */
extern void source_row_write_state(int64 source_id, SourceState state, const char *reason, int32 seconds);

/* What a session says of the source it lends for. */
typedef struct DeclaredSource
{
	int64		world_id;
	int64		player_id; /* 0 = the operators' */
	const char *name;
	const char *kind;
	bool		stateless;
	int32		slots;
	Datum		models; /* text[] */
} DeclaredSource;

/* Measures how long the answers of sources took in the last hour, by source_minutes. The ids are sorted. */
extern void source_rows_measure(const int64 *ids, int count);

#define SOURCES_MAX 32 /* of a player, and of the operators of a world */

/*
 * Has a row say what was declared, and returns its id; a state whose time is over is forgotten. Where there are SOURCES_MAX already,
 * the one that lent longest ago goes, if it is active and nobody is connected for it; returns 0 if none can.
 */
extern int64 source_row_declare(const DeclaredSource *declared);

#endif /* NPCSIM_TABLES_COMPUTE_SOURCES_H */
