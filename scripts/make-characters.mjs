#!/usr/bin/env node
// Makes src/sim/characters.h, the tables of characters that are not simply visible, from the Unicode standard that this
// Node.js knows. It is run by hand when a newer version of the standard is wanted:
//
//   node scripts/make-characters.mjs >src/sim/characters.h
//
// hidden: controls, formats, surrogates, private use, separators of lines and paragraphs (general categories Cc, Cf,
//         Cs, Co, Zl, Zp), noncharacters, and whatever else is drawn as nothing (Default_Ignorable_Code_Point: Hangul
//         fillers, the combining grapheme joiner, …), except the next two
// joiner: U+200C and U+200D, without which Persian and families of emoji cannot be written
// mark:   characters that are drawn upon the one before (Mn, Me), and variation selectors
// blank:  spaces (Zs), and U+2800, the Braille pattern without a dot
const LAST = 0x10ffff;
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}]/u;
const MARK = /[\p{Mn}\p{Me}]/u;
const SELECTOR = /\p{Variation_Selector}/u;
const BLANK = /[\p{Zs}\u2800]/u;

function classOf(code) {
  const character = String.fromCodePoint(code);
  if (code === 0x200c || code === 0x200d) return 'JOINER';
  if (SELECTOR.test(character)) return 'MARK';
  if (HIDDEN.test(character)) return 'HIDDEN';
  if (MARK.test(character)) return 'MARK';
  return BLANK.test(character) ? 'BLANK' : undefined;
}

const ranges = [];
for (let code = 0; code <= LAST; code++) {
  const name = classOf(code);
  const last = ranges.at(-1);
  if (name === undefined) continue;
  if (last?.name === name && last.last === code - 1) last.last = code;
  else ranges.push({ name, first: code, last: code });
}

const hex = (code) => `0x${code.toString(16).toUpperCase().padStart(4, '0')}`;
console.log(`/*
 * characters.h
 *	  Characters that are not simply to be seen, by Unicode ${process.versions.unicode}. Made by scripts/make-characters.mjs.
 */
#ifndef NPCSIM_SIM_CHARACTERS_H
#define NPCSIM_SIM_CHARACTERS_H

/* clang-format off */
static const CharacterRange character_ranges[] = {
${ranges.map(({ name, first, last }) => `\t{${hex(first)}, ${hex(last)}, CHARACTER_${name}},`).join('\n')}
};
/* clang-format on */

#endif /* NPCSIM_SIM_CHARACTERS_H */`);
