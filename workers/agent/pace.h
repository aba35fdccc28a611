/*
 * pace.h
 *	  How many questions an endpoint is asked at a time, and when: it is left alone after trouble, for as long as it wishes.
 *
 * After trouble nothing is asked until the pause is over, then one question; each answer doubles how many are asked at a
 * time, up to what the player lends.  It has no clock of its own.
 */
#ifndef NPCSIM_AGENT_PACE_H
#define NPCSIM_AGENT_PACE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "backoff.h"

/* The longest pause that an endpoint is granted. */
#define PACE_PAUSE_MOST_MS (60 * 60 * 1000)

/* A pause that lasts longer than this is told to the gateway: it offers no room until it is over. */
#define PACE_PATIENCE_MS 8000

typedef struct Pace
{
	int		most;	  /* at a time */
	int		now;	  /* at a time, at present */
	int64_t until;	  /* nothing is asked before; 0 = it may be */
	bool	closed;	  /* the pause is so long that no room is offered until it is over */
	int64_t troubled; /* when there was trouble last; what was asked before that and fails is part of it */
	int64_t usual_ms; /* how long an answer takes, on average; 0 = that is not known */
	Backoff backoff;
} Pace;

extern void pace_init(Pace *pace, int most);

/*
 * Notes that something that was asked at "asked_at" was refused for want of room, or failed.  "retry_after_ms" is the pause that the
 * endpoint wants; -1 = it did not say.  "noise" is any random number.
 */
extern void pace_trouble(Pace *pace, int64_t now_ms, int64_t asked_at, int64_t retry_after_ms,
						 uint32_t noise);

/* Notes an answer. */
extern void pace_success(Pace *pace, int64_t now_ms, int64_t asked_at);

/* Returns true if another question may be asked while so many are. */
extern bool pace_may_ask(const Pace *pace, int64_t now_ms, int under_way);

/* Returns true if an answer can be expected before the deadline. */
extern bool pace_can_answer(const Pace *pace, int64_t now_ms, int64_t deadline);

/* Returns how many questions at a time the gateway is offered room for. */
extern int pace_offer(Pace *pace, int64_t now_ms);

/* Returns how long a Retry-After header wants us to wait, in milliseconds from "now"; -1 = it cannot be read. */
extern int64_t pace_retry_after(const char *value, time_t now);

#endif /* NPCSIM_AGENT_PACE_H */
