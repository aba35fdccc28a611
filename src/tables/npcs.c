/*
 * npcs.c
 *	  NPCs as rows: npc_identities, npc_states, npc_tracks, npc_minds, and their requests in
 *	  decision_slots.
 *
 * Rows are read straight through the indexes, since what another backend wrote is loaded for every
 * answer from outside. npc_states and npc_tracks are written without statements, each row at its place
 * (hot_rows.h).
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "market/market.h"
#include "tables/arrays.h"
#include "tables/geometries.h"
#include "tables/npcs.h"

/* ---- npc_columns.h ---- */

#define LISTED_NUMBER(ctype_, member_, column_, type_, attributes_) \
	{.name = (column_), \
	 .type = (type_), \
	 ROW_MEMBER(Npc, member_), \
	 ROW_MEMBER_WIDTH(Npc, member_), \
	 .take = row_take_number, \
	 .put = row_put_number, \
	 attributes_},
#define LISTED_ELSEWHERE(ctype_, member_, column_, type_, attributes_)
#define NULL_IS(none_)		  .nullable = true, .none = (none_),
#define SHOWN(group_, kind_)  .group = NPC_DIRTY_##group_,
#define EDITED(least_, most_) .least = (least_), .most = (most_),

/* ---- npc_identities ---- */

static const RowColumn identity_columns[] = {
	ROW_NUMBER(Npc, id, "id", INT8OID),
	ROW_TEXT(Npc, name, "name"),
#define IDENTITY_NUMBER LISTED_NUMBER
#define STATE_NUMBER	LISTED_ELSEWHERE
#include "tables/npc_columns.h"
#undef IDENTITY_NUMBER
#undef STATE_NUMBER
	ROW_NUMBER(Npc, identity_revision, "identity_revision", INT8OID),
	ROW_NUMBER_OR(Npc, controller_since, "controller_since", INT8OID, -1),
	ROW_NUMBER(Npc, assigned, "assigned", BOOLOID),
	ROW_NUMBER(Npc, traced, "traced", BOOLOID),
	ROW_FIXED_NUMBER(Npc, born_at, "born_at", INT8OID),
};

RowType npc_identity_rows = {.table = "npc_identities",
							 .index = "npc_identities_pkey",
							 .columns = identity_columns,
							 .column_count = lengthof(identity_columns),
							 .writing = ROWS_BY_STATEMENT};

static void
put_traits(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	put_datum(row, PointerGetDatum(((Npc *) thing)->traits));
}

/* The image has traits only while they are to be written. */
static const RowColumn trait_columns[] = {
	ROW_NUMBER(Npc, id, "id", INT8OID),
	ROW_OWN("traits", TEXTARRAYOID, NULL, put_traits),
};

RowType npc_trait_rows = {.table = "npc_identities",
						  .index = "npc_identities_pkey",
						  .columns = trait_columns,
						  .column_count = lengthof(trait_columns)};

/* ---- npc_states ---- */

