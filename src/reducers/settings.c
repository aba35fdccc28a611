/*
 * settings.c
 *	  Operators' writes through the views worlds and players: settings, budgets, roles, bans.
 *
 * Both have few rows, which are written at once, a column at a time. A world's settings have a
 * revision; a player's account has none, so the columns written are compared with what they were when
 * the row was read.
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "engine/world.h"
#include "errors.h"
#include "reducers/allocation.h"
#include "reducers/args.h"
#include "reducers/edits.h"
#include "reducers/persons.h"
#include "reducers/players.h"
#include "reducers/session_ends.h"
#include "reducers/worlds.h"
#include "spi.h"
#include "tables/players.h"
#include "tables/worlds.h"

PG_FUNCTION_INFO_V1(npcsim_edit_worlds);
PG_FUNCTION_INFO_V1(npcsim_edit_players);

#define SUM_MAX INT64_C(1000000000000) /* millionths */

#define FIXED_HINT "It is chosen by create_world() and stays."

static const EditColumn world_columns[] = {
	{"name", 0, NULL},
	{"max_players", 0, NULL},
	{"min_tokens_per_npc_per_day", 0, NULL},
	{"max_tokens_per_npc_per_day", 0, NULL},
	{"max_tokens_per_player_per_day", 0, NULL},
	{"max_tokens_per_day", 0, NULL},
	{"owner_player_id", 0, NULL},
	{"decision_policy", 0, NULL},
	{"durability", 0, NULL},
	{"view_buffer", 0, NULL},
	{"spectators", 0, NULL},
	{"speed", 0, NULL},
	{"idle_interval", 0, NULL},
	{"need_decay_min", 0, NULL},
	{"need_decay_max", 0, NULL},
	{"allocation", 0, NULL},
	{"absence_grace", 0, NULL},
	{"pause_grace", 0, NULL},
	{"min_tenure", 0, NULL},
	{"estimated_tokens_per_npc_per_day", 0, NULL},
	{"tokens_per_decision", 0, NULL},
	{"max_npcs_per_player", 0, NULL},
	{"on_insufficient_compute", 0, NULL},
	{"built_in_fallback", 0, NULL},
	{"enable_commercial_fallback", 0, NULL},
	{"server_backup_enabled", 0, NULL},
	{"server_api_cost", 0, NULL},
	{"server_api_cap_per_day", 0, NULL},
	{"hybrid_cap_per_day", 0, NULL},
	{"observation_log_bytes", 0, NULL},
	{"id", 0, FIXED_HINT},
	{"size_x", 0, FIXED_HINT},
	{"size_y", 0, FIXED_HINT},
	{"seed", 0, FIXED_HINT},
	{"tick_rate", 0, FIXED_HINT},
	{"created_at", 0, FIXED_HINT},
	{"status", 0,
	 "Use start_world(world_id), pause_world(world_id) or, when it is parked, adopt_world(world_id)."},
	{"clock", 0, "tick_world(world_id, dt) moves a paused world on."},
	{"revision", 0, "Revisions are counted by the database."},
	{"settings_revision", 0, "Revisions are counted by the database."},
	{"daily_token_output", 0, "It is counted from the answers of minds."},
};

static const EditColumn player_columns[] = {
	{"username", 0, NULL},
	{"role", 0, NULL},
	{"status", 0, NULL},
	{"daily_token_output", 0, NULL},
	{"declared_tokens_per_day", 0, NULL},
	{"person_id", 0, NULL},
	{"contribution_tier", 0, "It follows from declared_tokens_per_day."},
	{"id", 0, "Ids come from a counter of the database."},
	{"world_id", 0, "A player stays in a world; create_player() makes one in another."},
	{"controlled_npc_count", 0, "assign_npc_to_player(world_id, npc_id, player_id) gives and takes NPCs."},
	{"last_heartbeat", 0,
	 "update_player_heartbeat(player_id, heartbeat) is how a player gives a sign of life."},
	{"connected", 0, "The gateway connects and disconnects players."},
	{"created_at", 0, "It is set by create_player()."},
	{"suspended_until", 0, "ban_player_temporarily(player_id, duration) suspends a player, and releases it."},
	{"suspension_reason", 0, "ban_player_temporarily(player_id, duration, reason) has one."},
};

