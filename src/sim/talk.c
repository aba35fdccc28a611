/*
 * talk.c
 *	  What the built-in mind says in conversations, and when.
 */
#include "sim/talk.h"

#define FAREWELL_STEP 250 /* per mille for every two messages */
#define FAREWELL_MOST 800

static const char *const greetings[] = {
	"Hello!", "Good to see you.", "Hi there.", "How are you?", "Nice day, isn't it?",
};

static const char *const phrases[] = {
	"I walked around a bit.",
	"The apples here are good.",
	"I could sit down for a while.",
	"Have you seen the others?",
	"There is a lot to do here.",
	"I like this place.",
	"That reminds me of something.",
	"I was thinking the same.",
	"What have you been up to?",
	"Somebody took my chair.",
	"I have to wash later.",
	"Really?",
	"Tell me more.",
	"It is quiet today.",
};

static const char *const farewells[] = {
	"See you later.", "I have to go.", "Good talking to you.", "Take care.", "Until next time.",
};

Utterance
talk_next(bool greeted, int64_t messages, uint32_t draw)
{
	int64_t chance = messages / 2 * FAREWELL_STEP;

	if (!greeted)
		return UTTERANCE_GREETING;
	if (chance > FAREWELL_MOST)
		chance = FAREWELL_MOST;
	return draw < chance ? UTTERANCE_FAREWELL : UTTERANCE_PHRASE;
}

#define CHOICE(words, draw) ((words)[(uint64_t) (draw) * (sizeof(words) / sizeof((words)[0])) >> 32])

const char *
talk_words(Utterance utterance, uint32_t draw)
{
	switch (utterance)
	{
		case UTTERANCE_GREETING:
			return CHOICE(greetings, draw);
		case UTTERANCE_PHRASE:
			return CHOICE(phrases, draw);
		case UTTERANCE_FAREWELL:
			break;
	}
	return CHOICE(farewells, draw);
}