static const RowColumn state_columns[] = {
	ROW_NUMBER(Npc, id, "npc_id", INT8OID),
#define IDENTITY_NUMBER LISTED_ELSEWHERE
#define STATE_NUMBER	LISTED_NUMBER
#include "tables/npc_columns.h"
#undef IDENTITY_NUMBER
#undef STATE_NUMBER
	ROW_NUMBER(Npc, needs.as_of, "needs_as_of", INT8OID),
	ROW_NUMBER_OR(Npc, decision_at, "decision_at", INT8OID, SIM_NEVER),
	ROW_NUMBER_OR(Npc, ask_again_at, "ask_again_at", INT8OID, SIM_NEVER),
	ROW_NUMBER(Npc, state_since, "state_since", INT8OID),
	ROW_NUMBER(Npc, draws, "draws", INT8OID),
	ROW_NUMBER(Npc, needs_revision, "needs_revision", INT8OID),
	ROW_NUMBER(Npc, status_revision, "status_revision", INT8OID),
#define NEED(constant_, name_) \
	ROW_NUMBER(Npc, needs.value[NEED_##constant_], #name_, INT4OID), \
		ROW_NUMBER(Npc, needs.rate[NEED_##constant_], #name_ "_rate", INT4OID),
#include "sim/need_list.h"
#undef NEED
	ROW_NUMBER(Npc, decay, "decay", INT4OID),
	ROW_NUMBER(Npc, event_kind, "event_kind", INT2OID),
	ROW_NUMBER(Npc, goal.x, "goal_x", INT2OID),
	ROW_NUMBER(Npc, goal.y, "goal_y", INT2OID),
	ROW_NUMBER(Npc, goal_action, "goal_action", INT2OID),
	ROW_NUMBER(Npc, goal_interaction, "goal_interaction", INT2OID),
	ROW_NUMBER(Npc, replans, "replans", INT2OID),
	ROW_NUMBER(Npc, decider, "decider", INT2OID),
	ROW_NUMBER(Npc, decision_reason, "decision_reason", INT2OID),
	ROW_NUMBER_OR(Npc, conversed_at, "conversed_at", INT8OID, -1),
};

RowType npc_state_rows = {.table = "npc_states",
						  .index = "npc_states_key",
						  .columns = state_columns,
						  .column_count = lengthof(state_columns),
						  .place_at = offsetof(Npc, state_row)};

/* ---- npc_tracks ---- */

/* The box of a leg in the index is so many cells wider on each side. */
#define SIGHT_MARGIN 4
/* A box with a longer side is not kept for the next leg. */
#define SIGHT_SIDE_KEPT 20

static void
take_cells(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	Npc		  *npc = thing;
	ArrayType *cells = DatumGetArrayTypeP(value);
	int		   count = ArrayGetNItems(ARR_NDIM(cells), ARR_DIMS(cells));

	if (count < 2 || count % 2 != 0 || count > 2 * LEG_CELLS || ARR_HASNULL(cells) ||
		ARR_ELEMTYPE(cells) != INT2OID)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
				errmsg("the track of NPC %lld in world %lld is damaged", (long long) npc->id,
					   (long long) load->world_id));
	npc->leg_length = count / 2;
	memcpy(npc->leg, ARR_DATA_PTR(cells), count * sizeof(int16));
	npc->sight_box = leg_box(npc->leg, npc->leg_length);
}

static void
put_cells(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	const Npc *npc = thing;

	put_datum(row, int16_array((const int16 *) npc->leg, 2 * npc->leg_length));
}

/*
 * The box in the index is wider than the leg, and is kept while the next legs lie in it: then the row is
 * updated without new entries in any index. Viewers are shown a few more NPCs that are out of sight.
 */
static void
cover_leg(Npc *npc)
{
	CellBox	 leg = leg_box(npc->leg, npc->leg_length);
	CellBox *box = &npc->sight_box;
	int		 margin = npc->leg_length > 1 ? SIGHT_MARGIN : 0;

	if (box->min.x <= leg.min.x && box->min.y <= leg.min.y && box->max.x >= leg.max.x &&
		box->max.y >= leg.max.y && box->max.x - box->min.x <= SIGHT_SIDE_KEPT &&
		box->max.y - box->min.y <= SIGHT_SIDE_KEPT)
		return;
	box->min = (Cell) {(int16) (leg.min.x - margin), (int16) (leg.min.y - margin)};
	box->max = (Cell) {(int16) (leg.max.x + margin), (int16) (leg.max.y + margin)};
}

/* 'arg' is a GeometryMaker. */
static void
put_sight(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	Npc *npc = thing;

	cover_leg(npc);
	put_datum(row, geometry_of_line(arg, npc->sight_box.min, npc->sight_box.max));
}

static const RowColumn track_columns[] = {
	ROW_NUMBER(Npc, id, "npc_id", INT8OID),
	ROW_NUMBER(Npc, departed_at, "departed_at", INT8OID),
	ROW_NUMBER(Npc, motion_revision, "motion_revision", INT8OID),
	ROW_OWN("cells", INT2ARRAYOID, take_cells, put_cells),
	ROW_OWN("sight", InvalidOid, NULL, put_sight),
};

static void *
take_any(void *arg, int64 id)
{
	return arg;
}

bool
npc_track_cell(int64 world_id, int64 npc_id, int64 now, Cell *cell)
{
	Npc		npc = {0};
	RowLoad load = {.world_id = world_id,
					.ids = &npc_id,
					.count = 1,
					.lookup = take_any,
					.arg = &npc,
					.context = CurrentMemoryContext};

	rows_load(&npc_track_rows, &load);
	if (npc.leg_length == 0)
		return false;
	*cell = npc_cell(&npc, now);
	return true;
}

RowType npc_track_rows = {.table = "npc_tracks",
						  .index = "npc_tracks_key",
						  .columns = track_columns,
						  .column_count = lengthof(track_columns),
						  .in_sight = true,
						  .place_at = offsetof(Npc, track_row)};

/* ---- npc_minds ---- */

static void
take_pressing(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	Npc *npc = thing;

	npc->pressing_count = int64s_of(value, isnull, npc->pressing, PRESSING_MAX);
}

static void
put_pressing(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	const Npc *npc = thing;

	put_datum(row, int64_array(npc->pressing, npc->pressing_count));
}

static const RowColumn mind_columns[] = {
	ROW_NUMBER(Npc, id, "npc_id", INT8OID),
	ROW_NUMBER_OR(Npc, asked_at, "asked_at", INT8OID, -1),
	{.name = "plan", .type = JSONBOID, ROW_MEMBER(Npc, plan), .take = plan_take, .put = plan_put},
	ROW_JSON_LIST(Npc, mind_events, "events", NPC_EVENTS_MAX),
	ROW_NUMBER(Npc, events_dropped, "events_dropped", INT4OID),
	ROW_JSON_LIST_OR_NULL(Npc, wake_on, "wake_on", WAKE_ON_MAX),
	ROW_NUMBER(Npc, budget_spent, "budget_spent", BOOLOID),
	ROW_JSON_OR_NULL(Npc, goal_terms, "goal_terms"),
	ROW_NUMBER_OR(Npc, unanswered_since, "unanswered_since", INT8OID, -1),
	ROW_NUMBER(Npc, events_merged, "events_merged", INT4OID),
	ROW_NUMBER(Npc, failures, "failures", INT2OID),
	ROW_NUMBER_OR(Npc, asked_not_before, "asked_not_before", INT8OID, -1),
	ROW_OWN("pressing", INT8ARRAYOID, take_pressing, put_pressing),
	ROW_NUMBER(Npc, paced, "paced", BOOLOID),
};

RowType npc_mind_rows = {.table = "npc_minds",
						 .index = "npc_minds_pkey",
						 .columns = mind_columns,
						 .column_count = lengthof(mind_columns),
						 .writing = ROWS_UPSERTED};

/* ---- decision_slots ---- */

static const char *const reason_names[] = {
	[REASON_IDLE] = "idle",
	[REASON_INTERVAL] = "interval",
	[REASON_NEED] = "need",
	[REASON_PLAN_FAILED] = "plan_failed",
	[REASON_REQUESTED] = "requested",
	[REASON_CHECK] = "check",
	[REASON_BID] = "bid",
	[REASON_MESSAGE] = "message",
	[REASON_CARE] = "care",
	[REASON_NEED_WAITS] = "need",
};
StaticAssertDecl(lengthof(reason_names) == REASON_COUNT, "every reason has a name");

const char *
decision_reason_name(DecisionReason reason)
{
	return reason_names[reason];
}

DecisionReason
decision_reason_by_name(const char *name)
{
	for (int i = 0; i < (int) lengthof(reason_names); i++)
		if (strcmp(name, reason_names[i]) == 0)
			return (DecisionReason) i;
	return REASON_REQUESTED;
}

static void
take_request_status(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	((Npc *) thing)->request_pending = DatumGetInt16(value) != REQUEST_CLOSED;
}

static void
put_request_status(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	put_int16(row, ((Npc *) thing)->request_pending ? REQUEST_OPEN : REQUEST_CLOSED);
}

static void
take_request_reason(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	char *name = TextDatumGetCString(value);

	((Npc *) thing)->request_reason = decision_reason_by_name(name);
	pfree(name);
}

static void
put_request_reason(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	put_text(row, decision_reason_name(((Npc *) thing)->request_reason));
}

/* What an accepted answer is paid, when the NPC is asked for the first time. */
static void
put_credit(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	const Npc *npc = thing;

	put_int64(row, decision_credit(PG_INT64_MIN, npc->controller_since, npc->request_opened_at));
}

TimestampTz npc_slots_opened_at = 0;

static void
put_opened_at_real(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	put_datum(row, TimestampTzGetDatum(npc_slots_opened_at));
}

static const RowColumn slot_columns[] = {
	ROW_NUMBER(Npc, id, "npc_id", INT8OID),
	ROW_NUMBER(Npc, request_id, "request_id", INT8OID),
	ROW_OWN("status", INT2OID, take_request_status, put_request_status),
	ROW_OWN("reason", TEXTOID, take_request_reason, put_request_reason),
	ROW_NUMBER(Npc, request_state, "state_counter", INT8OID),
	ROW_NUMBER(Npc, request_opened_at, "opened_at", INT8OID),
	ROW_NUMBER_OR(Npc, request_player, "player_id", INT8OID, 0),
	/* The statement that counts the tokens of an answer writes these. */
	ROW_READ_NUMBER(Npc, tokens, "daily_token_output", INT8OID),
	ROW_READ_NUMBER(Npc, tokens_day, "tokens_day", DATEOID),
	ROW_FIXED_OWN("credit_us", INT8OID, NULL, put_credit),
	/* The statement sets it when a request is opened. */
	ROW_FIXED_OWN("opened_at_real", TIMESTAMPTZOID, NULL, put_opened_at_real),
};

/*
 * Later it is measured from one question to the next: so no time is paid twice, however often the NPC is asked and whatever becomes of
 * the questions.
 */
#define SLOT_CREDIT \
	", credit_us = CASE WHEN excluded.status = 0 THEN t.credit_us " \
	"ELSE least(excluded.credit_us, greatest(excluded.opened_at - t.opened_at, 0)) END"

/*
 * A request that was closed stays in its slot, with what became of its delivery; a pending one is only
 * written when it is new.
 */
RowType npc_slot_rows = {.table = "decision_slots",
						 .index = "decision_slots_pkey",
						 .columns = slot_columns,
						 .column_count = lengthof(slot_columns),
						 .writing = ROWS_UPSERTED,
						 .also_set = SLOT_CREDIT
						 ", opened_at_real = CASE WHEN excluded.status = 0 THEN t.opened_at_real "
						 "ELSE excluded.opened_at_real END, "
						 "sent_at_real = CASE WHEN excluded.status = 0 THEN t.sent_at_real END, "
						 "timeout_ms = CASE WHEN excluded.status = 0 THEN t.timeout_ms END, "
						 "session_id = CASE WHEN excluded.status = 0 THEN t.session_id END, "
						 "source_id = CASE WHEN excluded.status = 0 THEN t.source_id END, "
						 "told_events = CASE WHEN excluded.status = 0 THEN t.told_events END, "
						 "choices = CASE WHEN excluded.status = 0 THEN t.choices END, "
						 "told_state = CASE WHEN excluded.status = 0 THEN t.told_state END, "
						 "ranking = CASE WHEN excluded.status = 0 THEN t.ranking END, "
						 "asked_player_id = CASE WHEN excluded.status = 0 THEN t.asked_player_id END, "
						 "tried_sources = CASE WHEN excluded.status = 0 THEN t.tried_sources END, "
						 "former_player_id = CASE WHEN COALESCE(t.asked_player_id, t.player_id, 0) IN (0, "
						 "excluded.player_id) THEN t.former_player_id "
						 "ELSE COALESCE(t.asked_player_id, t.player_id) END, "
						 "answered = excluded.status = 0 AND t.answered"};

/* ---- groups of columns that change together ---- */

const RowGroup npc_groups[] = {
	{.bit = NPC_DIRTY_IDENTITY,
	 .changed = CHANGE_NPC_IDENTITY,
	 .rows = &npc_identity_rows,
	 .revision_at = offsetof(Npc, identity_revision),
	 .shown = true},
	{.bit = NPC_DIRTY_STATUS,
	 .changed = CHANGE_NPC_STATUS,
	 .rows = &npc_state_rows,
	 .revision_at = offsetof(Npc, status_revision),
	 .shown = true},
	{.bit = NPC_DIRTY_REQUEST, .changed = CHANGE_NPC_STATUS, .rows = &npc_slot_rows, .shown = true},
	{.bit = NPC_DIRTY_MOTION,
	 .changed = CHANGE_NPC_MOTION,
	 .rows = &npc_track_rows,
	 .revision_at = offsetof(Npc, motion_revision),
	 .shown = true},
	{.bit = NPC_DIRTY_NEEDS,
	 .changed = CHANGE_NPC_NEEDS,
	 .rows = &npc_state_rows,
	 .revision_at = offsetof(Npc, needs_revision),
	 .shown = true},
	{.bit = NPC_DIRTY_HIDDEN, .changed = CHANGE_NPC_HIDDEN, .rows = &npc_state_rows},
	{.bit = NPC_DIRTY_MIND, .changed = CHANGE_NPC_MIND, .rows = &npc_mind_rows},
};
StaticAssertDecl(lengthof(npc_groups) == NPC_GROUP_COUNT, "every group is described");

uint32
npc_groups_shown(ChangeKind kind)
{
	uint32 groups = 0;

	for (int i = 0; i < NPC_GROUP_COUNT; i++)
		if (npc_groups[i].shown && (kind == CHANGE_NPC_BORN || npc_groups[i].changed == kind))
			groups |= npc_groups[i].bit;
	return groups;
}

/* ---- columns that operators write ---- */

const RowColumn *
npc_edited_column(int number)
{
	for (int i = 0; i < (int) lengthof(identity_columns); i++)
		if (identity_columns[i].most > identity_columns[i].least && number-- == 0)
			return &identity_columns[i];
	return NULL;
}

const RowColumn *
npc_edited_column_named(const char *name)
{
	const RowColumn *column;

	for (int i = 0; (column = npc_edited_column(i)) != NULL; i++)
		if (strcmp(column->name, name) == 0)
			return column;
	return NULL;
}

/* ---- the sight index ---- */

void
npcs_move(int64 world_id, Npc **npcs, int count, SightShift shift)
{
	GeometryMaker maker;

	geometry_maker_begin(&maker, shift);
	rows_update_hot(&npc_track_rows, world_id, (void **) npcs, count, &maker);
}

int
npcs_in_plane(int64 world_id, SightShift shift, int32 size_x, int32 size_y, int64 *ids, int most)
{
	static SpiStatement statement =
		{"SELECT npc_id FROM npcsim.npc_tracks WHERE world_id + 0 = $1 AND sight OPERATOR(%P.&&) "
		 "%P.st_makeenvelope($2, $3, $4, $5, 0)",
		 5,
		 {INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID}};

	return ids_in_plane(&statement, world_id, shift, size_x, size_y, ids, most);
}

/* ---- one of them, without an image ---- */

static SpiStatement select_controller = {
	.sql =
		"SELECT coalesce(controller_player_id, 0) FROM npcsim.npc_identities WHERE world_id = $1 AND id = $2",
	.nargs = 2,
	.types = {INT8OID, INT8OID},
	.read_only = true};

bool
npc_controller_read(int64 world_id, int64 npc_id, int64 *player_id)
{
	if (spi_run(&select_controller, (Datum[]) {Int64GetDatum(world_id), Int64GetDatum(npc_id)}, NULL,
				SPI_OK_SELECT) == 0)
		return false;
	*player_id = spi_int64(0, 0);
	return true;
}
