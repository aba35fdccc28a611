/*
 * call_args.c
 *	  Reads the arguments of clients' calls by the reducer's description.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "reducers/args.h"
#include "reducers/call_args.h"

#define WORD_MAX_CHARS 100

/* Reads a number that must be there and within its range; 'whole' asks for a whole number. */
static double
call_number(Jsonb *args, const char *name, double low, double high, bool whole)
{
	JsonbValue		  value;
	const JsonbValue *member = getKeyJsonValueFromContainer(&args->root, name, (int) strlen(name), &value);
	double			  number;

	if (member == NULL || member->type != jbvNumeric)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the argument \"%s\" is missing or not a number", name),
				errdetail("The reducer needs it."),
				errhint("Write it like {\"%s\": %.15g}.", name, Max(low, 1)));
	number =
		DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(member->val.numeric)));
	check_float8(number, name, low, high, "");
	if (whole && number != (double) (int64) number)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the argument \"%s\" is not a whole number", name), errdetail("It is %.15g.", number),
				errhint("Leave the fraction out."));
	return number;
}

/* Reads a text that must be there, of 1 to max_chars characters. */
static char *
call_text(Jsonb *args, const char *name, int max_chars)
{
	JsonbValue		  value;
	const JsonbValue *member = getKeyJsonValueFromContainer(&args->root, name, (int) strlen(name), &value);
	char			 *text;

	if (member == NULL || member->type != jbvString)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the argument \"%s\" is missing or not a string", name),
				errdetail("The reducer needs it."), errhint("Write it like {\"%s\": \"...\"}.", name));
	text = pnstrdup(member->val.string.val, member->val.string.len);
	check_text(text, name, max_chars);
	return text;
}

static bool
call_flag(Jsonb *args, const char *name)
{
	JsonbValue		  value;
	const JsonbValue *member = getKeyJsonValueFromContainer(&args->root, name, (int) strlen(name), &value);

	if (member == NULL || member->type != jbvBool)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the argument \"%s\" is missing or neither true nor false", name),
				errdetail("The reducer needs it."), errhint("Write it like {\"%s\": true}.", name));
	return member->val.boolean;
}

/* Whether the argument is neither absent nor null. */
static bool
is_given(Jsonb *args, const char *name)
{
	JsonbValue		  value;
	const JsonbValue *member = getKeyJsonValueFromContainer(&args->root, name, (int) strlen(name), &value);

	return member != NULL && member->type != jbvNull;
}

static void
read_argument(const Argument *argument, const Caller *caller, Jsonb *args, void *arguments)
{
	const char *name = argument->name;
	void	   *member = argument_in(argument, arguments);

	switch (argument->type)
	{
		case ARGUMENT_ID:
			*(int64 *) member = (int64) call_number(args, name, 1, (double) ID_MAX, true);
			break;
		case ARGUMENT_NUMBER:
			argument_set_number(argument, arguments,
								(int64) call_number(args, name, (double) argument->low,
													(double) argument->high, true));
			break;
		case ARGUMENT_COORDINATE:
			argument_set_number(argument, arguments,
								(int64) call_number(args, name, 0, WORLD_CELLS_MAX - 1, true));
			break;
		case ARGUMENT_SCALED:
			argument_set_scaled(argument, arguments,
								call_number(args, name, argument_low(argument), argument_high(argument),
											false));
			break;
		case ARGUMENT_DECIMAL:
			*(double *) member =
				call_number(args, name, argument_low(argument), argument_high(argument), false);
			break;
		case ARGUMENT_TEXT:
			*(char **) member = call_text(args, name, (int) argument->high);
			break;
		case ARGUMENT_FLAG:
			*(bool *) member = call_flag(args, name);
			break;
		case ARGUMENT_WORD:
			*(char **) member = call_text(args, name, WORD_MAX_CHARS);
			check_word(*(char **) member, name, argument->words);
			break;
		case ARGUMENT_CALLER:
			*(int64 *) member = caller->player_id;
			break;
		case ARGUMENT_TEXTS:
		case ARGUMENT_IDS:
		case ARGUMENT_COUNTS:
		case ARGUMENT_OBJECT:
		case ARGUMENT_MEMBERS:
			elog(ERROR, "no call has arguments like \"%s\"", name);
	}
}

void
call_args_read(const Reducer *reducer, const Caller *caller, Jsonb *args, void *arguments)
{
	for (int i = 0; i < reducer->argument_count; i++)
	{
		const Argument *argument = &reducer->arguments[i];

		if (argument->place != ARGUMENT_MADE &&
			(!argument->optional || argument->type == ARGUMENT_CALLER || is_given(args, argument->name)))
			read_argument(argument, caller, args, arguments);
	}
}
