/*
 * test_agent_words.c
 *	  Tests how npcsim-agent splits a command line into words.
 *
 * @link workers/agent/words.c
 */
#include "workers/agent/words.h"

#include "tap.h"

/* The words joined by "|", or the error in angle brackets. */
static const char *
Split(const char *line)
{
	static char joined[1024];
	const char *error;
	char	  **words = words_split(line, &error);

	joined[0] = '\0';
	if (words == NULL)
		snprintf(joined, sizeof(joined), "<%s>", error);
	for (int i = 0; words != NULL && words[i] != NULL; i++)
	{
		if (i > 0)
			strcat(joined, "|");
		strcat(joined, words[i]);
	}
	words_free(words);
	return joined;
}

int
main(void)
{
	char many[2 * (WORDS_MAX + 2)];

	tap_is_str(Split("node server.js"), "node|server.js", "blanks separate words");
	tap_is_str(Split("  node \t server.js\n"), "node|server.js",
			   "blanks around and between words do not count");
	tap_is_str(Split("a 'b c' \"d e\" f\\ g"), "a|b c|d e|f g", "quotes and backslashes keep blanks");
	tap_is_str(Split("a''b\"\"c 'x'y\"z\""), "abc|xyz", "quoted parts join what they touch");
	tap_is_str(Split("a '' \"\""), "a||", "quotes alone make an empty word");
	tap_is_str(Split("a '\\n$x' \"\\n\\$x\\\"\\\\\""), "a|\\n$x|\\n$x\"\\",
			   "a backslash within quotes is as in sh");
	tap_is_str(Split("a b\\\nc"), "a|bc", "a line may be continued");
	tap_is_str(Split("a $HOME *.c ~ | > x; `y`"), "a|$HOME|*.c|~|||>|x;|`y`",
			   "nothing else of a shell is known");
	tap_is_str(Split("'it'\\''s'"), "it's", "a quote within quotes, as one writes it in sh");
	tap_is_str(Split("a 'b"), "<a quote or a backslash at its end is left open>", "an open quote is refused");
	tap_is_str(Split("a b\\"), "<a quote or a backslash at its end is left open>",
			   "an open backslash is refused");
	tap_is_str(Split(" \t"), "<it names no program>", "blanks alone are refused");
	tap_is_str(Split("'' a"), "<it names no program>", "an empty program is refused");

	memset(many, 0, sizeof(many));
	for (int i = 0; i < WORDS_MAX; i++)
		memcpy(many + 2 * i, "w ", 2);
	tap_ok(Split(many)[0] == 'w', "%d words are taken", WORDS_MAX);
	memcpy(many + 2 * WORDS_MAX, "w ", 2);
	tap_is_str(Split(many), "<it has too many words>", "one more is refused");
	return tap_done();
}
