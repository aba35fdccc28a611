/*
 * args.c
 *	  Reads and checks the arguments of functions that SQL calls.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "errors.h"
#include "reducers/args.h"
#include "sim/texts.h"

void
arg_not_null(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"%s\" must not be null", name),
				errdetail("The function has no meaning without it."),
				errhint("Give a value for \"%s\".", name));
}

void
check_id(int64 value, const char *name)
{
	if (value < 1 || value > ID_MAX)
		ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("\"%s\" is out of range", name),
				errdetail("It is %lld.", (long long) value),
				errhint("Ids are 1 to %lld.", (long long) ID_MAX));
}

int64
arg_id(FunctionCallInfo fcinfo, int n, const char *name)
{
	arg_not_null(fcinfo, n, name);
	check_id(PG_GETARG_INT64(n), name);
	return PG_GETARG_INT64(n);
}

int64
arg_id_or_none(FunctionCallInfo fcinfo, int n, const char *name)
{
	return PG_ARGISNULL(n) ? 0 : arg_id(fcinfo, n, name);
}

void
check_whole(int64 value, const char *name, int64 low, int64 high)
{
	if (value < low || value > high)
		ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("\"%s\" is out of range", name),
				errdetail("It is %lld.", (long long) value),
				errhint("It can be %lld to %lld.", (long long) low, (long long) high));
}

/* Reads an integer, or a bigint where the member has the width of one. */
static int64
arg_number(FunctionCallInfo fcinfo, int n, const Argument *argument)
{
	int64 value;

	arg_not_null(fcinfo, n, argument->name);
	value = argument->width == sizeof(int64) ? PG_GETARG_INT64(n) : PG_GETARG_INT32(n);
	check_whole(value, argument->name, argument->low, argument->high);
	return value;
}

bool
arg_bool(FunctionCallInfo fcinfo, int n, const char *name)
{
	arg_not_null(fcinfo, n, name);
	return PG_GETARG_BOOL(n);
}

void
check_float8(double value, const char *name, double low, double high, const char *unit)
{
	/* It is written so that NaN fails. */
	if (!(value >= low && value <= high))
		ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("\"%s\" is out of range", name),
				errdetail("It is %s.", isnan(value)	  ? "not a number"
									   : isinf(value) ? "infinite"
													  : psprintf("%.15g", value)),
				errhint("It can be %.15g to %.15g%s%s.", low, high, *unit ? " " : "", unit));
}

double
arg_float8(FunctionCallInfo fcinfo, int n, const char *name, double low, double high, const char *unit)
{
	arg_not_null(fcinfo, n, name);
	check_float8(PG_GETARG_FLOAT8(n), name, low, high, unit);
	return PG_GETARG_FLOAT8(n);
}

void
check_text(const char *value, const char *name, int max_chars)
{
	int			chars = pg_mbstrlen(value);
	const char *text = pg_server_to_any(value, (int) strlen(value), PG_UTF8);
	size_t		place;
	TextFlaw	flaw = text_flaw(text, strlen(text), &place);

	if (chars < 1 || chars > max_chars)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("\"%s\" is too %s", name, chars < 1 ? "short" : "long"),
				errdetail("It has %d characters.", chars), errhint("It can have 1 to %d.", max_chars));
	if (flaw != TEXT_GOOD)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("\"%s\" has %s", name, text_flaw_words(flaw)),
				flaw == TEXT_EMPTY ? errdetail("It has %d characters.", chars)
								   : errdetail("It begins at byte %zu of the text in UTF-8.", place + 1),
				errhint(flaw == TEXT_EMPTY ? "Write something that others can read." : "Leave it out."));
}

char *
arg_text(FunctionCallInfo fcinfo, int n, const char *name, int max_chars)
{
	char *value;

	arg_not_null(fcinfo, n, name);
	value = text_to_cstring(PG_GETARG_TEXT_PP(n));
	check_text(value, name, max_chars);
	return value;
}

char *
arg_text_or_none(FunctionCallInfo fcinfo, int n, const char *name, int max_chars)
{
	return PG_ARGISNULL(n) ? NULL : arg_text(fcinfo, n, name, max_chars);
}

