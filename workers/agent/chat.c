/*
 * chat.c
 *	  Requests to an OpenAI-compatible endpoint (POST …/chat/completions), and what its answers mean.
 */
#include "chat.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/answer.h"
#include "common/json_input.h"
#include "common/loose_json.h"
#include "common/memory.h"
#include "in_words.h"

#define CHAT_PATH "/chat/completions"

/* The most tokens that an answer can have cost: the world takes no more. */
#define TOKENS_MOST INT64_C(1000000000)

/* The world takes no longer messages, in characters. */
#define MESSAGE_MOST 500

#define MAX_PARTS 64 /* of a content */

static json_t *
good(json_t *value)
{
	if (value == NULL)
		mem_is_short();
	return value;
}

/* ---------- where ---------- */

/* Returns true if a part of the path is a version, such as v1 or v1beta. */
static bool
has_version(const char *path, size_t length)
{
	for (size_t i = 0; i + 2 < length; i++)
		if (path[i] == '/' && path[i + 1] == 'v' && isdigit((unsigned char) path[i + 2]))
			return true;
	return false;
}

char *
chat_url(const char *given, int form, const char *what)
{
	size_t		length = strcspn(given, "?");
	const char *query = given + length;
	const char *path = strstr(given, "//") + 2;
	Text		url = {0};
	bool		whole;

	path += strcspn(path, "/?");
	while (length > (size_t) (path - given) && given[length - 1] == '/')
		length--;
	whole = length >= sizeof(CHAT_PATH) - 1 &&
			strncasecmp(given + length - (sizeof(CHAT_PATH) - 1), CHAT_PATH, sizeof(CHAT_PATH) - 1) == 0;
	if (whole)
		length -= sizeof(CHAT_PATH) - 1;
	if (whole || has_version(path, length - (size_t) (path - given)))
	{
		if (form > 0)
			return NULL;
	}
	else if (form >= CHAT_URL_FORMS)
		return NULL;
	text_add(&url, given, length);
	if (!whole && form == 0 && !has_version(path, length - (size_t) (path - given)))
		text_add_string(&url, "/v1");
	text_add_string(&url, what);
	text_add_string(&url, query);
	return url.data;
}

/* ---------- requests ---------- */

/* Returns the schema of {"choice": N}, or of {"choice": N, "message": "…"}. */
static json_t *
make_schema(int choices, bool may_speak)
{
	json_t *numbers = good(json_array());
	json_t *schema;

	for (int i = 1; i <= choices; i++)
		json_array_append_new(numbers, json_integer(i));
	schema =
		good(json_pack("{s:s, s:{s:{s:s, s:o}}, s:[s], s:b}", "type", "object", "properties", "choice",
					   "type", "integer", "enum", numbers, "required", "choice", "additionalProperties", 0));
	if (may_speak)
	{
		json_object_set_new(json_object_get(schema, "properties"), "message",
							json_pack("{s:s}", "type", "string"));
		json_array_append_new(json_object_get(schema, "required"), json_string("message"));
	}
	return schema;
}

static json_t *
make_format(ChatFormat format, int choices, bool may_speak)
{
	switch (format)
	{
		case CHAT_SCHEMA:
			return good(json_pack("{s:s, s:{s:s, s:b, s:o}}", "type", "json_schema", "json_schema", "name",
								  "decision", "strict", 1, "schema", make_schema(choices, may_speak)));
		case CHAT_OBJECT:
			return good(json_pack("{s:s}", "type", "json_object"));
		case CHAT_FREE:
			break;
	}
	return NULL;
}

static void
add_message(json_t *messages, const char *role, const char *content)
{
	json_array_append_new(messages, good(json_pack("{s:s, s:s}", "role", role, "content", content)));
}

static json_t *
make_messages(const ChatForm *form, const Text *system, const Text *user)
{
	json_t *messages = good(json_array());

	if (system->length > 0 && form->one_message)
	{
		Text both = {0};

		text_add(&both, system->data, system->length);
		text_add(&both, user->data, user->length);
		add_message(messages, "user", both.data);
		text_free(&both);
		return messages;
	}
	if (system->length > 0)
		add_message(messages, "system", system->data);
	add_message(messages, "user", user->data);
	return messages;
}

char *
chat_request(const ApiSettings *api, const ChatForm *form, const Text *system, const Text *user, int choices,
			 bool may_speak)
{
	json_t *request = good(json_object());
	json_t *format = choices > 0 ? make_format(form->format, choices, may_speak) : NULL;
	char   *text;

	if (api->parameters != NULL && !form->bare)
		json_object_update(request, api->parameters);
	json_object_set_new(request, "model", good(json_string(api->model)));
	json_object_set_new(request, "messages", make_messages(form, system, user));
	json_object_set_new(request, "stream", json_false());
	json_object_set_new(request, form->new_limit ? "max_completion_tokens" : "max_tokens",
						json_integer(api->max_tokens));
	if (format != NULL)
		json_object_set_new(request, "response_format", format);
	text = json_dumps(request, JSON_PRINTED);
	if (text == NULL)
		mem_is_short();
	json_decref(request);
	return text;
}

