/*
 * words.h
 *	  Splits a command line into words as a POSIX shell would, without a shell.
 */
#ifndef NPCSIM_AGENT_WORDS_H
#define NPCSIM_AGENT_WORDS_H

#define WORDS_MAX 256

/*
 * Returns the words of a line as a NULL-terminated vector, to be freed with
 * words_free(), or NULL and the reason in *error, if the line has no word, too
 * many, or a quote that does not end.
 */
extern char **words_split(const char *line, const char **error);
extern void	  words_free(char **words);

#endif /* NPCSIM_AGENT_WORDS_H */
