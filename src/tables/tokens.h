/*
 * tokens.h
 *	  SQL expressions for counting the tokens (of language models, not of logins) that players, NPCs and
 *	  worlds use per day.
 */
#ifndef NPCSIM_TABLES_TOKENS_H
#define NPCSIM_TABLES_TOKENS_H

#define UTC_TODAY	"(npcsim_internal.market_now() AT TIME ZONE 'UTC')::date"
#define TOKENS_MOST "1000000000000"

#endif /* NPCSIM_TABLES_TOKENS_H */