/* Reads a text of any length, which whoever uses it checks. */
static char *
arg_any_text(FunctionCallInfo fcinfo, int n, const char *name)
{
	arg_not_null(fcinfo, n, name);
	return text_to_cstring(PG_GETARG_TEXT_PP(n));
}

char *
words_listed(const char *const *words)
{
	StringInfoData list;

	initStringInfo(&list);
	for (const char *const *word = words; *word != NULL; word++)
		appendStringInfo(&list, "%s%s", word == words ? "" : ", ", *word);
	return list.data;
}

void
check_word(const char *value, const char *name, const char *const *words)
{
	for (const char *const *word = words; *word != NULL; word++)
		if (strcmp(value, *word) == 0)
			return;
	ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid value for \"%s\"", name),
			errdetail("It is \"%.*s\".", pg_mbcliplen(value, (int) strlen(value), 100), value),
			errhint("It can be one of: %s.", words_listed(words)));
}

char *
arg_word(FunctionCallInfo fcinfo, int n, const char *name, const char *const *words)
{
	char *value;

	arg_not_null(fcinfo, n, name);
	value = text_to_cstring(PG_GETARG_TEXT_PP(n));
	check_word(value, name, words);
	return value;
}

void
check_object(Jsonb *value, const char *name)
{
	if (!JB_ROOT_IS_OBJECT(value))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" is not a JSON object", name),
				errdetail("It is %s.", JB_ROOT_IS_SCALAR(value) ? "a scalar" : "an array"),
				errhint("Write it like {\"name\": \"value\"}."));
	if (VARSIZE(value) > PROPERTIES_MAX)
		ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("\"%s\" is too large", name),
				errdetail("It takes %u bytes.", VARSIZE(value)),
				errhint("It can take up to %d.", PROPERTIES_MAX));
}

Jsonb *
arg_object(FunctionCallInfo fcinfo, int n, const char *name)
{
	Jsonb *value;

	arg_not_null(fcinfo, n, name);
	value = PG_GETARG_JSONB_P(n);
	check_object(value, name);
	return value;
}

char **
check_texts(Datum array, const char *name, int max_count, int max_chars, int *count)
{
	ArrayType *texts = DatumGetArrayTypeP(array);
	Datum	  *elements;
	bool	  *nulls;
	char	 **result;

	*count = ArrayGetNItems(ARR_NDIM(texts), ARR_DIMS(texts));
	if (*count > max_count)
		ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("\"%s\" has too many elements", name),
				errdetail("It has %d.", *count), errhint("It can have up to %d.", max_count));
	deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, count);
	result = palloc0((*count + 1) * sizeof(char *));
	for (int i = 0; i < *count; i++)
	{
		if (nulls[i])
			ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					errmsg("\"%s\" must not contain null", name), errdetail("Element %d is null.", i + 1),
					errhint("Leave the element out."));
		result[i] = TextDatumGetCString(elements[i]);
		check_text(result[i], name, max_chars);
	}
	return result;
}

char **
arg_texts(FunctionCallInfo fcinfo, int n, const char *name, int max_count, int max_chars, int *count)
{
	arg_not_null(fcinfo, n, name);
	return check_texts(PG_GETARG_DATUM(n), name, max_count, max_chars, count);
}

Cell
check_cell(const Grid *grid, int32 x, int32 y)
{
	if (x < 0 || x >= grid_size_x(grid) || y < 0 || y >= grid_size_y(grid))
		ereport(ERROR, errcode(ERRCODE_NS_CELL_OUTSIDE),
				errmsg("cell (%d, %d) is outside of the world", x, y),
				errdetail("The world has %d by %d cells.", grid_size_x(grid), grid_size_y(grid)),
				errhint("Cells are (0, 0), top left, to (%d, %d).", grid_size_x(grid) - 1,
						grid_size_y(grid) - 1));
	return (Cell) {.x = (int16) x, .y = (int16) y};
}

