/*
 * refusals.h
 *	  Refusals as values.
 *
 * What a client sends may be anything, and an error that reaches the server's log is lines that the client can write there.
 * So functions that clients' words reach answer {"ok":true,…} or {"ok":false,"error":{"code","message","detail","hint",
 * "retry"}}; in the latter case nothing was changed.
 */
#ifndef NPCSIM_REDUCERS_REFUSALS_H
#define NPCSIM_REDUCERS_REFUSALS_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"

#include "refusal.h"

extern void json_refusal(StringInfo out, const Refusal *refusal);

/* Writes the answer to a function's arguments; all errors are raised. */
typedef void (*AnswerWriter)(FunctionCallInfo fcinfo, StringInfo out);

/*
 * Lets 'write' answer, in a subtransaction and connected to SPI. Of its error it makes the refusal, and false; bugs, and
 * what ends this backend or its query, go on as errors.
 */
extern bool write_or_refuse(FunctionCallInfo fcinfo, AnswerWriter write, StringInfo out);

/* {"ok":true,"value":…}, of what 'write' writes, or the refusal. */
extern Datum value_or_refusal(FunctionCallInfo fcinfo, AnswerWriter write);

#endif /* NPCSIM_REDUCERS_REFUSALS_H */
