/*
 * tokens.h
 *	  Tokens that language models wrote on a day, as players, NPCs and worlds count them (no tokens of logins): for SQL.
 */
#ifndef NPCSIM_TABLES_TOKENS_H
#define NPCSIM_TABLES_TOKENS_H

#define UTC_TODAY	"(pg_catalog.now() AT TIME ZONE 'UTC')::date"
#define TOKENS_MOST "1000000000000"

#endif /* NPCSIM_TABLES_TOKENS_H */
