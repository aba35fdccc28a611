/*
 * call_args.c
 *	  Arguments of calls that clients make.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "reducers/args.h"
#include "reducers/call_args.h"

double
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

char *
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
