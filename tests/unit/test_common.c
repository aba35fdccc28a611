/*
 * test_common.c
 *	  Tests small parts that gateway and agent share: numbers, Base64, texts.
 */
#include "tap.h"

#include <limits.h>

#include "common/base64.h"
#include "common/numbers.h"
#include "common/text.h"

static void
test_numbers(void)
{
	long value = 7;

	tap_ok(number_read("12", 1, 12, &value) == NUMBER_GOOD && value == 12, "a number of the range is read");
	tap_ok(number_read("-3", -3, 12, &value) == NUMBER_GOOD && value == -3, "... below zero, too");
	tap_ok(number_read("13", 1, 12, &value) == NUMBER_OUTSIDE && value == -3,
		   "what is outside changes nothing");
	tap_ok(number_read("0", 1, 12, &value) == NUMBER_OUTSIDE, "... on either side");
	tap_ok(number_read("99999999999999999999", LONG_MIN, LONG_MAX, &value) == NUMBER_OUTSIDE,
		   "... or beyond all numbers");
	tap_ok(number_read("", 0, 12, &value) == NUMBER_NONE, "nothing is no number");
	tap_ok(number_read("1x", 0, 12, &value) == NUMBER_NONE, "nor is what goes on otherwise");
	tap_ok(number_read("1.5", 0, 12, &value) == NUMBER_NONE, "nor what is not whole");
}

/* RFC 4648's own examples */
static void
test_base64(void)
{
	static const char *const pairs[][2] = {{"", ""},
										   {"f", "Zg=="},
										   {"fo", "Zm8="},
										   {"foo", "Zm9v"},
										   {"foob", "Zm9vYg=="},
										   {"fooba", "Zm9vYmE="},
										   {"foobar", "Zm9vYmFy"}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
	{
		char		text[BASE64_SIZE(6)];
		size_t		length = strlen(pairs[i][0]);
		const char *end = base64_write(text, (const unsigned char *) pairs[i][0], length);

		tap_is_str(text, pairs[i][1], "\"%s\" in Base64", pairs[i][0]);
		tap_ok(end == text + BASE64_SIZE(length) - 1, "... has the length that was told");
	}
}

static void
test_cut(void)
{
	tap_is_int((long long) text_cut("abc", 3), 3, "what is short enough stays");
	tap_is_int((long long) text_cut("abcd", 3), 3, "what is not is cut");
	tap_is_int((long long) text_cut("ab\303\244", 3), 2, "... between two characters");
}

int
main(void)
{
	test_numbers();
	test_base64();
	test_cut();
	return tap_done();
}