/* Returns true if the words name one of the members that the user wanted. */
static bool
names_parameter(const ApiSettings *api, const char *error)
{
	const char *name;
	json_t	   *value;

	json_object_foreach (api->parameters, name, value)
		if (strcasestr(error, name) != NULL)
			return true;
	return false;
}

bool
chat_other_form(ChatForm *form, const ApiSettings *api, long status, const char *error)
{
	if (status != 400 && status != 415 && status != 422 && status != 501)
		return false;
	if (error == NULL)
		error = "";
	if (!form->new_limit && strstr(error, "max_completion_tokens") != NULL)
		form->new_limit = true;
	else if (!form->one_message && strcasestr(error, "system") != NULL && strcasestr(error, "role") != NULL)
		form->one_message = true;
	else if (!form->bare && names_parameter(api, error))
		form->bare = true;
	else if (form->format == CHAT_SCHEMA)
		form->format = CHAT_OBJECT;
	else if (form->format == CHAT_OBJECT)
		form->format = CHAT_FREE;
	else if (!form->bare && api->parameters != NULL)
		form->bare = true;
	else
		return false;
	return true;
}

/* ---------- answers ---------- */

void
chat_answer_init(ChatAnswer *answer)
{
	memset(answer, 0, sizeof(*answer));
	answer->tokens = -1;
}

void
chat_answer_free(ChatAnswer *answer)
{
	text_free(&answer->content);
	text_free(&answer->error);
}

static void
add_content(ChatAnswer *answer, const char *said)
{
	size_t length = said != NULL ? strlen(said) : 0;

	if (answer->content.length + length > CHAT_CONTENT_MOST)
		answer->too_long = true;
	else if (length > 0)
		text_add(&answer->content, said, length);
}

/* Adds a message's content, which is a text or a list of parts; arguments of a called tool stand for one that is empty. */
static void
read_message(ChatAnswer *answer, const json_t *message)
{
	const json_t *content = json_object_get(message, "content");
	const json_t *call = json_array_get(json_object_get(message, "tool_calls"), 0);
	size_t		  before = answer->content.length;

	add_content(answer, json_string_value(content));
	for (size_t i = 0; i < json_array_size(content) && i < MAX_PARTS; i++)
		add_content(answer, json_member_string(json_array_get(content, i), "text"));
	if (answer->content.length == before)
		add_content(answer, json_member_string(json_object_get(call, "function"), "arguments"));
}

/* Reads what went wrong, as OpenAI's endpoints say it, and others. */
static void
read_error(ChatAnswer *answer, const json_t *root)
{
	static const char *const others[] = {"error", "message", "detail"};
	const json_t			*error = json_object_get(root, "error");
	const char				*said = json_member_string(error, "message");
	int64_t					 status;

	for (size_t i = 0; said == NULL && i < sizeof(others) / sizeof(others[0]); i++)
		said = json_member_string(root, others[i]);
	if (said != NULL)
	{
		text_clear(&answer->error);
		text_add_string(&answer->error, said);
	}
	if (json_is_object(error) || json_is_string(error))
	{
		answer->error_status = 502;
		if (json_member_integer(error, "code", &status) && status >= 400 && status < 600)
			answer->error_status = (int) status;
	}
}

static void
read_usage(ChatAnswer *answer, const json_t *root)
{
	const json_t *usage = json_object_get(root, "usage");
	int64_t		  written;
	int64_t		  total;
	int64_t		  prompt;

	if (!json_member_integer(usage, "completion_tokens", &written))
	{
		if (!json_member_integer(usage, "total_tokens", &total) ||
			!json_member_integer(usage, "prompt_tokens", &prompt))
			return;
		written = prompt >= 0 && total >= prompt ? total - prompt : -1;
	}
	if (written >= 0 && written <= TOKENS_MOST)
		answer->tokens = written;
}

/* Reads what a whole answer and a piece of one have in common. */
static void
read_root(ChatAnswer *answer, const json_t *root)
{
	const json_t *choice = json_array_get(json_object_get(root, "choices"), 0);
	const char	 *end = json_member_string(choice, "finish_reason");

	if (choice == NULL)
		read_error(answer, root);
	read_message(answer, json_object_get(choice, "message"));
	read_message(answer, json_object_get(choice, "delta"));
	add_content(answer, json_member_string(choice, "text"));
	if (end != NULL)
	{
		answer->finished = true;
		answer->cut = strcmp(end, "length") == 0;
	}
	read_usage(answer, root);
}

