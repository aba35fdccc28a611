/*
 * paces.c
 *	  What limits whom claims ask, as rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "tables/arrays.h"
#include "tables/paces.h"

/* ---- what limits a player ---- */

typedef struct LimitedPlayer
{
	SpendingLimits limits;
} LimitedPlayer;

static const SpiColumn limit_columns[] = {SPENDING_COLUMNS(LimitedPlayer, limits)};

static SpiStatement select_limits =
	{.sql = "SELECT %C FROM npcsim.player_accounts p JOIN npcsim.world_settings w ON w.id = p.world_id"
			" LEFT JOIN npcsim.world_tokens t ON t.world_id = w.id WHERE p.id = $1",
	 SPI_GIVES(LimitedPlayer, limit_columns),
	 .nargs = 1,
	 .types = {INT8OID},
	 .read_only = true};

bool
spending_limits_read(int64 player_id, SpendingLimits *limits)
{
	LimitedPlayer player = {0};

	if (spi_run(&select_limits, (Datum[]) {Int64GetDatum(player_id)}, NULL, SPI_OK_SELECT) == 0)
		return false;
	spi_row(&select_limits, 0, &player);
	*limits = player.limits;
	return true;
}

/* ---- how fast it is spent ---- */

/* The names of kinds, whose order is that of PaceKind. */
#define KIND(number) "('{player,source,world}'::pg_catalog.text[])[" number " + 1]"

static const SpiColumn pace_columns[] = {
	SPI_COLUMN(PaceRow, kind, "u.kind"),	   SPI_COLUMN(PaceRow, id, "p.id"),
	SPI_COLUMN(PaceRow, saved, "p.saved"),	   SPI_COLUMN(PaceRow, as_of, "p.as_of"),
	SPI_COLUMN(PaceRow, reserve, "p.reserve"),
};

#define WANTED_PACES \
	"pg_catalog.unnest($1) WITH ORDINALITY AS u(kind, n)" \
	" JOIN pg_catalog.unnest($2) WITH ORDINALITY AS i(id, n) ON i.n = u.n"
#define OF_WANTED "p.kind = " KIND("u.kind") " AND p.id = i.id"
#define PACE_KEYS INT2ARRAYOID, INT8ARRAYOID

static SpiStatement select_paces = {.sql =
										"SELECT %C FROM " WANTED_PACES " JOIN npcsim.paces p ON " OF_WANTED,
									SPI_GIVES(PaceRow, pace_columns),
									.nargs = 2,
									.types = {PACE_KEYS}};

static SpiStatement lock_paces = {.sql = "SELECT %C FROM " WANTED_PACES " JOIN npcsim.paces p ON " OF_WANTED
										 " ORDER BY u.kind, i.id FOR NO KEY UPDATE OF p",
								  SPI_GIVES(PaceRow, pace_columns),
								  .nargs = 2,
								  .types = {PACE_KEYS}};

static SpiStatement make_paces = {.sql = "INSERT INTO npcsim.paces (kind, id) SELECT " KIND(
									  "u.kind") ", i.id FROM " WANTED_PACES
												" ORDER BY u.kind, i.id ON CONFLICT DO NOTHING",
								  .nargs = 2,
								  .types = {PACE_KEYS}};

