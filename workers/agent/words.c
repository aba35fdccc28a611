/*
 * words.c
 *	  Splits a command line into words as a POSIX shell would, without a shell.
 *
 * Blanks separate words; 'single quotes' keep everything; "double quotes" and
 * a backslash work as in sh.  A shell's other characters mean nothing here:
 * $HOME, *, ~, |, > and ; are passed on as they stand, so nothing in the
 * command line can start a second program or open a file.
 */
#include "words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * Copies one word of *cursor to out, which has room for all of the line.
 * Returns false if a quote does not end.
 */
static bool
read_word(const char **cursor, char *out)
{
	const char *c = *cursor;
	char		quote = '\0';

	for (; *c != '\0' && (quote != '\0' || !is_blank(*c)); c++)
	{
		if (quote == '\0' && (*c == '\'' || *c == '"'))
			quote = *c;
		else if (quote != '\0' && *c == quote)
			quote = '\0';
		else if (*c == '\\' && quote != '\'')
		{
			if (c[1] == '\0')
				return false;
			if (c[1] == '\n')
				c++; /* a backslash before a line feed continues the line, and both are dropped */
			else if (quote == '"' && strchr("\"\\$`", c[1]) == NULL)
				*out++ = *c;
			else
				*out++ = *++c;
		}
		else
			*out++ = *c;
	}
	*out = '\0';
	*cursor = c;
	return quote == '\0';
}

char **
words_split(const char *line, const char **error)
{
	char **words = calloc(WORDS_MAX + 1, sizeof(char *));
	char  *word = malloc(strlen(line) + 1);
	size_t count = 0;

	*error = NULL;
	if (words == NULL || word == NULL)
		*error = "out of memory";

	while (*error == NULL)
	{
		while (is_blank(*line))
			line++;
		if (*line == '\0')
			break;
		if (count == WORDS_MAX)
			*error = "it has too many words";
		else if (!read_word(&line, word))
			*error = "a quote or a backslash at its end is left open";
		else if ((words[count] = strdup(word)) == NULL)
			*error = "out of memory";
		else
			count++;
	}
	if (*error == NULL && (count == 0 || words[0][0] == '\0'))
		*error = "it names no program";

	free(word);
	if (*error != NULL)
	{
		words_free(words);
		return NULL;
	}
	return words;
}

void
words_free(char **words)
{
	if (words == NULL)
		return;
	for (size_t i = 0; words[i] != NULL; i++)
		free(words[i]);
	free(words);
}