/* Settings that are whole numbers (int4), and that no rule reads. */
static const struct NumberSetting
{
	const char	*column;
	WorldSetting setting;
	int64		 least;
	int64		 most;
} number_settings[] = {
	{"max_players", WORLD_MAX_PLAYERS, 0, 100000},
	{"view_buffer", WORLD_VIEW_BUFFER, 0, WORLD_CELLS_MAX},
	{"absence_grace", WORLD_ABSENCE_GRACE, 0, 86400},
	{"pause_grace", WORLD_PAUSE_GRACE, 0, 604800},
	{"min_tenure", WORLD_MIN_TENURE, 0, 86400},
	{"estimated_tokens_per_npc_per_day", WORLD_ESTIMATED_TOKENS_PER_NPC, 1, 1000000000},
	{"tokens_per_decision", WORLD_TOKENS_PER_DECISION, 1, 1000000},
	{"max_npcs_per_player", WORLD_MAX_NPCS_PER_PLAYER, 0, 1000000},
};

/* Settings that are sums of money, in millionths (int8), and that no rule reads. */
static const struct SumSetting
{
	const char	*column;
	WorldSetting setting;
} sum_settings[] = {
	{"server_api_cost", WORLD_SERVER_API_COST},
	{"server_api_cap_per_day", WORLD_SERVER_API_CAP},
	{"hybrid_cap_per_day", WORLD_HYBRID_CAP},
};

/* Settings that are so or not, and that no rule reads. */
static const struct FlagSetting
{
	const char	*column;
	WorldSetting setting;
} flag_settings[] = {
	{"spectators", WORLD_SPECTATORS},
	{"enable_commercial_fallback", WORLD_COMMERCIAL_FALLBACK},
	{"server_backup_enabled", WORLD_SERVER_BACKUP},
};

/* Settings that are one of some words, and that no rule reads. */
static const struct WordSetting
{
	const char		  *column;
	WorldSetting	   setting;
	const char *const *words;
} word_settings[] = {
	{"durability", WORLD_DURABILITY, durabilities},
	{"allocation", WORLD_ALLOCATION, allocations},
	{"on_insufficient_compute", WORLD_ON_INSUFFICIENT_COMPUTE, insufficient_computes},
};

/* Writes a column of NEW, whose value was checked; NULL is written as such. */
static void
write_setting(WorldSetting setting, int64 world_id, const Edit *edit, const char *column)
{
	bool  isnull;
	Datum value = edit_new(edit, column, &isnull);

	spi_begin();
	world_setting_write(world_id, setting, value, isnull);
	spi_end();
}

/* Writes a column of a player, which is never NULL. */
static void
write_player(PlayerColumn column, int64 player_id, const Edit *edit, const char *name)
{
	spi_begin();
	player_row_write(player_id, column, edit_value(edit, name));
	spi_end();
}

static void
write_owner(int64 world_id, const Edit *edit)
{
	bool  isnull;
	int64 owner = DatumGetInt64(edit_new(edit, "owner_player_id", &isnull));

	if (!isnull)
	{
		check_id(owner, "owner_player_id");
		player_require(world_id, owner);
	}
	write_setting(WORLD_OWNER, world_id, edit, "owner_player_id");
}

/* Writes a number of tokens or bytes. Returns false if the column is not written. */
static bool
write_amount(WorldSetting setting, int64 world_id, const Edit *edit, const char *column)
{
	if (!edit_writes(edit, column))
		return false;
	check_whole(DatumGetInt64(edit_value(edit, column)), column, 0, TOKENS_MAX);
	write_setting(setting, world_id, edit, column);
	return true;
}

