/*
 * decision_json.h
 *	  The members of one action of a decision, as jsonb: what those who read an action share.
 *
 *	  {"action": "respond_to_interaction_bid", "bid_id": 5, "parameters": {"accept": false, "reason": "I am tired"}}
 *
 * All of them may stand beside the action or in its "parameters". Ids may be strings of digits.
 */
#ifndef NPCSIM_DECISION_JSON_H
#define NPCSIM_DECISION_JSON_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "refusal.h"

extern Refusal unreadable(const char *reason);

/* A member of the action or of its parameters; NULL if it is absent or null. */
extern JsonbValue *told_member(JsonbContainer *object, const char *name);
/* The object that is "parameters", NULL if there is none. */
extern JsonbValue *told_parameters(JsonbContainer *object);

/* A whole number of at most 16 digits; a string of digits will do. */
extern bool told_whole_number(const JsonbValue *value, int64 *number);
/* Seconds as microseconds, 0 < … <= max. */
extern bool told_seconds(const JsonbValue *value, int64 max, int64 *time);
/* A text that fits. */
extern bool told_word(JsonbContainer *object, const char *name, char *text, size_t size);
/* A text of 1 to ACT_TEXT_CHARS characters; 'missing' and 'too_long' are what it is refused with. */
extern Refusal told_text(const JsonbValue *value, const char *missing, const char *too_long,
						 const char **text);
/* Whom, or what, it is about. */
extern bool told_target(JsonbContainer *object, int64 *id);
/* Ids in an array, each > 0; a single one will do. False if it is no such thing or too many. */
extern bool told_ids(const JsonbValue *value, int64 *ids, int max, int *count);
/* A copy of them; NULL = none. */
extern const int64 *told_ids_kept(const int64 *ids, int count);
/* What is said, as an act; NULL if nothing is. */
extern Jsonb *told_message(JsonbContainer *object);

#endif /* NPCSIM_DECISION_JSON_H */
