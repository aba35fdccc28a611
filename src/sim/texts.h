/*
 * texts.h
 *	  Checks what stands in a text that somebody writes and others read.
 *
 * People and minds write names, chat, messages and reasons; others have them on their screens. So a
 * text must have something to see, and nothing that cannot be seen, that turns the text around it, or
 * that covers it. The characters are classified by the Unicode standard (characters.h).
 */
#ifndef NPCSIM_SIM_TEXTS_H
#define NPCSIM_SIM_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More marks than this on one character are refused: no script needs them. */
#define TEXT_MARKS_MAX 8

typedef enum TextFlaw
{
	TEXT_GOOD,
	/* There is nothing to see: no character, or none but blanks and marks. */
	TEXT_EMPTY,
	/*
	 * A character cannot be seen: it is a control, format, private or unassigned one, or a joiner with
	 * nothing to join.
	 */
	TEXT_HIDDEN,
	TEXT_PILED, /* there are more than TEXT_MARKS_MAX marks on one character */
	TEXT_BROKEN /* it is not UTF-8 */
} TextFlaw;

/*
 * Returns the first flaw of a text in UTF-8, and in *place the byte at which its character begins
 * (TEXT_EMPTY: 0).
 */
extern TextFlaw text_flaw(const char *text, size_t length, size_t *place);

/* Returns what a text with a flaw has: "a character that cannot be seen". */
extern const char *text_flaw_words(TextFlaw flaw);

/* Replaces each tab and line break by a blank, in place. Returns the new length. */
extern size_t text_join_lines(char *text, size_t length);

/* Replaces the characters with flaws by blanks, in place. Returns false if there is then nothing to see. */
extern bool text_blank_flaws(char *text, size_t length);

#endif /* NPCSIM_SIM_TEXTS_H */