static void
write_token_settings(WorldLock *lock, const Edit *edit)
{
	int64 world_id = lock->world_id;
	bool  budgets = false;

	write_amount(WORLD_MIN_TOKENS_PER_NPC, world_id, edit, "min_tokens_per_npc_per_day");
	budgets |= write_amount(WORLD_MAX_TOKENS_PER_NPC, world_id, edit, "max_tokens_per_npc_per_day");
	budgets |= write_amount(WORLD_MAX_TOKENS_PER_PLAYER, world_id, edit, "max_tokens_per_player_per_day");
	budgets |= write_amount(WORLD_MAX_TOKENS, world_id, edit, "max_tokens_per_day");
	if (budgets)
		world_read_choices(world_image(lock));
}

/* Returns a decay in millionths of a unit a second; the column is in units. */
static int32
decay_value(const Edit *edit, const char *column)
{
	double decay = DatumGetFloat8(edit_value(edit, column));

	check_float8(decay, column, 0, (double) NEED_DECAY_MOST / NEED_UNIT, "");
	return (int32) rint(decay * NEED_UNIT);
}

static void
write_need_decay(WorldLock *lock, const Edit *edit)
{
	int32 least = decay_value(edit, "need_decay_min");
	int32 most = decay_value(edit, "need_decay_max");

	if (least > most)
		ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				errmsg("\"need_decay_min\" is out of range"),
				errdetail("It is %.15g, and \"need_decay_max\" is %.15g.", (double) least / NEED_UNIT,
						  (double) most / NEED_UNIT),
				errhint("Set both of them in one statement, need_decay_min to no more than need_decay_max."));
	world_change_need_decay(lock, least, most);
}

static void
write_numbers(int64 world_id, const Edit *edit)
{
	for (size_t i = 0; i < lengthof(number_settings); i++)
	{
		const struct NumberSetting *number = &number_settings[i];

		if (!edit_writes(edit, number->column))
			continue;
		check_whole(DatumGetInt32(edit_value(edit, number->column)), number->column, number->least,
					number->most);
		write_setting(number->setting, world_id, edit, number->column);
	}
}

static void
write_sums(int64 world_id, const Edit *edit)
{
	for (size_t i = 0; i < lengthof(sum_settings); i++)
	{
		const struct SumSetting *sum = &sum_settings[i];

		if (!edit_writes(edit, sum->column))
			continue;
		check_whole(DatumGetInt64(edit_value(edit, sum->column)), sum->column, 0, SUM_MAX);
		write_setting(sum->setting, world_id, edit, sum->column);
	}
}

static void
write_flags(int64 world_id, const Edit *edit)
{
	for (size_t i = 0; i < lengthof(flag_settings); i++)
	{
		const struct FlagSetting *flag = &flag_settings[i];

		if (!edit_writes(edit, flag->column))
			continue;
		(void) edit_value(edit, flag->column); /* is not NULL */
		write_setting(flag->setting, world_id, edit, flag->column);
	}
}

static void
write_words(int64 world_id, const Edit *edit)
{
	for (size_t i = 0; i < lengthof(word_settings); i++)
	{
		const struct WordSetting *word = &word_settings[i];

		if (!edit_writes(edit, word->column))
			continue;
		check_word(edit_text(edit, word->column), word->column, word->words);
		write_setting(word->setting, world_id, edit, word->column);
	}
}

