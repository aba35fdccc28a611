/*
 * tokens.h
 *	  Tokens that let somebody in.
 *
 * A player whose token was good here comes back whatever his neighbours try:
 * such a token is no guess.  Kept are hashes of the last some thousand, with a
 * key of this process.
 */
#ifndef NPCSIM_GATEWAY_TOKENS_H
#define NPCSIM_GATEWAY_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

extern void token_remember(const char *token);
extern bool token_is_known(const char *token);

/* Counts that its player joins; false when it is not known, or has joined too often lately. */
extern bool token_may_join(const char *token, int64_t now);

/* It was replaced, or its player banned. */
extern void token_forget(const char *token);

#endif /* NPCSIM_GATEWAY_TOKENS_H */
