/*
 * buckets.h
 *	  Limits of rates: how often somebody may do something, and who goes on although it is refused.
 */
#ifndef NPCSIM_MARKET_BUCKETS_H
#define NPCSIM_MARKET_BUCKETS_H

#include "sim/sim.h"

typedef struct BucketTerms
{
	int32_t rate;  /* how often on average: thousandths of a time a second */
	int32_t burst; /* how often at once */
} BucketTerms;

/* Of a level: one time.  A rate of one thousandth brings one unit in a microsecond, so that nothing is lost however often one looks. */
#define BUCKET_ONE (1000 * SIM_SECOND)

/* What may be done at once is 'burst' at first, and comes back at 'rate'. */
typedef struct Bucket
{
	int64_t level; /* thousandths of a time, times microseconds of a second; at as_of */
	int64_t as_of; /* microseconds; 0: it was never used, and is full */
} Bucket;

/* Whether it may be done so many times now (microseconds); if so it is taken from the bucket. */
extern bool bucket_take(Bucket *bucket, const BucketTerms *terms, int32_t times, int64_t now);

/* Microseconds until it may be done so many times; SIM_NEVER when it may never. */
extern int64_t bucket_wait(const Bucket *bucket, const BucketTerms *terms, int32_t times, int64_t now);

/* Who is refused may try again a hundred times, and then once a second; more often is a flood. */
#define REFUSALS_RATE  1000
#define REFUSALS_BURST 100

typedef struct RateLimit
{
	Bucket allowed;
	Bucket refused;
} RateLimit;

typedef enum RateVerdict
{
	RATE_TAKEN,
	RATE_REFUSED, /* too often: not now */
	RATE_FLOODED  /* far too often: whoever does so is suspended */
} RateVerdict;

extern RateVerdict rate_take(RateLimit *limit, const BucketTerms *terms, int64_t now);

#endif /* NPCSIM_MARKET_BUCKETS_H */