static void
write_settings(WorldLock *lock, const Edit *edit)
{
	int64 world_id = lock->world_id;

	if (edit_writes(edit, "name"))
	{
		char *name = edit_text(edit, "name");

		check_text(name, "name", NAME_MAX_CHARS);
		check_world_name_free(name);
		write_setting(WORLD_NAME, world_id, edit, "name");
	}
	write_numbers(world_id, edit);
	write_sums(world_id, edit);
	write_flags(world_id, edit);
	write_words(world_id, edit);
	if (edit_writes(edit, "allocation"))
		worlds_changed_at_commit();
	write_token_settings(lock, edit);
	write_amount(WORLD_OBSERVATION_LOG_BYTES, world_id, edit, "observation_log_bytes");
	if (edit_writes(edit, "owner_player_id"))
		write_owner(world_id, edit);
	if (edit_writes(edit, "speed"))
	{
		double speed = DatumGetFloat8(edit_value(edit, "speed"));

		check_float8(speed, "speed", (double) SPEED_MIN / SPEED_UNIT, (double) SPEED_MAX / SPEED_UNIT, "");
		world_set_speed(lock, (int32) rint(speed * SPEED_UNIT));
	}
	if (edit_writes(edit, "decision_policy"))
	{
		char *policy = edit_text(edit, "decision_policy");

		check_word(policy, "decision_policy", decision_policies);
		world_change_policy(lock, policy);
	}
	if (edit_writes(edit, "idle_interval"))
	{
		int32 seconds = DatumGetInt32(edit_value(edit, "idle_interval"));

		check_whole(seconds, "idle_interval", IDLE_INTERVAL_MIN, IDLE_INTERVAL_MAX);
		world_change_idle_interval(lock, seconds);
	}
	if (edit_writes(edit, "built_in_fallback"))
		world_change_built_in_fallback(lock, DatumGetBool(edit_value(edit, "built_in_fallback")));
	if (edit_writes(edit, "need_decay_min") || edit_writes(edit, "need_decay_max"))
		write_need_decay(lock, edit);
}

/* INSTEAD OF INSERT OR UPDATE OR DELETE trigger of worlds. */
Datum
npcsim_edit_worlds(PG_FUNCTION_ARGS)
{
	Edit	   edit;
	WorldLock *lock;

	edit_begin(&edit, fcinfo);
	if (edit.kind != EDIT_UPDATE)
		ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("cannot %s \"worlds\"", edit.kind == EDIT_INSERT ? "insert into" : "delete from"),
				errdetail("Of \"worlds\" rows can only be updated."),
				errhint("Use %s.", edit.kind == EDIT_INSERT ? "create_world(name, size_x, size_y, seed)"
															: "drop_world(world_id)"));
	if (edit_groups(&edit, world_columns, lengthof(world_columns)) == 0)
		return edit_end(&edit);
	lock = world_lock(edit_old_int64(&edit, "id"), WORLD_WAIT);
	edit_touch(lock);
	edit_check_revision(&edit, lock, "settings_revision", lock->settings_revision,
						psprintf("world %lld", (long long) lock->world_id));
	write_settings(lock, &edit);
	world_changed(lock, CHANGE_WORLD, 0);
	allocation_changed_at_commit(lock->world_id);
	edit_show(&edit, "settings_revision", Int64GetDatum(lock->revision));
	edit_show(&edit, "revision", Int64GetDatum(lock->revision));
	return edit_end(&edit);
}

/* ---- players ---- */

/*
 * Raises 40001 if a column that is written has changed since the row was read; 'now' are the columns as they
 * are now.
 */
static void
check_player_unchanged(const Edit *edit, int64 player_id, const Datum now[PLAYER_COLUMNS])
{
	static const char *const columns[] =
		{"username", "role", "status", "daily_token_output", "declared_tokens_per_day", "person_id"};

	StaticAssertStmt(lengthof(columns) == PLAYER_COLUMNS, "every column has a name");
	for (size_t i = 0; i < lengthof(columns); i++)
	{
		bool  was_null;
		Datum was = edit_old(edit, columns[i], &was_null);
		Datum is = now[i];
		bool  same;

		if (!edit_writes(edit, columns[i]))
			continue;
		if (i == PLAYER_DAILY_TOKEN_OUTPUT || i == PLAYER_DECLARED_TOKENS || i == PLAYER_PERSON)
			same = DatumGetInt64(was) == DatumGetInt64(is);
		else
			same = strcmp(TextDatumGetCString(was), TextDatumGetCString(is)) == 0;
		if (!same)
			ereport(ERROR, errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					errmsg("player %lld has changed since it was read", (long long) player_id),
					errdetail("Its \"%s\" is another now.", columns[i]), errhint("Try again."));
	}
}

