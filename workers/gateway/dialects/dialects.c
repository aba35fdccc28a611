/*
 * dialects.c
 *	  The list of all dialects: a server is asked in the first one that it speaks.
 */
#include "dialects/dialect.h"

#define DIALECTS \
	DIALECT(reference_dialect) \
	DIALECT(npcsim_dialect) /* it must be the last, because every server speaks it */

#define DIALECT(name) extern const MindDialect name;
DIALECTS
#undef DIALECT

#define DIALECT(name) &name,
const MindDialect *const mind_dialects[] = {DIALECTS};
#undef DIALECT

const int mind_dialect_count = sizeof(mind_dialects) / sizeof(mind_dialects[0]);

_Static_assert(sizeof(mind_dialects) / sizeof(mind_dialects[0]) <= MIND_MAX_DIALECTS,
			   "a session has room for all of them");
