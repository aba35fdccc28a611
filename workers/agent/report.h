/*
 * report.h
 *	  What becomes of the player's decisions, as the gateway tells it: counted,
 *	  and said in a line now and then.
 *
 * Plain data and texts; whoever owns a Report has the clock.
 */
#ifndef NPCSIM_AGENT_REPORT_H
#define NPCSIM_AGENT_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Of each kind at most one line in this time. */
#define REPORT_INTERVAL_MS 10000

/* What gathers together before the first line after a quiet time. */
#define REPORT_GATHER_MS 1000

#define REPORT_REASON_SIZE 300
#define REPORT_LINE_SIZE   700

/* How many of the player's NPCs are known by name, and named in a line. */
#define REPORT_NPCS_MAX	   256
#define REPORT_NAMED_MAX   10
#define REPORT_NAME_SIZE   201
#define REPORT_STATUS_SIZE 16

typedef enum ReportKind
{
	REPORT_APPLIED,
	REPORT_REFUSED,
	REPORT_FAILED,
	REPORT_TIMED_OUT,
	REPORT_LATE,
	REPORT_DUPLICATE,
	REPORT_BACKING_OFF,
	REPORT_BUDGET,
	REPORT_NPCS,
	REPORT_KIND_COUNT
} ReportKind;

/* What came of one kind. */
typedef struct ReportTally
{
	uint64_t total;
	uint32_t untold; /* since the last line */
	int64_t	 npc_id; /* of the last one; 0 = none */
	char	 code[8];
	char	 reason[REPORT_REASON_SIZE];
	time_t	 at;
} ReportTally;

typedef struct ReportNpc
{
	int64_t id;
	char	name[REPORT_NAME_SIZE];
} ReportNpc;

typedef void (*ReportSay)(void *arg, ReportKind kind, const char *line);

typedef struct Report
{
	ReportTally tallies[REPORT_KIND_COUNT];
	json_t	   *standing; /* as the gateway told it last, or NULL */
	ReportNpc	npcs[REPORT_NPCS_MAX];
	int			npc_count; /* of those above */
	int64_t		gathering_since;
	int64_t		told_at; /* when lines were said last; 0 = never */
	bool		untold;	 /* there is something to tell */
} Report;

extern void report_init(Report *report);
extern void report_free(Report *report);

/*
 * Takes params of a notification of the gateway.  "each" is given a line for
 * every single outcome; what is not as agreed is ignored.
 */
extern void report_outcomes(Report *report, const json_t *params, int64_t now_ms, ReportSay each, void *arg);
extern void report_standing(Report *report, const json_t *params, int64_t now_ms);

/* In how many milliseconds there is something to tell; -1 = there is nothing. */
extern int64_t report_due_in(const Report *report, int64_t now_ms);

/* A line for each kind of which there is something to tell. */
extern void report_tell(Report *report, int64_t now_ms, ReportSay say, void *arg);

/* Another connection: it is told anew which NPCs there are. */
extern void report_forget_standing(Report *report);

/* Members "world", "player", "npcs", "counters", "last" and so on, added to an object. */
extern bool report_describe(const Report *report, json_t *object);

/* A time as in "2026-03-01T12:00:00Z", or null. */
extern json_t *report_time(time_t at);

#endif /* NPCSIM_AGENT_REPORT_H */
