/*
 * tokens.c
 *	  Tokens that let somebody in.
 *
 * Each hash has one place; another that falls on it takes it.
 */
#include "tokens.h"

#include <stdint.h>
#include <sys/random.h>

#define PLACES 8192

static struct
{
	uint64_t key; /* 0 = not made yet */
	uint64_t hashes[PLACES];
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

static uint64_t *
place_of(uint64_t hash)
{
	return &tokens.hashes[hash % PLACES];
}

void
token_remember(const char *token)
{
	uint64_t hash = hash_of(token);

	*place_of(hash) = hash;
}

bool
token_is_known(const char *token)
{
	uint64_t hash = hash_of(token);

	return *place_of(hash) == hash;
}

void
token_forget(const char *token)
{
	uint64_t hash = hash_of(token);

	if (*place_of(hash) == hash)
		*place_of(hash) = 0;
}
