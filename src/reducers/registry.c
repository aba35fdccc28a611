/*
 * registry.c
 *	  The table of all reducers: finds them by name, and lists what clients may call.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "reducers/args.h"
#include "reducers/registry.h"
#include "reducers/roles.h"

PG_FUNCTION_INFO_V1(npcsim_client_reducers);

static const Reducer *const reducers[] = {
#define REDUCER(name_) [REDUCER_##name_] = &reducer_##name_,
#include "reducer_list.h"
#undef REDUCER
};

StaticAssertDecl(lengthof(reducers) == REDUCER_COUNT, "every reducer has a description");

const Reducer *
reducer_named(const char *name)
{
	for (int i = 0; i < REDUCER_COUNT; i++)
		if (strcmp(reducers[i]->name, name) == 0)
			return reducers[i];
	return NULL;
}

/* ---- what clients may call ---- */

/* Returns what an argument can be, in words. */
static char *
range_of(const Argument *argument)
{
	if (argument->meaning != NULL)
		return pstrdup(argument->meaning);
	switch (argument->type)
	{
		case ARGUMENT_NUMBER:
			return psprintf("%lld to %lld", (long long) argument->low, (long long) argument->high);
		case ARGUMENT_SCALED:
		case ARGUMENT_DECIMAL:
			return psprintf("%.15g to %.15g", argument_low(argument), argument_high(argument));
		case ARGUMENT_TEXT:
			return psprintf("1 to %lld characters", (long long) argument->high);
		case ARGUMENT_FLAG:
			return pstrdup("true or false");
		case ARGUMENT_WORD:
			return words_listed(argument->words);
		case ARGUMENT_ID:
			return pstrdup("an id");
		case ARGUMENT_COORDINATE:
			return pstrdup("a cell");
		case ARGUMENT_TEXTS:
		case ARGUMENT_IDS:
		case ARGUMENT_COUNTS:
		case ARGUMENT_OBJECT:
		case ARGUMENT_MEMBERS:
		case ARGUMENT_CALLER:
			break;
	}
	return pstrdup("");
}

static bool
is_given_by_clients(const Argument *argument)
{
	return argument->place != ARGUMENT_MADE && argument->type != ARGUMENT_CALLER;
}

/*
 * Returns 'args: {"x", "y": a cell}. …'; arguments that follow one another and have the same range are told
 * together.
 */
static char *
description_of(const Reducer *reducer)
{
	StringInfoData out;
	char		  *told = NULL;

	initStringInfo(&out);
	for (int i = 0; i < reducer->argument_count; i++)
	{
		const Argument *argument = &reducer->arguments[i];
		char		   *range = range_of(argument);

		if (!is_given_by_clients(argument))
			continue;
		if (told != NULL && strcmp(told, range) != 0)
			appendStringInfo(&out, ": %s", told);
		appendStringInfo(&out, "%s\"%s\"", told != NULL ? ", " : "", argument->name);
		told = range;
	}
	if (told != NULL)
		appendStringInfo(&out, ": %s", told);
	return psprintf("args: {%s}. %s", out.data, reducer->description);
}

/* client_reducers() → name, minimum_role, description, burst, per_minute; for the view of that name. */
Datum
npcsim_client_reducers(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (int i = 0; i < REDUCER_COUNT; i++)
	{
		const Reducer *reducer = reducers[i];

		if (reducer->client_roles != ROLES_NONE)
			tuplestore_putvalues(result->setResult, result->setDesc,
								 (Datum[]) {CStringGetTextDatum(reducer->name),
											CStringGetTextDatum(minimum_role_of(reducer->client_roles)),
											CStringGetTextDatum(description_of(reducer)),
											Int32GetDatum(reducer->burst),
											Int32GetDatum(reducer->per_minute)},
								 (bool[]) {false, false, false, false, false});
	}
	return (Datum) 0;
}
