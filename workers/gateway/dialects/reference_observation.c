/*
 * reference_observation.c
 *	  Translates the observations of a decision request for the reference game's mind server.
 *
 *	  ours										theirs
 *	  self.id 52								entity_id "52"
 *	  self.clock 3537.5							current_simulation_time 3537
 *	  position {"x", "y"}						status.position [x, y]
 *	  status.state								status.activity_state.state_name
 *	  status.current_interaction null			status.current_interaction {}
 *	  needs {...}								needs {needs, max_value}
 *	  vision [...]								vision.visible_entities [...]
 *	  interactions.*: fills, drains, rates		needs_filled, needs_drained, need_rates
 *	  a run's started_at						duration_minutes, up to now
 *	  npc_state "requesting"					a current_interaction that cannot be joined
 *
 * The server's game has no state in which an NPC waits for the answer to a bid,
 * and it offers a mind all ways of walking off unless movement is locked.  So
 * movement is told as locked for an NPC that waits.
 *
 * What has no counterpart there is left out, such as plans.  Conversations are
 * told as events (reference_events.c).
 */
#include "dialects/reference_observation.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define NEED_MAX  100
#define WHOLE_MAX (INT64_C(1) << 53)

/* The name of an interaction that is not known. */
#define UNNAMED_INTERACTION "interaction"

/* Reasons why an interaction of somebody in sight cannot be joined. */
#define AT_CAPACITY "at_capacity"
#define REQUESTING	"requesting" /* this is also the name of an NPC's state */


/* ------------------------------------------------------------------- pieces */

int64_t
reference_whole(double number)
{
	if (!(number > (double) -WHOLE_MAX))
		return -WHOLE_MAX;
	return number < (double) WHOLE_MAX ? (int64_t) floor(number) : WHOLE_MAX;
}

json_t *
reference_entity_id(const json_t *id)
{
	if (json_is_string(id))
		return json_stringn(json_string_value(id), json_string_length(id));
	return json_is_integer(id) ? json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(id)) : NULL;
}

json_t *
reference_cell(const json_t *position)
{
	bool		  is_pair = json_is_array(position);
	const json_t *x = is_pair ? json_array_get(position, 0) : json_object_get(position, "x");
	const json_t *y = is_pair ? json_array_get(position, 1) : json_object_get(position, "y");

	if (!json_is_number(x) || !json_is_number(y))
		return NULL;
	return json_pack("[I, I]", (json_int_t) reference_whole(json_number_value(x)),
					 (json_int_t) reference_whole(json_number_value(y)));
}

/* Returns a member's string, or "otherwise" if it has none. */
static const char *
string_or(const json_t *object, const char *name, const char *otherwise)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value != NULL ? value : otherwise;
}

/* Returns an array of the strings in an array; other elements are left out. */
static json_t *
strings_of(const json_t *array)
{
	json_t *strings = json_array();
	size_t	i;
	json_t *value;

	json_array_foreach (array, i, value)
		if (json_is_string(value))
			json_array_append(strings, value);
	return strings;
}

static json_t *
numbers_of(const json_t *object)
{
	json_t	   *numbers = json_object();
	const char *name;
	json_t	   *value;

	json_object_foreach ((json_t *) object, name, value)
		if (json_is_number(value))
			json_object_set(numbers, name, value);
	return numbers;
}

/* Returns the parameters of act_in_interaction: name -> {type, description, and default if there is one}. */
static json_t *
act_parameters(const json_t *ours)
{
	json_t	   *parameters = json_object();
	const char *name;
	json_t	   *spec;

	json_object_foreach ((json_t *) ours, name, spec)
	{
		json_t *otherwise = json_object_get(spec, "default");
		json_t *theirs;

		if (!json_is_object(spec))
			continue;
		theirs = json_pack("{s:s, s:s}", "type", string_or(spec, "type", "string"), "description",
						   string_or(spec, "description", ""));
		if (otherwise != NULL && !json_is_null(otherwise))
			json_object_set(theirs, "default", otherwise);
		json_object_set_new(parameters, name, theirs);
	}
	return parameters;
}

