/*
 * diary.c
 *	  What NPCs did and heard last, kept in memory and on the player's disk.
 *
 * A file is read when its NPC is first asked about, and replaced after each
 * decision.  It holds
 *
 *	  {"npcsim_diary": 1, "world": 1, "npc": 52, "heard_until": 3537.5, "last_message": "…",
 *	   "entries": [{"at": 3509.9, "text": "you chose: sit"}, …]}
 */
#include "diary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json_input.h"
#include "common/memory.h"
#include "files.h"
#include "in_words.h"

#define FILE_MOST	 16384
#define FILE_END	 ".diary"
#define FILE_VERSION 1

/* ---------- entries ---------- */

static double
clock_of(const Question *question)
{
	double clock = 0;

	json_member_number(json_object_get(question->observations, "self"), "clock", &clock);
	return clock;
}

static void
add_entry(DiaryNpc *npc, double at, const char *text)
{
	DiaryEntry *entry;

	if (npc->count == DIARY_ENTRIES)
	{
		npc->count--;
		memmove(npc->entries, npc->entries + 1, sizeof(DiaryEntry) * (size_t) npc->count);
	}
	entry = &npc->entries[npc->count++];
	entry->at = at;
	text_copy_line(entry->text, sizeof(entry->text), text);
}

/* Events that are of no use as memories: what the NPC did by itself tells more, and messages are told with the conversation. */
static bool
is_worth_it(const json_t *event)
{
	static const char *const dull[] = {"movement_completed", "interaction_bid_pending", "decision_failed",
									   "decision_timed_out"};
	const char				*type = json_member_string(event, "type");
	const char				*kind = json_member_string(event, "kind");

	if (type == NULL || (kind != NULL && strcmp(kind, "message") == 0))
		return false;
	for (size_t i = 0; i < sizeof(dull) / sizeof(dull[0]); i++)
		if (strcmp(type, dull[i]) == 0)
			return false;
	return true;
}

/* Adds events that happened since the last question; they are repeated until an answer was given. */
static void
hear_events(DiaryNpc *npc, const Question *question)
{
	const json_t *events = json_object_get(question->observations, "events");
	double		  heard_until = npc->heard_until;

	for (size_t i = 0; i < json_array_size(events) && i < WORDS_LIST_MOST; i++)
	{
		const json_t *event = json_array_get(events, i);
		double		  at;
		Text		  text = {0};

		if (!json_member_number(event, "at", &at) || at <= npc->heard_until)
			continue;
		if (at > heard_until)
			heard_until = at;
		if (!is_worth_it(event))
			continue;
		words_add_event(&text, event);
		if (text.length > 0)
			add_entry(npc, at, text.data);
		text_free(&text);
	}
	npc->heard_until = heard_until;
}

/* Writes a message as it stands in a diary. */
static void
message_line(char line[DIARY_ENTRY_SIZE], const json_t *message)
{
	Text text = {0};

	words_add_line(&text, json_member_string(message, "name"));
	text_add_string(&text, " said: ");
	words_add_line(&text, json_member_string(message, "message"));
	text_copy_line(line, DIARY_ENTRY_SIZE, text.data);
	text_free(&text);
}

/* Adds what others said after the last message that is known; what the NPC said itself is noted when it was decided. */
static void
hear_messages(DiaryNpc *npc, const Question *question)
{
	const json_t *messages = words_messages(question->observations);
	const char	 *self = json_member_string(json_object_get(question->observations, "self"), "name");
	size_t		  count = json_array_size(messages);
	size_t		  from = 0;
	char		  line[DIARY_ENTRY_SIZE];

	if (count > WORDS_LIST_MOST)
		return;
	for (size_t i = 0; i < count; i++)
	{
		message_line(line, json_array_get(messages, i));
		if (strcmp(line, npc->last_message) == 0)
			from = i + 1;
	}
	for (size_t i = from; i < count; i++)
	{
		const json_t *message = json_array_get(messages, i);
		const char	 *name = json_member_string(message, "name");

		message_line(line, message);
		if (self == NULL || name == NULL || strcmp(self, name) != 0)
			add_entry(npc, clock_of(question), line);
		memcpy(npc->last_message, line, sizeof(line));
	}
}

/* ---------- files ---------- */