static void
write_account(WorldLock *lock, int64 player_id, const Edit *edit)
{
	if (edit_writes(edit, "username"))
	{
		char *username = edit_text(edit, "username");

		check_text(username, "username", USERNAME_MAX_CHARS);
		check_username_free(lock->world_id, username);
		write_player(PLAYER_USERNAME, player_id, edit, "username");
	}
	if (edit_writes(edit, "role"))
	{
		check_word(edit_text(edit, "role"), "role", player_roles);
		write_player(PLAYER_ROLE, player_id, edit, "role");
	}
	if (edit_writes(edit, "status"))
	{
		char *status = edit_text(edit, "status");

		check_word(status, "status", player_statuses);
		write_player(PLAYER_STATUS, player_id, edit, "status");
		if (strcmp(status, "banned") == 0)
			sessions_end_of_player(player_id, "banned");
	}
	if (edit_writes(edit, "daily_token_output"))
	{
		check_whole(DatumGetInt64(edit_value(edit, "daily_token_output")), "daily_token_output", 0,
					TOKENS_MAX);
		write_player(PLAYER_DAILY_TOKEN_OUTPUT, player_id, edit, "daily_token_output");
	}
	if (edit_writes(edit, "declared_tokens_per_day"))
	{
		check_whole(DatumGetInt64(edit_value(edit, "declared_tokens_per_day")), "declared_tokens_per_day", 0,
					TOKENS_MAX);
		write_player(PLAYER_DECLARED_TOKENS, player_id, edit, "declared_tokens_per_day");
	}
	if (edit_writes(edit, "person_id"))
	{
		check_id(DatumGetInt64(edit_value(edit, "person_id")), "person_id");
		spi_begin();
		person_require(DatumGetInt64(edit_value(edit, "person_id")));
		spi_end();
		write_player(PLAYER_PERSON, player_id, edit, "person_id");
	}
}

/* INSTEAD OF INSERT OR UPDATE OR DELETE trigger of players. */
Datum
npcsim_edit_players(PG_FUNCTION_ARGS)
{
	Edit	   edit;
	WorldLock *lock;
	int64	   player_id;
	Datum	   now[PLAYER_COLUMNS];

	edit_begin(&edit, fcinfo);
	if (edit.kind != EDIT_UPDATE)
		ereport(
			ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			errmsg("cannot %s \"players\"", edit.kind == EDIT_INSERT ? "insert into" : "delete from"),
			errdetail("Of \"players\" rows can only be updated."),
			errhint("%s",
					edit.kind == EDIT_INSERT
						? "Use create_player(world_id, username, role), which tells the player's token."
						: psprintf("UPDATE npcsim.players SET status = 'banned' WHERE id = %lld; shuts the "
								   "player out.",
								   (long long) edit_old_int64(&edit, "id"))));
	if (edit_groups(&edit, player_columns, lengthof(player_columns)) == 0)
		return edit_end(&edit);
	player_id = edit_old_int64(&edit, "id");
	lock = world_lock(edit_old_int64(&edit, "world_id"), WORLD_WAIT);
	edit_touch(lock);
	spi_begin();
	if (!player_row_lock(player_id, now))
	{
		spi_end();
		/* It is gone since it was read, and counts as not found. */
		return PointerGetDatum(NULL);
	}
	check_player_unchanged(&edit, player_id, now);
	spi_end();
	write_account(lock, player_id, &edit);
	world_changed(lock, CHANGE_PLAYER, player_id);
	allocation_changed_at_commit(lock->world_id);
	return edit_end(&edit);
}