void
chat_answer_read(ChatAnswer *answer, const char *body, size_t len)
{
	const char *problem;
	json_t	   *root = json_loadb(body, len, 0, NULL);

	if (root == NULL)
		root = loose_json_whole(body, len, &problem);
	if (json_is_object(root))
	{
		read_root(answer, root);
		answer->finished = json_object_get(root, "choices") != NULL;
	}
	json_decref(root);
}

void
chat_answer_read_event(ChatAnswer *answer, const char *data, size_t len)
{
	json_t *root;

	while (len > 0 && (data[len - 1] == ' ' || data[len - 1] == '\r'))
		len--;
	if (len == 6 && memcmp(data, "[DONE]", 6) == 0)
	{
		answer->finished = true;
		return;
	}
	root = json_loadb(data, len, 0, NULL);
	if (json_is_object(root))
		read_root(answer, root);
	json_decref(root);
}

/* ---------- decisions ---------- */

/* Returns the text behind blanks and marks of emphasis, quotation and lists. */
static const char *
behind_marks(const char *text)
{
	return text + strspn(text, " \t\r\n*_`\"'#>-");
}

/*
 * Returns the number of the choice that the text repeats, as in "2. walk around" or "Walk around", or 0: it begins with that,
 * and with no other choice's words.
 */
static int
choice_repeated(const char *text, const Question *question)
{
	const char *said = behind_marks(text);
	size_t		digits = strspn(said, "0123456789");
	long		number = digits > 0 && digits <= 3 ? strtol(said, NULL, 10) : 0;
	int			found = 0;
	size_t		found_length = 0;

	if (number > 0)
		said = behind_marks(said + digits + strspn(said + digits, ".:)"));
	for (int i = 1; i <= own_mind_choice_count(question); i++)
	{
		const char *words = json_member_string(words_choice(question->observations, i), "text");
		size_t		length = words != NULL ? strlen(words) : 0;

		if (length == 0 || strncasecmp(said, words, length) != 0 || length < found_length)
			continue;
		/* the longest is meant; of two that read alike, the one whose number is said, or neither */
		if (length == found_length && number != i)
		{
			found = number == found ? found : 0;
			continue;
		}
		found = i;
		found_length = length;
	}
	return number == 0 || number == found ? found : 0;
}

/*
 * Returns the choice in an answer that was cut in the words behind it, {"choice": 2, "message": "I, or 0.  A comma shows that the
 * number is whole.
 */
static int
choice_before_cut(const char *text)
{
	const char *at = strstr(text, "\"choice\"");
	int			number = 0;
	char		comma = '\0';

	if (at == NULL || sscanf(at + strlen("\"choice\""), " : %3d %c", &number, &comma) != 2 || comma != ',')
		return 0;
	return number;
}

/* Keeps what is said only where the choice offers words, and no more of it than the world takes. */
static void
keep_message(json_t *decision, const json_t *choice)
{
	const char *said = json_member_string(decision, "message");
	size_t		length;
	json_t	   *shorter;

	if (said == NULL)
		return;
	if (choice == NULL || json_member_string(choice, "message") == NULL || *behind_marks(said) == '\0')
	{
		json_object_del(decision, "message");
		return;
	}
	length = text_cut(said, MESSAGE_MOST);
	if (said[length] == '\0')
		return;
	shorter = good(json_stringn(said, length));
	json_object_set_new(decision, "message", shorter);
}

static json_t *
read_decision(const ChatAnswer *answer, const Question *question, const char **problem)
{
	const char *text = answer->content.data;
	json_t	   *decision = answer_in_text(text, answer->content.length, problem);
	int			number = 0;

	if (decision == NULL && answer->cut)
		number = choice_before_cut(text);
	if (decision == NULL && number == 0)
	{
		char *spoken = mem_copy_string(text);

		answer_blank_thoughts(spoken);
		number = choice_repeated(spoken, question);
		free(spoken);
	}
	if (number > 0)
		decision = good(json_pack("{s:i}", "choice", number));
	return decision;
}

json_t *
chat_decision(const ChatAnswer *answer, const Question *question, const char **problem)
{
	json_t	   *decision = NULL;
	json_t	   *number;
	const char *why = NULL;

	*problem = NULL;
	if (answer->too_long)
		*problem = "the model says more than is read";
	else if (answer->content.length > 0)
		decision = read_decision(answer, question, &why);
	if (decision == NULL)
	{
		if (*problem == NULL && answer->cut)
			*problem = "the model was cut off before it had decided (--max-tokens)";
		else if (*problem == NULL)
			*problem = answer->content.length == 0 ? "the model says nothing" : why;
		return NULL;
	}
	number = json_object_get(decision, "choice");
	if (json_is_integer(number))
	{
		const json_t *choice = words_choice(question->observations, json_integer_value(number));

		if (choice == NULL)
		{
			json_decref(decision);
			*problem = "the model chose a number that was not offered";
			return NULL;
		}
		keep_message(decision, choice);
	}
	if (answer->tokens >= 0)
		json_object_set_new(decision, "tokens", json_integer(answer->tokens));
	return decision;
}
