/*
 * decision_json.h
 *	  Readers for the members of one action of a decision (jsonb), which the action_*.c share.
 *
 *	  {"action": "respond_to_interaction_bid", "bid_id": 5, "parameters": {"accept": false, "reason": "I am tired"}}
 *
 * Each member may stand beside the action or in its "parameters". Ids may be strings of digits. What
 * is returned is palloc'd or points into the jsonb.
 */
#ifndef NPCSIM_DECISION_JSON_H
#define NPCSIM_DECISION_JSON_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "refusal.h"

extern Refusal unreadable(const char *reason);

/* Returns a member of the action or of its parameters; NULL if it is absent or null. */
extern JsonbValue *told_member(JsonbContainer *object, const char *name);
/* Returns the object "parameters"; NULL if there is none. */
extern JsonbValue *told_parameters(JsonbContainer *object);

/*
 * Reads a whole number of at most 16 characters, which may be a string of digits. Returns false if it is
 * none.
 */
extern bool told_whole_number(const JsonbValue *value, int64 *number);
/*
 * Reads a number of seconds, 0 < … <= max, as microseconds; max is in microseconds. Returns false if it is
 * none.
 */
extern bool told_seconds(const JsonbValue *value, int64 max, int64 *time);
/* Copies a text into 'text', which has 'size' bytes. Returns false if it is no text or does not fit. */
extern bool told_word(JsonbContainer *object, const char *name, char *text, size_t size);
/* Reads a text of 1 to ACT_TEXT_CHARS characters; it is refused with the reason 'missing' or 'too_long'. */
extern Refusal told_text(const JsonbValue *value, const char *missing, const char *too_long,
						 const char **text);
/* Reads the id of the action's target, "target_id" or "entity_id". Returns false if there is none. */
extern bool told_target(JsonbContainer *object, int64 *id);
/*
 * Reads an array of at most max ids, each > 0, or a single id; none if value is NULL. Returns false if it is
 * no such thing.
 */
extern bool told_ids(const JsonbValue *value, int64 *ids, int max, int *count);
/* Returns a copy of the ids; NULL if there are none. */
extern const int64 *told_ids_kept(const int64 *ids, int count);
/* Returns the member "message" as an act of an interaction; NULL if there is none. */
extern Jsonb *told_message(JsonbContainer *object);

#endif /* NPCSIM_DECISION_JSON_H */
