/*
 * reference_results.h
 *	  Reads what the tools of the reference game's mind server answer.
 *
 * Functions of their arguments alone.  Any json_t may be NULL or of another
 * kind than expected.
 */
#ifndef NPCSIM_GATEWAY_REFERENCE_RESULTS_H
#define NPCSIM_GATEWAY_REFERENCE_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* How soon a mind is asked again that cannot say when, in seconds of the world. */
#define REFERENCE_ASK_AGAIN_S 10

#define REFERENCE_PROBLEM_SIZE 400

typedef enum ReferenceVerdict
{
	REFERENCE_DONE,
	REFERENCE_UNKNOWN, /* the server does not know this mind, or has no such tool */
	REFERENCE_FAILED
} ReferenceVerdict;

/*
 * Does the tool, one of the list "tools", take a mind_id?  Its schema says so;
 * if that names no arguments at all, the tools beside it do.
 */
extern bool reference_is_spoken(const json_t *tool, const json_t *tools);

/* The answer of relink_mind, create_mind, ...; "problem" is filled unless it is done. */
extern ReferenceVerdict reference_verdict(const json_t *result, char *problem);

/*
 * The answer of decide_action.  When it is done, *decision is the
 * decision_response without "type", a new reference.
 */
extern ReferenceVerdict reference_decision(const json_t *result, int64_t request_id, int64_t npc_id,
										   json_t **decision, char *problem);

/* The message of a JSON-RPC error in place of any of these answers: unknown or failed. */
extern ReferenceVerdict reference_error(const char *message, char *problem);

#endif /* NPCSIM_GATEWAY_REFERENCE_RESULTS_H */