static SpiStatement write_paces =
	{.sql =
		 "UPDATE npcsim.paces p SET saved = v.saved, as_of = v.as_of, reserve = v.reserve FROM " WANTED_PACES
		 " JOIN ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5))"
		 " WITH ORDINALITY AS v(saved, as_of, reserve, n) ON v.n = u.n WHERE " OF_WANTED,
	 .nargs = 5,
	 .types = {PACE_KEYS, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};

/* What was never spent of has nothing to settle. */
static SpiStatement settle_paces =
	{.sql = "UPDATE npcsim.paces p SET saved = p.saved + v.tokens * 1000 FROM " WANTED_PACES
			" JOIN pg_catalog.unnest($3) WITH ORDINALITY AS v(tokens, n) ON v.n = u.n"
			" WHERE " OF_WANTED " AND p.as_of > 0",
	 .nargs = 3,
	 .types = {PACE_KEYS, INT8ARRAYOID}};

/* Fills in the keys of rows as arrays. */
static void
put_keys(Datum *keys, const PaceRow *rows, int count)
{
	int16 *kinds = palloc(sizeof(int16) * Max(count, 1));
	int64 *ids = palloc(sizeof(int64) * Max(count, 1));

	for (int i = 0; i < count; i++)
	{
		kinds[i] = (int16) rows[i].kind;
		ids[i] = rows[i].id;
	}
	keys[0] = int16_array(kinds, count);
	keys[1] = int64_array(ids, count);
}

/* Runs a statement that reads rows, and fills them in. Returns how many there are. */
static int
read_paces(SpiStatement *statement, PaceRow *rows, int count)
{
	Datum	 keys[2];
	int		 found;
	PaceRow *read;

	put_keys(keys, rows, count);
	read = spi_rows(statement, spi_run(statement, keys, NULL, SPI_OK_SELECT), &found);
	for (int i = 0; i < count; i++)
	{
		rows[i].saved = rows[i].as_of = rows[i].reserve = 0;
		for (int r = 0; r < found; r++)
			if (read[r].kind == rows[i].kind && read[r].id == rows[i].id)
				rows[i] = read[r];
	}
	return found;
}

void
pace_rows_read(PaceRow *rows, int count)
{
	(void) read_paces(&select_paces, rows, count);
}

void
pace_rows_lock(PaceRow *rows, int count)
{
	Datum keys[2];

	if (read_paces(&lock_paces, rows, count) == count)
		return;
	put_keys(keys, rows, count);
	spi_run(&make_paces, keys, NULL, SPI_OK_INSERT);
	(void) read_paces(&lock_paces, rows, count);
}

void
pace_rows_write(const PaceRow *rows, int count)
{
	Datum  values[5];
	int64 *numbers[3];

	if (count == 0)
		return;
	put_keys(values, rows, count);
	for (int n = 0; n < 3; n++)
		numbers[n] = palloc(sizeof(int64) * count);
	for (int i = 0; i < count; i++)
	{
		numbers[0][i] = rows[i].saved;
		numbers[1][i] = rows[i].as_of;
		numbers[2][i] = rows[i].reserve;
	}
	for (int n = 0; n < 3; n++)
		values[2 + n] = int64_array(numbers[n], count);
	spi_run(&write_paces, values, NULL, SPI_OK_UPDATE);
}

void
pace_rows_settle(const PaceSettled *settled, int count)
{
	PaceRow *rows = palloc0(sizeof(PaceRow) * Max(count, 1));
	int64	*tokens = palloc(sizeof(int64) * Max(count, 1));
	Datum	 values[3];

	if (count == 0)
		return;
	for (int i = 0; i < count; i++)
	{
		rows[i].kind = settled[i].kind;
		rows[i].id = settled[i].id;
		tokens[i] = settled[i].tokens;
	}
	put_keys(values, rows, count);
	values[2] = int64_array(tokens, count);
	/* Claims lock them in this order. */
	spi_run(&lock_paces, values, NULL, SPI_OK_SELECT);
	spi_run(&settle_paces, values, NULL, SPI_OK_UPDATE);
}

/* ---- NPCs that may be asked ---- */

static const SpiColumn asked_columns[] = {
	SPI_COLUMN(AskedNpc, npc_id, "d.npc_id"),
	SPI_COLUMN(AskedNpc, spent, "npcsim_internal.tokens_today(d.daily_token_output, d.tokens_day)"),
	SPI_COLUMN(AskedNpc, pace_saved, "d.pace_saved"),
	SPI_COLUMN(AskedNpc, pace_as_of, "d.pace_as_of"),
	SPI_COLUMN(AskedNpc, pace_reserve, "d.pace_reserve"),
	SPI_COLUMN(AskedNpc, waiting_reason, "s.decision_reason"),
#define NEED(constant_, name_) \
	SPI_COLUMN(AskedNpc, needs.value[NEED_##constant_], "s." #name_), \
		SPI_COLUMN(AskedNpc, needs.rate[NEED_##constant_], "s." #name_ "_rate"),
#include "sim/need_list.h"
#undef NEED
	SPI_COLUMN(AskedNpc, needs.as_of, "s.needs_as_of"),
};

static SpiStatement select_asked =
	{.sql =
		 "SELECT %C FROM " SPI_WANTED_KEYS " JOIN npcsim.decision_slots d ON d.world_id = " SPI_WANTED_WORLD
		 " AND d.npc_id = wanted.key_ JOIN npcsim.npc_states s ON s.world_id = d.world_id"
		 " AND s.npc_id = d.npc_id ORDER BY d.npc_id",
	 SPI_GIVES(AskedNpc, asked_columns),
	 .nargs = 2,
	 .types = {INT8OID, INT8ARRAYOID},
	 .read_only = true};

AskedNpc *
asked_npcs_read(int64 world_id, const int64 *npc_ids, int npc_count, int *count)
{
	int	   plans = spi_index_plans_begin();
	uint64 rows = spi_run(&select_asked, (Datum[]) {Int64GetDatum(world_id), int64_array(npc_ids, npc_count)},
						  NULL, SPI_OK_SELECT);

	spi_index_plans_end(plans);
	return spi_rows(&select_asked, rows, count);
}
