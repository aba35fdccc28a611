/*
 * refusal.c
 *	  Tells a connection that the database refuses it.
 */
#include "refusal.h"

#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"


static int
close_code_of(const char *sqlstate)
{
	static const struct
	{
		const char *sqlstate;
		int			code;
	} known[] = {
		{"NS401", CLOSE_AUTHENTICATION}, {"NS203", CLOSE_AUTHENTICATION}, {"NS403", CLOSE_BANNED},
		{"NS404", CLOSE_WORLD},			 {"NS429", CLOSE_WORLD},		  {"NS430", CLOSE_PROTOCOL_ERROR},
		{"NS410", CLOSE_WORLD},			 {"NS405", CLOSE_SUSPENDED},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (strcmp(known[i].sqlstate, sqlstate) == 0)
			return known[i].code;
	}
	/* class 22 means that the client's input was bad; any other error is trouble on our side */
	return strncmp(sqlstate, "22", 2) == 0 ? CLOSE_PROTOCOL_ERROR : CLOSE_GOING_AWAY;
}

void
send_refusal(Client *client, const DbReply *reply)
{
	Text text = {0};

	if (client->kind != CLIENT_PLAYER)
		return;
	text_add_string(&text, "{\"type\":\"error\"");
	reply_add_error(&text, reply);
	text_add(&text, "}", 1);
	client_send_text(client, &text);
	text_free(&text);
}

void
refuse_client(Client *client, const DbReply *reply)
{
	static LogThrottle throttle = {.what = "clients that were refused"};
	int				   code = close_code_of(reply->sqlstate);

	send_refusal(client, reply);
	log_throttled(&throttle, now_ms(), code == CLOSE_GOING_AWAY ? LOG_WARNING : LOG_INFO,
				  "%s: refused: %s (%s)", client_label(client), reply->message, reply->sqlstate);
	client_close(client, code, reply->message);
}
