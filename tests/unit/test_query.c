/*
 * test_query.c
 *	  Tests the query of an address.
 *
 * @link workers/gateway/query.c
 */
#include "query.h"

#include "tap.h"

static char source[33];
static char number[8];
static char message[160];

static bool
reads(const char *query)
{
	const QueryArgument arguments[] = {{"source", source, sizeof(source)},
									   {"max_concurrency", number, sizeof(number)}};

	message[0] = '\0';
	return query_read(query, arguments, 2, message, sizeof(message));
}

static void
test_good(void)
{
	tap_ok(reads(""), "no arguments");
	tap_is_str(source, "", "give none");
	tap_ok(reads("source=a%20b+c%C3%A9&max_concurrency=4"), "two arguments");
	tap_is_str(source, "a b c\xC3\xA9", "are decoded");
	tap_is_str(number, "4", "each");
	tap_ok(reads("&source=a%26b%3Dc&"), "empty ones between are none");
	tap_is_str(source, "a&b=c", "what is encoded does not separate");
	tap_ok(reads("source=12345678901234567890123456789012"), "as long as there is room");
}

static void
test_refused(void)
{
	static const struct
	{
		const char *query;
		const char *told;
	} refused[] = {
		{"sorce=a", "the address has an argument that is not known: sorce"},
		{"source=a&x\n%=1", "the address has an argument that is not known: x??"},
		{"Source=a", "the address has an argument that is not known: Source"},
		{"=a", "the address has an argument that is not known: "},
		{"source=a&source=a", "the argument source of the address is given twice"},
		{"source", "the argument source of the address is empty"},
		{"source=&max_concurrency=1", "the argument source of the address is empty"},
		{"source=123456789012345678901234567890123", "the argument source of the address is too long"},
		{"max_concurrency=64000000000000000", "the argument max_concurrency of the address is too long"},
		{"source=%", "the argument source of the address is not encoded as it should be"},
		{"source=%4", "the argument source of the address is not encoded as it should be"},
		{"source=a%4&max_concurrency=1", "the argument source of the address is not encoded as it should be"},
		{"source=%zz", "the argument source of the address is not encoded as it should be"},
		{"source=%00", "the argument source of the address is not encoded as it should be"},
		{"source=%0A", "the argument source of the address is not encoded as it should be"},
		{"source=%FF", "the argument source of the address is not encoded as it should be"},
		{"source=%C3", "the argument source of the address is not encoded as it should be"},
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		tap_ok(!reads(refused[i].query), "refused: %s", refused[i].query);
		tap_is_str(message, refused[i].told, "with its name");
	}
}

static void
test_number(void)
{
	static const char *const wrong[] = {"",	  "0",	 "65",	"-1",  "+4",		 " 4",
										"4 ", "4.0", "0x4", "1e1", "4294967300", "64000000000000000"};
	int						 value;

	tap_ok(query_number("64", 1, 64, &value) && value == 64, "the most");
	tap_ok(query_number("1", 1, 64, &value) && value == 1, "the least");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		tap_ok(!query_number(wrong[i], 1, 64, &value), "\"%s\" is no number from 1 to 64", wrong[i]);
}

int
main(void)
{
	test_good();
	test_refused();
	test_number();
	return tap_done();
}
