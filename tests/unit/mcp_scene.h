/*
 * mcp_scene.h
 *	  Observations of an NPC, and comparison of JSON, for the unit tests of
 *	  dialects of mind servers.
 */
#ifndef NPCSIM_TESTS_MCP_SCENE_H
#define NPCSIM_TESTS_MCP_SCENE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

/* The observations of an NPC that does and sees one of everything that a dialect translates. */
static const char *const scene =
	"{\"self\":{\"id\":12,\"name\":\"Ada\",\"traits\":[\"curious\",7],\"clock\":5231.9,\"game_time\":\"x\"},"
	"\"needs\":{\"hunger\":65.5,\"fun\":20},\"position\":{\"x\":15,\"y\":23},"
	"\"status\":{\"state\":\"interacting\",\"movement_locked\":true,\"target_id\":null,\"plan\":[],"
	"\"current_interaction\":{\"id\":801,\"name\":\"conversation\",\"description\":\"Talk\",\"fills\":[],"
	"\"drains\":[\"energy\"],\"rates\":{\"energy\":-0.5},"
	"\"parameters\":{\"message\":{\"type\":\"string\",\"description\":\"What to say\",\"default\":null}}}},"
	"\"vision\":[{\"type\":\"item\",\"id\":789,\"distance\":2.2,\"item_type\":\"apple\","
	"\"position\":{\"x\":16,\"y\":25},\"occupied\":true,\"interactions\":{\"consume\":{\"description\":"
	"\"Eat\",\"fills\":[\"hunger\"],\"drains\":[],\"rates\":{\"hunger\":5},\"duration\":5}}},"
	"{\"type\":\"npc\",\"id\":456,\"distance\":4.2,\"name\":\"Bo\",\"npc_state\":\"idle\","
	"\"position\":{\"x\":18,\"y\":20},\"interactions\":{}},"
	"{\"type\":\"npc\",\"id\":457,\"name\":\"Cy\",\"npc_state\":\"interacting\",\"position\":{\"x\":1,\"y\":"
	"2},"
	"\"interactions\":{},\"current_interaction\":{\"id\":9,\"name\":\"conversation\",\"participants\":[457,"
	"458],\"participant_names\":[\"Cy\",null],\"started_at\":5229.9,\"min_participants\":2,"
	"\"max_participants\":10,\"joinable\":true}},"
	"{\"type\":\"npc\",\"id\":460,\"name\":\"Di\",\"npc_state\":\"requesting\",\"position\":{\"x\":2,\"y\":2}"
	","
	"\"interactions\":{}},"
	"{\"type\":\"item\",\"item_type\":\"ghost\"}],"
	"\"available_interactions\":[],\"events\":[],\"conversation\":null}";

static inline json_t *
parse(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	if (!value)
		tap_ok(false, "the test's own JSON: %s", text);
	return value;
}

/* Checks that a value equals the JSON of a text, members in any order, and gives up the reference to it. */
static inline bool
is_json(json_t *got, const char *want, const char *name)
{
	json_t *wanted = parse(want);
	bool	same = tap_ok(json_equal(got, wanted), "%s", name);

	if (!same)
	{
		char *text = got ? json_dumps(got, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;

		printf("#   got:  %s\n#   want: %s\n", text ? text : "(null)", want);
		free(text);
	}
	json_decref(wanted);
	json_decref(got);
	return same;
}

#endif /* NPCSIM_TESTS_MCP_SCENE_H */
