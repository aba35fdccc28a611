/*
 * test_allowance.c
 *	  Tests limits of how often something may be done.
 *
 * @link workers/gateway/allowance.c
 */
#include "allowance.h"

#include "tap.h"

int
main(void)
{
	Rate	  rate = {.per_minute = 60, .burst = 3};
	Allowance allowance = {0};
	int64_t	  now = 1000000;

	tap_ok(allowance_is_whole(&allowance, rate, now), "at first it is whole");
	for (int i = 0; i < 3; i++)
		tap_ok(allowance_take(&allowance, rate, now), "take %d of the burst", i + 1);
	tap_ok(!allowance_take(&allowance, rate, now), "and no more");
	tap_is_int(allowance_wait(&allowance, rate, now), 1000, "there is one in a second");
	tap_ok(!allowance_take(&allowance, rate, now + 999), "not before");
	tap_ok(allowance_take(&allowance, rate, now + 1000), "but then");
	tap_ok(!allowance_take(&allowance, rate, now + 1000), "one");
	now += 1000;
	allowance_refund(&allowance);
	tap_is_int(allowance_wait(&allowance, rate, now), 0, "what is given back is there");
	tap_ok(allowance_take(&allowance, rate, now), "and can be taken");
	for (int i = 0; i < 100; i++)
		allowance_charge(&allowance, rate, now);
	tap_is_int(allowance_wait(&allowance, rate, now), 4000, "no more than another burst is owed");
	tap_ok(!allowance_is_whole(&allowance, rate, now + 5999), "6 s later all of it");
	tap_ok(allowance_is_whole(&allowance, rate, now + 6000), "has come back");
	for (int i = 0; i < 5; i++)
		allowance_refund(&allowance);
	now += 3600 * 1000;
	for (int i = 0; i < 3; i++)
		tap_ok(allowance_take(&allowance, rate, now), "an hour later take %d", i + 1);
	tap_ok(!allowance_take(&allowance, rate, now), "and no more than at first");
	return tap_done();
}