/* Returns the description of an interaction. */
static json_t *
interaction(const char *name, const json_t *ours)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name", name, "description",
					 string_or(ours, "description", name), "needs_filled",
					 strings_of(json_object_get(ours, "fills")), "needs_drained",
					 strings_of(json_object_get(ours, "drains")), "need_rates",
					 numbers_of(json_object_get(ours, "rates")), "act_in_interaction_parameters",
					 act_parameters(json_object_get(ours, "parameters")));
}


/* ------------------------------------------------------------------- vision */

static json_t *
offered(const json_t *ours)
{
	json_t	   *interactions = json_object();
	const char *name;
	json_t	   *details;

	json_object_foreach ((json_t *) ours, name, details)
		json_object_set_new(interactions, name, interaction(name, details));
	return interactions;
}

/* Returns a participant's id; a participant may be an id or an object with one. */
static const json_t *
id_of(const json_t *participant)
{
	return json_is_object(participant) ? json_object_get(participant, "id") : participant;
}

/* What is made of each element of an array, but for those of which nothing can be (NULL). */
static json_t *
made_of(const json_t *array, json_t *(*make)(const json_t *element, const json_t *observations),
		const json_t *observations)
{
	json_t *made = json_array();
	size_t	i;
	json_t *element;

	json_array_foreach (array, i, element)
	{
		json_t *value = make(element, observations);

		if (value != NULL)
			json_array_append_new(made, value);
	}
	return made;
}

static json_t *
participant_id(const json_t *participant, const json_t *observations)
{
	(void) observations;
	return reference_entity_id(id_of(participant));
}

/* Returns the name of somebody in sight, or of the NPC itself; NULL = it is not known. */
static const char *
name_of(const json_t *observations, const json_t *id)
{
	const json_t *self = json_object_get(observations, "self");
	size_t		  i;
	json_t		 *thing;

	if (json_equal(json_object_get(self, "id"), id))
		return json_string_value(json_object_get(self, "name"));
	json_array_foreach (json_object_get(observations, "vision"), i, thing)
		if (json_equal(json_object_get(thing, "id"), id))
			return json_string_value(json_object_get(thing, "name"));
	return NULL;
}

/* Returns a name for each participant, "" if it is not known, so that the names correspond to the ids. */
static json_t *
participant_names(const json_t *run, const json_t *observations)
{
	const json_t *told = json_object_get(run, "participant_names");
	json_t		 *names = json_array();
	size_t		  i;
	json_t		 *participant;

	json_array_foreach (json_object_get(run, "participants"), i, participant)
	{
		const json_t *id = id_of(participant);
		const char	 *name =
			  told != NULL ? json_string_value(json_array_get(told, i)) : name_of(observations, id);

		if (json_is_integer(id) || json_is_string(id))
			json_array_append_new(names, json_string(name != NULL ? name : ""));
	}
	return names;
}

/* Returns for how many minutes of the game an interaction has gone on, which are seconds of the world. */
static double
minutes_since(const json_t *started_at, double clock)
{
	return json_is_number(started_at) && json_number_value(started_at) < clock
			   ? clock - json_number_value(started_at)
			   : 0;
}

/* Describes the interaction of somebody in sight; "reason" tells why it cannot be joined, if that is so. */
static json_t *
engagement(const json_t *run, const char *reason, const json_t *observations)
{
	json_t	  *id = reference_entity_id(json_object_get(run, "id"));
	json_t	  *participants = made_of(json_object_get(run, "participants"), participant_id, observations);
	json_t	  *names = participant_names(run, observations);
	json_int_t count = (json_int_t) json_array_size(participants);
	json_int_t least = json_integer_value(json_object_get(run, "min_participants"));
	json_int_t most = json_integer_value(json_object_get(run, "max_participants"));
	bool	   joinable = json_is_true(json_object_get(run, "joinable"));

	if (count == 0)
		count = 1;
	return json_pack("{s:o, s:s, s:o, s:o, s:I, s:I, s:I, s:f, s:b, s:s}", "interaction_id",
					 id != NULL ? id : json_string(""), "interaction_name",
					 string_or(run, "name", UNNAMED_INTERACTION), "participant_ids", participants,
					 "participant_names", names, "participant_count", count, "min_participants",
					 least > 1 ? least : 1, "max_participants", most > count ? most : count,
					 "duration_minutes",
					 minutes_since(json_object_get(run, "started_at"), reference_clock(observations)),
					 "is_joinable", joinable, "joinable_reason", joinable ? "" : reason);
}

