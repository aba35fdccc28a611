/*
 * persons.h
 *	  Who plays, as rows: persons, their accounts, and what is kept of their days when a world is dropped.
 *
 * All functions are called between spi_begin() and spi_end(), and results are in their memory.
 */
#ifndef NPCSIM_TABLES_PERSONS_H
#define NPCSIM_TABLES_PERSONS_H

#include "postgres.h"

/* Inserts a person and returns its id. */
extern int64 person_row_insert(const char *name);
/* Locks a person against being erased. Returns false if there is none, or it is erased. */
extern bool person_row_share(int64 person_id);
/* Locks a person for being erased. Returns false if there is none. */
extern bool person_row_lock(int64 person_id);

typedef struct PersonAccount
{
	int64 player_id;
	int64 world_id;
	bool  at_home; /* its world lives in this database */
} PersonAccount;

/* Returns the accounts of a person, by world. */
extern PersonAccount *person_accounts(int64 person_id, const char *home, int *count);

/*
 * Removes what earlier versions wrote of players' names into inputs and logs of worlds. Nobody has to hold the
 * worlds: what is written now has none.
 */
extern void person_scrub(const int64 *world_ids, const int64 *player_ids, int count);
/* Gives an account a name that says nothing and a token that nobody knows, and bans it; removes its sources and calls. */
extern void person_forget_account(int64 player_id, const char *username);
/* Removes the person's name and days. */
extern void person_forget(int64 person_id);

/* Keeps the days of a world that is dropped, by person. */
extern void person_days_keep(int64 world_id);

#endif /* NPCSIM_TABLES_PERSONS_H */
