/*
 * diary.h
 *	  What NPCs did and heard last, kept in memory and on the player's disk, so that a model can be reminded of it.
 *
 * A file for each NPC, below a directory for each gateway, which only we can read.  What is no diary of ours, or is damaged, or
 * tells of a world that had come further, counts as none.  That something cannot be written is told, and costs memories only.
 */
#ifndef NPCSIM_AGENT_DIARY_H
#define NPCSIM_AGENT_DIARY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "common/text.h"
#include "own_mind.h"

/* What one NPC remembers: so many things of so many bytes. */
#define DIARY_ENTRIES	 12
#define DIARY_ENTRY_SIZE 161

/* So many NPCs are kept in memory, and on the disk for each gateway; those that were not asked about for longest are forgotten. */
#define DIARY_NPCS		256
#define DIARY_NPCS_DISK 2048

typedef struct DiaryEntry
{
	double at; /* world seconds */
	char   text[DIARY_ENTRY_SIZE];
} DiaryEntry;

typedef struct DiaryNpc
{
	int64_t	   world_id;
	int64_t	   npc_id;	/* 0 = the place is free */
	int64_t	   used_at; /* a count of uses, by which the one that was not used for longest is found */
	double	   heard_until;
	int		   count;
	DiaryEntry entries[DIARY_ENTRIES];		   /* oldest first */
	char	   last_message[DIARY_ENTRY_SIZE]; /* the last of the conversation that is in it already, or "" */
} DiaryNpc;

typedef struct Diary
{
	char	   *directory; /* NULL = nothing is kept on the disk */
	DiaryNpc	npcs[DIARY_NPCS];
	int64_t		uses;
	int			files; /* how many there are, or more; -1 = they have not been counted */
	LogThrottle throttle;
} Diary;

/* Prepares the diaries of a gateway's NPCs; "directory" is NULL if nothing is to be kept on the disk. */
extern void diary_open(Diary *diary, const char *directory, const char *gateway);
extern void diary_close(Diary *diary);

/* Adds what the question tells of the past, and then all that the NPC remembers as lines that begin with "\n- ". */
extern void diary_recall(Diary *diary, const Question *question, Text *text);

/* Notes what was decided. */
extern void diary_note(Diary *diary, const Question *question, const json_t *decision);

#endif /* NPCSIM_AGENT_DIARY_H */
