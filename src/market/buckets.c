/*
 * buckets.c
 *	  Limits of rates.
 */
#include "market/buckets.h"

#include "market/numbers.h"

static int64_t
full(const BucketTerms *terms)
{
	return max_int64(terms->burst, 0) * BUCKET_ONE;
}

static int64_t
level_at(const Bucket *bucket, const BucketTerms *terms, int64_t now)
{
	int64_t rate = max_int64(terms->rate, 0);
	int64_t level = within(bucket->level, 0, full(terms));
	int64_t span = elapsed(bucket->as_of, now);

	if (bucket->as_of == 0)
		return full(terms);
	if (rate > 0 && span > (full(terms) - level) / rate)
		return full(terms);
	return level + (rate > 0 ? span * rate : 0);
}

bool
bucket_take(Bucket *bucket, const BucketTerms *terms, int32_t times, int64_t now)
{
	int64_t level = level_at(bucket, terms, now);
	int64_t wanted = max_int64(times, 0) * BUCKET_ONE;

	bucket->level = level < wanted ? level : level - wanted;
	bucket->as_of = now;
	return level >= wanted;
}

int64_t
bucket_wait(const Bucket *bucket, const BucketTerms *terms, int32_t times, int64_t now)
{
	int64_t missing = max_int64(times, 0) * BUCKET_ONE - level_at(bucket, terms, now);

	if (missing <= 0)
		return 0;
	if (terms->rate <= 0 || times > terms->burst)
		return SIM_NEVER;
	return (missing + terms->rate - 1) / terms->rate;
}

RateVerdict
rate_take(RateLimit *limit, const BucketTerms *terms, int64_t now)
{
	static const BucketTerms refusals = {.rate = REFUSALS_RATE, .burst = REFUSALS_BURST};

	if (bucket_take(&limit->allowed, terms, 1, now))
		return RATE_TAKEN;
	return bucket_take(&limit->refused, &refusals, 1, now) ? RATE_REFUSED : RATE_FLOODED;
}
