/*
 * tokens.h
 *	  Remembers the tokens that were valid lately.
 *
 * A player whose token was valid here can come back whatever others at the
 * same address try, since such a token is not a guess.  Hashes of some thousand
 * tokens are kept, made with a random key of this process.
 */
#ifndef NPCSIM_GATEWAY_TOKENS_H
#define NPCSIM_GATEWAY_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

extern void token_remember(const char *token);
extern bool token_is_known(const char *token);

/* Counts a join with this token; returns false when it is not known, or has joined too often lately. */
extern bool token_may_join(const char *token, int64_t now);

/* Forgets a token that is not valid any more, because it was replaced or its player was banned. */
extern void token_forget(const char *token);

#endif /* NPCSIM_GATEWAY_TOKENS_H */
