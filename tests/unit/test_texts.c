/*
 * test_texts.c
 *	  Tests which characters a text that others read may have.
 */
#include "sim/texts.h"
#include "tap.h"

static TextFlaw
flaw_of(const char *text)
{
	size_t place;

	return text_flaw(text, strlen(text), &place);
}

static void
test_good(void)
{
	static const char *const texts[] = {
		"Hello",
		"a",
		"two words",
		"na\xC3\xAFve",
		"e\xCC\x81",															/* a mark on its character */
		"\xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xAE\xD9\x88\xD8\xA7\xD9\x87\xD9\x85", /* Persian: ZWNJ */
		"\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7", /* a family: ZWJ */
		"\xE2\x9D\xA4\xEF\xB8\x8F\xE2\x80\x8D\xF0\x9F\x94\xA5", /* a heart on fire: VS16, then ZWJ */
		"1\xEF\xB8\x8F\xE2\x83\xA3",							/* a keycap */
		"\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8D\xE0\xA4\xB7",		/* Devanagari: virama, ZWJ */
		"\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D",						/* Hebrew needs no marks of direction */
		"\xF0\xB3\x84\x80",										/* not yet assigned: a font may know it */
		"caf\xC3\xA9\xC2\xA0!",									/* a blank of another kind between */
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		tap_is_int(flaw_of(texts[i]), TEXT_GOOD, "text %zu is good", i);
}

static void
test_hidden(void)
{
	/* one of each kind, between two letters */
	static const struct
	{
		const char *character;
		const char *what;
	} hidden[] = {
		{"\x01", "U+0001"},
		{"\n", "a line feed"},
		{"\x7F", "U+007F"},
		{"\xC2\x85", "U+0085"},
		{"\xC2\xAD", "a soft hyphen"},
		{"\xCD\x8F", "the grapheme joiner"},
		{"\xD8\x9C", "U+061C, the Arabic letter mark"},
		{"\xE1\x85\x9F", "a filler of Hangul"},
		{"\xE1\xA0\x8E", "U+180E"},
		{"\xE2\x80\x8B", "a blank of no width"},
		{"\xE2\x80\x8E", "the left-to-right mark"},
		{"\xE2\x80\x8F", "U+200F, the right-to-left mark"},
		{"\xE2\x80\xA8", "a separator of lines"},
		{"\xE2\x80\xAE", "U+202E"},
		{"\xE2\x81\xA0", "the word joiner"},
		{"\xE2\x81\xA6", "U+2066"},
		{"\xE3\x85\xA4", "U+3164"},
		{"\xEE\x80\x80", "private use"},
		{"\xEF\xB7\x90", "U+FDD0, no character"},
		{"\xEF\xBB\xBF", "U+FEFF"},
		{"\xEF\xBF\xB9", "an anchor of annotations"},
		{"\xEF\xBF\xBF", "U+FFFF"},
		{"\xF0\x9D\x85\xB3", "a format of music"},
		{"\xF3\xA0\x80\x81", "a tag"},
		{"\xF4\x8F\xBF\xBD", "private use, the last plane"},
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
	{
		char   text[16];
		size_t place;

		snprintf(text, sizeof(text), "ab%sc", hidden[i].character);
		tap_is_int(text_flaw(text, strlen(text), &place), TEXT_HIDDEN, "%s is hidden", hidden[i].what);
		tap_is_int((long long) place, 2, "and found where it stands");
	}
	tap_is_int(flaw_of("a\xE2\x80\x8D"), TEXT_HIDDEN, "a joiner at the end joins nothing");
	tap_is_int(flaw_of("\xE2\x80\x8D"
					   "a"),
			   TEXT_HIDDEN, "nor does one at the beginning");
	tap_is_int(flaw_of("a \xE2\x80\x8C"
					   "b"),
			   TEXT_HIDDEN, "nor one behind a blank");
	tap_is_int(flaw_of("a\xE2\x80\x8D b"), TEXT_HIDDEN, "nor one before a blank");
	tap_is_int(flaw_of("a\xE2\x80\x8D\xE2\x80\x8D"
					   "b"),
			   TEXT_HIDDEN, "two joiners hide one another");
	tap_is_int(text_flaw("a\0b", 3, &(size_t) {0}), TEXT_HIDDEN, "NUL is a control, too");
}

static void
test_empty(void)
{
	static const char *const texts[] = {"",
										" ",
										"   ",
										"\xC2\xA0",
										"\xE2\xA0\x80\xE2\xA0\x80",
										"\xE3\x80\x80",
										" \xCC\x81",
										"\xEF\xB8\x8F",
										"\xE2\x80\x83"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		tap_is_int(flaw_of(texts[i]), TEXT_EMPTY, "text %zu has nothing to see", i);
}

static void
test_piled(void)
{
	char text[64] = "a";

	for (int marks = 1; marks <= TEXT_MARKS_MAX; marks++)
		strcat(text, "\xCC\x81");
	tap_is_int(flaw_of(text), TEXT_GOOD, "as many marks as are allowed");
	strcat(text, "\xCC\x81");
	tap_is_int(flaw_of(text), TEXT_PILED, "one more is one too many");
	strcpy(text + 1 + 2 * TEXT_MARKS_MAX, "b\xCC\x81");
	tap_is_int(flaw_of(text), TEXT_GOOD, "the next character begins anew");
}

static void
test_broken(void)
{
	static const char *const texts[] = {"\x80",
										"a\xC3",
										"\xC0\x80",
										"\xE0\x80\x80",
										"\xF5\x80\x80\x80",
										"\xF4\x90\x80\x80",
										"\xE2\x80",
										"a\xFF"
										"b",
										"\xF0\x80\x80\x80"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		tap_is_int(flaw_of(texts[i]), TEXT_BROKEN, "text %zu is no UTF-8", i);
	tap_is_int(flaw_of("\xED\xA0\x80"), TEXT_HIDDEN, "a surrogate is no character");
}

static void
test_blank_flaws(void)
{
	char lines[] = "no\nidea\xE2\x80\xAE!";
	char broken[] = "a\xC3";
	char nothing[] = "\xE2\x80\x8B\x01";

	tap_ok(text_blank_flaws(lines, strlen(lines)), "a text with flaws can be mended");
	tap_is_str(lines, "no idea   !", "by blanks");
	tap_ok(text_blank_flaws(broken, strlen(broken)), "also one that is no UTF-8");
	tap_is_str(broken, "a ", "by a blank for each byte");
	tap_ok(!text_blank_flaws(nothing, strlen(nothing)), "unless nothing is left to see");
}

static void
test_join_lines(void)
{
	char   lines[] = "one\ttwo\r\nthree\xE2\x80\xA8"
					 "four\xC2\x85\xC3\xA9\xC3";
	size_t length = text_join_lines(lines, strlen(lines));

	lines[length] = '\0';
	tap_is_str(lines, "one two  three four \xC3\xA9\xC3", "breaks of lines become blanks");
	tap_is_int((long long) text_join_lines(lines, 0), 0, "no text has none");
}

int
main(void)
{
	test_good();
	test_hidden();
	test_empty();
	test_piled();
	test_broken();
	test_blank_flaws();
	test_join_lines();
	return tap_done();
}
