/*
 * texts.h
 *	  What may stand in a text that somebody writes and others read.
 *
 * People and minds write names, chat, messages and reasons; others have them on their screens. So a text has something
 * to see, and nothing in it that cannot be seen, turns what stands around it, or covers it. The characters are those of
 * the Unicode standard (characters.h).
 */
#ifndef NPCSIM_SIM_TEXTS_H
#define NPCSIM_SIM_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many marks may be set upon one character: no script needs more. */
#define TEXT_MARKS_MAX 8

typedef enum TextFlaw
{
	TEXT_GOOD,
	TEXT_EMPTY, /* nothing to see: no character, or none but blanks and marks */
	TEXT_HIDDEN, /* a character that cannot be seen: control, format, private, none at all, or a joiner of nothing */
	TEXT_PILED, /* more marks on one character than any script has */
	TEXT_BROKEN /* not UTF-8 */
} TextFlaw;

/* The first flaw of a text in UTF-8, and the byte at which its character begins (TEXT_EMPTY: 0). */
extern TextFlaw text_flaw(const char *text, size_t length, size_t *place);

/* What a text with a flaw has: "a character that cannot be seen". */
extern const char *text_flaw_words(TextFlaw flaw);

/* Makes one blank of each tab and break of lines, in place; the new length. */
extern size_t text_join_lines(char *text, size_t length);

/* Puts blanks where a text has what may not stand in it; false when it then has nothing to see. */
extern bool text_blank_flaws(char *text, size_t length);

#endif /* NPCSIM_SIM_TEXTS_H */
