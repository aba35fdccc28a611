/*
 * texts.c
 *	  Checks what stands in a text that somebody writes and others read.
 */
#include "sim/texts.h"

#include <string.h>

typedef enum CharacterClass
{
	CHARACTER_VISIBLE,
	CHARACTER_HIDDEN,
	CHARACTER_JOINER, /* U+200C, U+200D: allowed between two visible characters */
	CHARACTER_MARK,	  /* combines with the character before it */
	CHARACTER_BLANK
} CharacterClass;

typedef struct CharacterRange
{
	uint32_t first;
	uint32_t last;
	CharacterClass class;
} CharacterRange;

#include "sim/characters.h"

#define RANGES ((int) (sizeof(character_ranges) / sizeof(character_ranges[0])))

static CharacterClass
character_class(uint32_t code)
{
	int low = 0;
	int high = RANGES - 1;

	if (code > ' ' && code < 0x7F)
		return CHARACTER_VISIBLE;
	while (low <= high)
	{
		int middle = (low + high) / 2;

		if (code < character_ranges[middle].first)
			high = middle - 1;
		else if (code > character_ranges[middle].last)
			low = middle + 1;
		else
			return character_ranges[middle].class;
	}
	return CHARACTER_VISIBLE;
}

/* Reads the character at the head of a text. Returns its size in bytes; 0 if it is none. */
static size_t
read_character(const unsigned char *bytes, size_t length, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t				  size = bytes[0] < 0x80			 ? 1
								 : (bytes[0] & 0xE0) == 0xC0 ? 2
								 : (bytes[0] & 0xF0) == 0xE0 ? 3
								 : (bytes[0] & 0xF8) == 0xF0 ? 4
															 : 0;

	if (size == 0 || size > length)
		return 0;
	*code = size == 1 ? bytes[0] : bytes[0] & (0x7Fu >> size);
	for (size_t i = 1; i < size; i++)
	{
		if ((bytes[i] & 0xC0) != 0x80)
			return 0;
		*code = *code << 6 | (bytes[i] & 0x3Fu);
	}
	return *code < least[size] || *code > 0x10FFFF ? 0 : size;
}

/* Whether the text begins with a visible character. */
static bool
begins_visible(const unsigned char *bytes, size_t length)
{
	uint32_t code;

	return length > 0 && read_character(bytes, length, &code) > 0 &&
		   character_class(code) == CHARACTER_VISIBLE;
}

TextFlaw
text_flaw(const char *text, size_t length, size_t *place)
{
	const unsigned char *bytes = (const unsigned char *) text;
	bool				 is_seen = false; /* some character is visible */
	bool				 is_base = false; /* the last character, without its marks, is visible */
	int					 marks = 0;
	size_t				 size;

	for (*place = 0; *place < length; *place += size)
	{
		uint32_t code;

		size = read_character(bytes + *place, length - *place, &code);
		if (size == 0)
			return TEXT_BROKEN;
		switch (character_class(code))
		{
			case CHARACTER_VISIBLE:
				is_seen = true;
				is_base = true;
				marks = 0;
				break;
			case CHARACTER_HIDDEN:
				return TEXT_HIDDEN;
			case CHARACTER_JOINER:
				if (!is_base || !begins_visible(bytes + *place + size, length - *place - size))
					return TEXT_HIDDEN;
				break;
			case CHARACTER_MARK:
				if (++marks > TEXT_MARKS_MAX)
					return TEXT_PILED;
				break;
			case CHARACTER_BLANK:
				is_base = false;
				marks = 0;
				break;
		}
	}
	*place = 0;
	return is_seen ? TEXT_GOOD : TEXT_EMPTY;
}

/*
 * Whether the character is a tab, line feed, vertical tab, form feed, carriage return, U+0085, U+2028 or
 * U+2029.
 */
static bool
is_break(uint32_t code)
{
	return (code >= '\t' && code <= '\r') || code == 0x85 || code == 0x2028 || code == 0x2029;
}

size_t
text_join_lines(char *text, size_t length)
{
	size_t kept = 0;
	size_t size;

	for (size_t place = 0; place < length; place += size)
	{
		uint32_t code;

		size = read_character((const unsigned char *) text + place, length - place, &code);
		if (size > 0 && is_break(code))
			text[kept++] = ' ';
		else
		{
			/* What is no character stays as it is, byte by byte. */
			size = size > 0 ? size : 1;
			memmove(text + kept, text + place, size);
			kept += size;
		}
	}
	return kept;
}

const char *
text_flaw_words(TextFlaw flaw)
{
	switch (flaw)
	{
		case TEXT_GOOD:
			return "nothing wrong";
		case TEXT_EMPTY:
			return "nothing to see";
		case TEXT_HIDDEN:
			return "a character that cannot be seen";
		case TEXT_PILED:
			return "too many marks on one character";
		case TEXT_BROKEN:
			return "a byte that is no UTF-8";
	}
	return "a flaw";
}

bool
text_blank_flaws(char *text, size_t length)
{
	size_t	 place = 0;
	TextFlaw flaw;

	/* Each turn leaves a byte fewer that is no blank. */
	while ((flaw = text_flaw(text, length, &place)) != TEXT_GOOD && flaw != TEXT_EMPTY)
	{
		do
			text[place++] = ' ';
		while (place < length && ((unsigned char) text[place] & 0xC0) == 0x80);
	}
	return flaw == TEXT_GOOD;
}
