/*
 * tokens.c
 *	  Remembers the tokens that were valid lately.
 *
 * Each hash has one place in a table, where a newer one overwrites it.
 */
#include "tokens.h"

#include <sys/random.h>

#include "allowance.h"

#define PLACES 8192

/* This is more than any program needs; a token that joins more often counts for its address (peers.h). */
#define JOINS_PER_MINUTE 60
#define JOINS_AT_ONCE	 30

typedef struct Place
{
	uint64_t  hash; /* 0 = none */
	Allowance joins;
} Place;

static struct
{
	uint64_t key; /* 0 = not made yet */
	Place	 places[PLACES];
} tokens;

static uint64_t
hash_of(const char *token)
{
	uint64_t hash;

	while (tokens.key == 0)
	{
		if (getrandom(&tokens.key, sizeof(tokens.key), 0) != sizeof(tokens.key))
			tokens.key = (uint64_t) (uintptr_t) &hash;
	}
	hash = tokens.key;
	for (; *token; token++)
	{
		hash = (hash ^ (unsigned char) *token) * UINT64_C(0x9E3779B97F4A7C15);
		hash ^= hash >> 29;
	}
	return hash ? hash : 1;
}

static Place *
place_of(uint64_t hash)
{
	return &tokens.places[hash % PLACES];
}

void
token_remember(const char *token)
{
	uint64_t hash = hash_of(token);
	Place	*place = place_of(hash);

	if (place->hash != hash)
		*place = (Place) {.hash = hash};
}

bool
token_is_known(const char *token)
{
	uint64_t hash = hash_of(token);

	return place_of(hash)->hash == hash;
}

bool
token_may_join(const char *token, int64_t now)
{
	return token_is_known(token) &&
		   allowance_take(&place_of(hash_of(token))->joins, (Rate) {JOINS_PER_MINUTE, JOINS_AT_ONCE}, now);
}

void
token_forget(const char *token)
{
	uint64_t hash = hash_of(token);

	if (place_of(hash)->hash == hash)
		*place_of(hash) = (Place) {0};
}
