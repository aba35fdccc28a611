/*
 * refusals.h
 *	  Turns errors into refusals that clients are told.
 *
 * A client may send anything, and each error that reaches the server's log would be lines that the
 * client can write there. So functions that get clients' words return {"ok":true,…} or
 * {"ok":false,"error":{"code","message","detail","hint","retry"}}; in the latter case nothing was
 * changed.
 */
#ifndef NPCSIM_REDUCERS_REFUSALS_H
#define NPCSIM_REDUCERS_REFUSALS_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"

#include "refusal.h"

extern void json_refusal(StringInfo out, const Refusal *refusal);

/* Writes the answer to a function's arguments; it raises errors. */
typedef void (*AnswerWriter)(FunctionCallInfo fcinfo, StringInfo out);

/*
 * Calls 'write' in a subtransaction, connected to SPI. If it raises an error, the refusal is written instead
 * and false is returned; errors that are bugs, or that end this backend or its query, are raised again.
 */
extern bool write_or_refuse(FunctionCallInfo fcinfo, AnswerWriter write, StringInfo out);

/* Returns {"ok":true,"value":…} with what 'write' writes, or the refusal. */
extern Datum value_or_refusal(FunctionCallInfo fcinfo, AnswerWriter write);

#endif /* NPCSIM_REDUCERS_REFUSALS_H */
