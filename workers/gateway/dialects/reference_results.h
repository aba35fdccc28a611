/*
 * reference_results.h
 *	  Reads what the tools of the reference game's mind server answer.
 *
 * The functions depend on nothing but their arguments.  Any json_t may be NULL
 * or of another type than expected.
 */
#ifndef NPCSIM_GATEWAY_REFERENCE_RESULTS_H
#define NPCSIM_GATEWAY_REFERENCE_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* After how many seconds of the world a mind is asked again; the reference game's minds cannot say it themselves. */
#define REFERENCE_ASK_AGAIN_S 10

#define REFERENCE_PROBLEM_SIZE 400

typedef enum ReferenceVerdict
{
	REFERENCE_DONE,
	REFERENCE_UNKNOWN, /* the server does not know this mind, or has no such tool */
	REFERENCE_FAILED
} ReferenceVerdict;

/*
 * Returns true if the tool, one of the list "tools", takes a mind_id.  If its
 * schema names no arguments at all, the other tools decide.
 */
extern bool reference_is_spoken(const json_t *tool, const json_t *tools);

/* Reads the answer of relink_mind, create_mind, ...; "problem" is filled unless it returns REFERENCE_DONE. */
extern ReferenceVerdict reference_verdict(const json_t *result, char *problem);

/*
 * Reads the answer of decide_action.  If it returns REFERENCE_DONE, *decision
 * is the decision_response without "type", a new reference.
 */
extern ReferenceVerdict reference_decision(const json_t *result, int64_t request_id, int64_t npc_id,
										   json_t **decision, char *problem);

/* Reads the message of a JSON-RPC error that came instead of such an answer: REFERENCE_UNKNOWN or REFERENCE_FAILED. */
extern ReferenceVerdict reference_error(const char *message, char *problem);

#endif /* NPCSIM_GATEWAY_REFERENCE_RESULTS_H */