static bool
path_of(const Diary *diary, const DiaryNpc *npc, char path[PATH_MAX])
{
	int length = diary->directory != NULL ? snprintf(path, PATH_MAX, "%s/%" PRId64 "-%" PRId64 FILE_END,
													 diary->directory, npc->world_id, npc->npc_id)
										  : -1;

	return length > 0 && length < PATH_MAX;
}

/* Fills in what a file says; returns false, and has left nothing behind, if it is no diary of this NPC. */
static bool
read_root(DiaryNpc *npc, const json_t *root)
{
	const json_t *entries = json_object_get(root, "entries");
	const char	 *last = json_member_string(root, "last_message");
	int64_t		  version = 0;
	int64_t		  world = 0;
	int64_t		  id = 0;
	DiaryNpc	  read = *npc;

	json_member_integer(root, "npcsim_diary", &version);
	json_member_integer(root, "world", &world);
	json_member_integer(root, "npc", &id);
	if (version != FILE_VERSION || world != npc->world_id || id != npc->npc_id || !json_is_array(entries) ||
		json_array_size(entries) > DIARY_ENTRIES ||
		!json_member_number(root, "heard_until", &read.heard_until))
		return false;
	for (size_t i = 0; i < json_array_size(entries); i++)
	{
		const json_t *entry = json_array_get(entries, i);
		const char	 *text = json_member_string(entry, "text");
		double		  at;

		if (text == NULL || !json_member_number(entry, "at", &at))
			return false;
		add_entry(&read, at, text);
	}
	if (last != NULL)
		text_copy_line(read.last_message, sizeof(read.last_message), last);
	*npc = read;
	return true;
}

static void
read_file(Diary *diary, DiaryNpc *npc)
{
	char	path[PATH_MAX];
	char	why[160] = "it is no diary of this NPC";
	size_t	len;
	char   *text = path_of(diary, npc, path) ? file_read_own(path, FILE_MOST, &len) : NULL;
	json_t *root;

	if (text == NULL)
		return;
	root = json_parse_foreign(text, len, why, sizeof(why));
	if (root == NULL || !read_root(npc, root))
		log_throttled(&diary->throttle, now_ms(), LOG_WARNING,
					  "what NPC %" PRId64 " remembers is lost: \"%s\": %s", npc->npc_id, path, why);
	json_decref(root);
	free(text);
}