/* Describes the use of an occupied item as the first interaction that it offers, which usually is the only one. */
static json_t *
use_of(const json_t *item, const json_t *observations)
{
	const char *name = json_object_iter_key(json_object_iter(json_object_get(item, "interactions")));
	json_t	   *run = json_pack("{s:s}", "name", name != NULL ? name : UNNAMED_INTERACTION);
	json_t	   *use = engagement(run, AT_CAPACITY, observations);

	json_decref(run);
	return use;
}

/* Describes what somebody or something in sight is engaged in.  An NPC that waits for the answer to a bid cannot be joined. */
static json_t *
doing_of(const json_t *thing, const json_t *observations)
{
	const json_t *run = json_object_get(thing, "current_interaction");
	const char	 *state = string_or(thing, "npc_state", "");

	if (json_is_object(run) && json_object_size(run) > 0)
		return engagement(run, AT_CAPACITY, observations);
	if (json_is_true(json_object_get(thing, "occupied")))
		return use_of(thing, observations);
	if (strcmp(state, REQUESTING) == 0)
		return engagement(NULL, REQUESTING, observations);
	return strcmp(state, "interacting") == 0 ? engagement(NULL, AT_CAPACITY, observations) : json_object();
}

/* Returns the description of something in sight, or NULL if it has no id or position. */
static json_t *
visible_entity(const json_t *thing, const json_t *observations)
{
	json_t *id = reference_entity_id(json_object_get(thing, "id"));
	json_t *position = reference_cell(json_object_get(thing, "position"));

	if (id == NULL || position == NULL)
	{
		json_decref(id);
		json_decref(position);
		return NULL;
	}
	return json_pack("{s:o, s:s, s:o, s:o, s:o}", "entity_id", id, "display_name",
					 string_or(thing, "name", string_or(thing, "item_type", "something")), "position",
					 position, "interactions", offered(json_object_get(thing, "interactions")),
					 "current_interaction", doing_of(thing, observations));
}


/* -------------------------------------------------------------- observation */

static json_t *
current_interaction(const json_t *ours)
{
	if (!json_is_object(ours) || json_object_size(ours) == 0)
		return json_object();
	return interaction(string_or(ours, "name", UNNAMED_INTERACTION), ours);
}

static json_t *
status(const json_t *observations)
{
	const json_t *ours = json_object_get(observations, "status");
	const char	 *state = json_string_value(json_object_get(ours, "state"));
	json_t		 *position = reference_cell(json_object_get(observations, "position"));

	if (state == NULL || position == NULL)
	{
		json_decref(position);
		return NULL;
	}
	return json_pack("{s:o, s:b, s:o, s:{s:s}}", "position", position, "movement_locked",
					 json_is_true(json_object_get(ours, "movement_locked")) || strcmp(state, REQUESTING) == 0,
					 "current_interaction", current_interaction(json_object_get(ours, "current_interaction")),
					 "activity_state", "state_name", state);
}

double
reference_clock(const json_t *observations)
{
	return json_number_value(json_object_get(json_object_get(observations, "self"), "clock"));
}

json_t *
reference_observation(const json_t *observations, int64_t npc_id)
{
	json_t *told = status(observations);

	if (told == NULL)
		return NULL;
	return json_pack("{s:o, s:I, s:o, s:{s:o, s:i}, s:{s:o}}", "entity_id",
					 json_sprintf("%lld", (long long) npc_id), "current_simulation_time",
					 (json_int_t) reference_whole(reference_clock(observations)), "status", told, "needs",
					 "needs", numbers_of(json_object_get(observations, "needs")), "max_value", NEED_MAX,
					 "vision", "visible_entities",
					 made_of(json_object_get(observations, "vision"), visible_entity, observations));
}

json_t *
reference_traits(const json_t *observations)
{
	return strings_of(json_object_get(json_object_get(observations, "self"), "traits"));
}
