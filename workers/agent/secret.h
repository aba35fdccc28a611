/*
 * secret.h
 *	  Takes what nobody else may see, the player's token and the key of an API, from a file or the environment.
 */
#ifndef NPCSIM_AGENT_SECRET_H
#define NPCSIM_AGENT_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_MAX 4096

/*
 * Copies a secret without the white space around it.  Returns false, and the
 * reason in *error, if there is none or it could not stand in a header.
 */
extern bool secret_copy(char secret[SECRET_MAX + 1], const char *text, size_t len, const char **error);

/*
 * Reads a secret from a file, and warns if others may read that.  Returns false, and the reason in "why", if there is none of
 * use.  "what" names the file, as in "token file".
 */
extern bool secret_from_file(char secret[SECRET_MAX + 1], const char *what, const char *path, char *why,
							 size_t size);

/* Erases a variable of the environment, which may hold several of that name. */
extern void secret_forget_variable(const char *name);

#endif /* NPCSIM_AGENT_SECRET_H */
