/*
 * report.h
 *	  Counts what becomes of the player's decisions, as the gateway reports it,
 *	  and sums it up in log lines.
 *
 * It has no clock of its own: its owner passes the time and calls it when a
 * line is due.
 */
#ifndef NPCSIM_AGENT_REPORT_H
#define NPCSIM_AGENT_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* The least time between two lines of a kind. */
#define REPORT_INTERVAL_MS 10000

/* How long reports are gathered before the first line after a quiet time. */
#define REPORT_GATHER_MS 1000

#define REPORT_REASON_SIZE 300
#define REPORT_LINE_SIZE   700

/* How many of the player's NPCs are known by name, and how many a line names at most. */
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

/* What was reported of one kind. */
typedef struct ReportTally
{
	uint64_t total;
	uint32_t untold; /* reported since the last line */
	int64_t	 npc_id; /* this and what follows is of the last one; 0 = it concerns no single NPC */
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
	json_t	   *standing; /* the params of the last "npcsim/standing", or NULL */
	ReportNpc	npcs[REPORT_NPCS_MAX];
	int			npc_count;		 /* entries of npcs that are filled */
	int64_t		gathering_since; /* when the first of what is untold was reported */
	int64_t		told_at;		 /* when lines were written last; 0 = never */
	bool		untold;			 /* there is something to tell */
} Report;

extern void report_init(Report *report);
extern void report_free(Report *report);

/*
 * These take the params of the gateway's notifications "npcsim/outcomes" and
 * "npcsim/standing".  "each" is given a line for every outcome that is told in
 * detail.  What has not the agreed form is ignored.
 */
extern void report_outcomes(Report *report, const json_t *params, int64_t now_ms, ReportSay each, void *arg);
extern void report_standing(Report *report, const json_t *params, int64_t now_ms);

/* Returns in how many milliseconds report_tell() is due; -1 = there is nothing to tell. */
extern int64_t report_due_in(const Report *report, int64_t now_ms);

/* Gives "say" a line for each kind of which there is something to tell. */
extern void report_tell(Report *report, int64_t now_ms, ReportSay say, void *arg);

/* Forgets the player's standing, because the gateway tells it anew on a new connection. */
extern void report_forget_standing(Report *report);

/* Adds the members "world", "player", "npcs", "counters", "last" and so on to an object; returns false if memory ran out. */
extern bool report_describe(const Report *report, json_t *object);

/* Returns a time as in "2026-03-01T12:00:00Z", or null for 0. */
extern json_t *report_time(time_t at);

#endif /* NPCSIM_AGENT_REPORT_H */
