/*
 * test_buckets.c
 *	  How often somebody may do something.
 */
#include "market/buckets.h"
#include "tap.h"

#define NOW (INT64_C(800000000) * SIM_SECOND)

static const BucketTerms twice_a_second = {.rate = 2000, .burst = 10};

static int
taken(Bucket *bucket, const BucketTerms *terms, int64_t now, int tries)
{
	int count = 0;

	for (int i = 0; i < tries; i++)
		count += bucket_take(bucket, terms, 1, now);
	return count;
}

static void
test_bucket(void)
{
	Bucket bucket = {0};
	int	   count = 0;

	tap_is_int(taken(&bucket, &twice_a_second, NOW, 100), 10, "a burst at once");
	tap_is_int(bucket_wait(&bucket, &twice_a_second, 1, NOW), SIM_SECOND / 2,
			   "then half a second is to be waited");
	tap_is_int(taken(&bucket, &twice_a_second, NOW + SIM_SECOND / 2 - 1, 1), 0, "not a microsecond less");
	tap_is_int(taken(&bucket, &twice_a_second, NOW + SIM_SECOND / 2, 2), 1, "and it comes back");
	for (int64_t i = 1; i <= 100000; i++)
		count += taken(&bucket, &twice_a_second, NOW + SIM_SECOND / 2 + i * 100, 1);
	tap_is_int(count, 20, "who asks ten thousand times a second loses nothing by it, nor gains");
	tap_is_int(taken(&bucket, &twice_a_second, NOW, 1), 0, "a clock that went back gives nothing");
	tap_is_int(taken(&bucket, &twice_a_second, INT64_MAX, 100), 10,
			   "after however long a time there is a burst");
}

static void
test_limits(void)
{
	Bucket			  bucket = {0};
	const BucketTerms never = {.rate = -5, .burst = -5};
	const BucketTerms most = {.rate = INT32_MAX, .burst = INT32_MAX};

	tap_ok(!bucket_take(&bucket, &never, 1, NOW), "who may never may never");
	tap_ok(bucket_wait(&bucket, &never, 1, NOW) == SIM_NEVER, "however long it waits");
	tap_ok(bucket_wait(&bucket, &twice_a_second, 11, NOW) == SIM_NEVER,
		   "nobody may do more at once than a burst");
	bucket = (Bucket) {.level = INT64_MIN, .as_of = INT64_MIN};
	tap_ok(bucket_take(&bucket, &most, INT32_MAX, INT64_MAX), "whatever the numbers are");
	tap_ok(!bucket_take(&bucket, &most, 1, INT64_MAX), "what is taken is");
	bucket = (Bucket) {.level = INT64_MAX, .as_of = NOW};
	tap_is_int(taken(&bucket, &twice_a_second, NOW, 100), 10, "a full bucket has no more than it holds");
}

/* Who is refused now and then is no flood; who goes on at once is. */
static void
test_floods(void)
{
	RateLimit limit = {0};
	int		  verdicts[3] = {0};

	for (int second = 0; second < 3600; second++)
		for (int i = 0; i < 3; i++)
			verdicts[rate_take(&limit, &twice_a_second, NOW + second * SIM_SECOND)]++;
	tap_is_int(verdicts[RATE_FLOODED], 0, "one refusal a second is endured for ever");
	tap_is_int(verdicts[RATE_TAKEN], 2 * 3599 + 10, "and what is allowed is done");
	limit = (RateLimit) {0};
	for (int i = 0; i < 10 + REFUSALS_BURST; i++)
		tap_ok(rate_take(&limit, &twice_a_second, NOW) != RATE_FLOODED, "nor are a hundred at once one");
	tap_is_int(rate_take(&limit, &twice_a_second, NOW), RATE_FLOODED, "more are");
}

int
main(void)
{
	test_bucket();
	test_limits();
	test_floods();
	return tap_done();
}