/* Makes a directory and those above it, for nobody but us. */
static bool
make_directory(const char *path)
{
	char part[PATH_MAX];

	if (snprintf(part, sizeof(part), "%s", path) >= (int) sizeof(part))
		return false;
	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
	{
		*slash = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return mkdir(part, 0700) == 0 || errno == EEXIST;
}

/* Counts the diaries; removes the oldest one if there are too many. */
static void
count_files(Diary *diary)
{
	DIR			   *directory = opendir(diary->directory);
	struct dirent  *entry;
	char			oldest[sizeof(entry->d_name)] = "";
	struct timespec oldest_at = {0};

	diary->files = 0;
	while (directory != NULL && (entry = readdir(directory)) != NULL)
	{
		size_t		length = strlen(entry->d_name);
		struct stat info;

		if (length < sizeof(FILE_END) ||
			strcmp(entry->d_name + length - (sizeof(FILE_END) - 1), FILE_END) != 0 ||
			fstatat(dirfd(directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		diary->files++;
		if (oldest[0] != '\0' &&
			(info.st_mtim.tv_sec > oldest_at.tv_sec ||
			 (info.st_mtim.tv_sec == oldest_at.tv_sec && info.st_mtim.tv_nsec >= oldest_at.tv_nsec)))
			continue;
		memcpy(oldest, entry->d_name, length + 1);
		oldest_at = info.st_mtim;
	}
	if (directory != NULL && diary->files > DIARY_NPCS_DISK && unlinkat(dirfd(directory), oldest, 0) == 0)
		diary->files--;
	if (directory != NULL)
		closedir(directory);
}

static json_t *
describe(const DiaryNpc *npc)
{
	json_t *entries = json_array();

	for (int i = 0; i < npc->count; i++)
		json_array_append_new(entries, json_pack("{s:f, s:s}", "at", npc->entries[i].at, "text",
												 npc->entries[i].text));
	return json_pack("{s:i, s:I, s:I, s:f, s:s, s:o}", "npcsim_diary", FILE_VERSION, "world",
					 (json_int_t) npc->world_id, "npc", (json_int_t) npc->npc_id, "heard_until",
					 npc->heard_until, "last_message", npc->last_message, "entries", entries);
}

static void
write_file(Diary *diary, const DiaryNpc *npc)
{
	char	path[PATH_MAX];
	json_t *root;
	Text	text = {0};
	bool	is_new;

	if (!path_of(diary, npc, path))
		return;
	root = describe(npc);
	if (root == NULL)
		mem_is_short();
	text_add_json(&text, root);
	text_add(&text, "\n", 1);
	json_decref(root);
	is_new = access(path, F_OK) != 0;
	if (!file_replace(path, text.data, text.length, 0600) &&
		!(errno == ENOENT && make_directory(diary->directory) &&
		  file_replace(path, text.data, text.length, 0600)))
		log_throttled(&diary->throttle, now_ms(), LOG_WARNING,
					  "what NPCs remember cannot be written to \"%s\": %s", diary->directory,
					  strerror(errno));
	else if (is_new && (diary->files < 0 || ++diary->files > DIARY_NPCS_DISK))
		count_files(diary);
	text_free(&text);
}

/* ---------- NPCs ---------- */

/* Returns what is known of a question's NPC; it takes the place of the one that was not asked about for longest. */
static DiaryNpc *
find_npc(Diary *diary, const Question *question)
{
	DiaryNpc *place = &diary->npcs[0];

	for (int i = 0; i < DIARY_NPCS; i++)
	{
		DiaryNpc *npc = &diary->npcs[i];

		if (npc->npc_id == question->npc_id && npc->world_id == question->world_id)
		{
			place = npc;
			break;
		}
		if (npc->used_at < place->used_at)
			place = npc;
	}
	if (place->npc_id != question->npc_id || place->world_id != question->world_id)
	{
		memset(place, 0, sizeof(*place));
		place->world_id = question->world_id;
		place->npc_id = question->npc_id;
		read_file(diary, place);
	}
	/* a world of that number that had come further is another one, or was begun anew */
	if (place->heard_until > clock_of(question) ||
		(place->count > 0 && place->entries[place->count - 1].at > clock_of(question)))
	{
		place->count = 0;
		place->heard_until = 0;
		place->last_message[0] = '\0';
	}
	place->used_at = ++diary->uses;
	return place;
}

void
diary_recall(Diary *diary, const Question *question, Text *text)
{
	DiaryNpc *npc = find_npc(diary, question);

	hear_events(npc, question);
	hear_messages(npc, question);
	for (int i = 0; i < npc->count; i++)
	{
		text_add_string(text, "\n- ");
		text_add_string(text, npc->entries[i].text);
	}
}

void
diary_note(Diary *diary, const Question *question, const json_t *decision)
{
	DiaryNpc	 *npc = find_npc(diary, question);
	const json_t *choice =
		words_choice(question->observations, json_integer_value(json_object_get(decision, "choice")));
	const char *words =
		json_member_string(choice != NULL ? choice : decision, choice != NULL ? "text" : "action");
	const char *said = json_member_string(decision, "message");
	Text		text = {0};

	if (said == NULL)
		said = json_member_string(choice, "message");
	text_add_string(&text, said != NULL ? "you said: " : "you chose: ");
	words_add_line(&text, said != NULL ? said : words);
	add_entry(npc, clock_of(question), text.data);
	text_free(&text);
	write_file(diary, npc);
}

void
diary_open(Diary *diary, const char *directory, const char *gateway)
{
	Text path = {0};

	memset(diary, 0, sizeof(*diary));
	diary->files = -1;
	if (directory == NULL)
		return;
	text_add_string(&path, directory);
	text_add(&path, "/", 1);
	for (; *gateway != '\0'; gateway++)
		text_add(&path,
				 (*gateway >= 'a' && *gateway <= 'z') || (*gateway >= 'A' && *gateway <= 'Z') ||
						 (*gateway >= '0' && *gateway <= '9') || *gateway == '-' || *gateway == '.'
					 ? gateway
					 : "_",
				 1);
	diary->directory = path.data;
}

void
diary_close(Diary *diary)
{
	free(diary->directory);
	diary->directory = NULL;
}