static void *
arg_list(FunctionCallInfo fcinfo, int n, const char *name, int limit, int width, int *count)
{
	ArrayType *array;

	arg_not_null(fcinfo, n, name);
	array = PG_GETARG_ARRAYTYPE_P(n);
	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (ARR_NDIM(array) > 1)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("\"%s\" has more than one dimension", name), errdetail("It has %d.", ARR_NDIM(array)),
				errhint("Write it like '{1,2}'."));
	if (*count > limit)
		ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("\"%s\" has too many elements", name),
				errdetail("It has %d.", *count), errhint("It can have up to %d.", limit));
	if (array_contains_nulls(array))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"%s\" must not contain null", name),
				errdetail("One of its elements is null."), errhint("Leave the element out."));
	return memcpy(palloc((Size) Max(*count, 1) * width), ARR_DATA_PTR(array), (Size) *count * width);
}

int64 *
arg_int64_list(FunctionCallInfo fcinfo, int n, const char *name, int limit, int *count)
{
	return arg_list(fcinfo, n, name, limit, sizeof(int64), count);
}

int32 *
arg_int32_list(FunctionCallInfo fcinfo, int n, const char *name, int limit, int *count)
{
	return arg_list(fcinfo, n, name, limit, sizeof(int32), count);
}

static void
read_argument(FunctionCallInfo fcinfo, int n, const Argument *argument, void *arguments)
{
	const char *name = argument->name;
	const char *unit = argument->unit != NULL ? argument->unit : "";
	void	   *member = argument_in(argument, arguments);

	switch (argument->type)
	{
		case ARGUMENT_ID:
		case ARGUMENT_CALLER:
			*(int64 *) member = arg_id(fcinfo, n, name);
			break;
		case ARGUMENT_NUMBER:
			argument_set_number(argument, arguments, arg_number(fcinfo, n, argument));
			break;
		case ARGUMENT_COORDINATE:
			arg_not_null(fcinfo, n, name);
			*(int32 *) member = PG_GETARG_INT32(n);
			break;
		case ARGUMENT_SCALED:
			argument_set_scaled(argument, arguments,
								arg_float8(fcinfo, n, name, argument_low(argument), argument_high(argument),
										   unit));
			break;
		case ARGUMENT_DECIMAL:
			*(double *) member =
				arg_float8(fcinfo, n, name, argument_low(argument), argument_high(argument), unit);
			break;
		case ARGUMENT_FLAG:
			*(bool *) member = arg_bool(fcinfo, n, name);
			break;
		case ARGUMENT_TEXT:
			*(char **) member = argument->high > 0 ? arg_text(fcinfo, n, name, (int) argument->high)
												   : arg_any_text(fcinfo, n, name);
			break;
		case ARGUMENT_WORD:
			*(char **) member = arg_word(fcinfo, n, name, argument->words);
			break;
		case ARGUMENT_TEXTS:
		{
			TextList *list = member;

			list->texts = arg_texts(fcinfo, n, name, (int) argument->low, (int) argument->high, &list->count);
			break;
		}
		case ARGUMENT_OBJECT:
			*(Jsonb **) member = arg_object(fcinfo, n, name);
			break;
		case ARGUMENT_IDS:
		case ARGUMENT_COUNTS:
		case ARGUMENT_MEMBERS:
			elog(ERROR, "no function has arguments like \"%s\"", name);
	}
}

/* Refuses a function that was made without an argument that cannot be left out. */
static void
refuse_missing(const Argument *argument)
{
	if (!argument->optional && !argument->has_default)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_FUNCTION),
				errmsg("the function has no argument \"%s\"", argument->name),
				errhint("Call npcsim's own function, which has it."));
}

void
args_read(FunctionCallInfo fcinfo, int n, const Reducer *reducer, void *arguments)
{
	for (int i = 0; i < reducer->argument_count; i++)
	{
		const Argument *argument = &reducer->arguments[i];

		if (argument->place == ARGUMENT_MADE || (argument->type == ARGUMENT_CALLER && argument->optional))
			continue;
		if (n >= PG_NARGS())
		{
			refuse_missing(argument);
			continue;
		}
		if (!argument->optional || !PG_ARGISNULL(n))
			read_argument(fcinfo, n, argument, arguments);
		n++;
	}
}
