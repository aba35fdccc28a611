/*
 * numbers.h
 *	  Reads and writes numbers of several widths, as members of structs and as values of columns.
 */
#ifndef NPCSIM_NUMBERS_H
#define NPCSIM_NUMBERS_H

#include "postgres.h"

#include "catalog/pg_type.h"

/* Reads a number, an enumeration or a truth value of so many bytes. */
static inline int64
number_at(const void *place, size_t width)
{
	switch (width)
	{
		case sizeof(int64):
			return *(const int64 *) place;
		case sizeof(int32):
			return *(const int32 *) place;
		case sizeof(int16):
			return *(const int16 *) place;
		case sizeof(bool):
			return *(const bool *) place;
	}
	elog(ERROR, "no number has %zu bytes", width);
}

static inline void
number_put(void *place, size_t width, int64 number)
{
	switch (width)
	{
		case sizeof(int64):
			*(int64 *) place = number;
			return;
		case sizeof(int32):
			*(int32 *) place = (int32) number;
			return;
		case sizeof(int16):
			*(int16 *) place = (int16) number;
			return;
		case sizeof(bool):
			*(bool *) place = number != 0;
			return;
	}
	elog(ERROR, "no number has %zu bytes", width);
}

/* Returns a number of this type; of a moment its microseconds. */
static inline int64
number_of_datum(Datum value, Oid type)
{
	switch (type)
	{
		case INT8OID:
		case TIMESTAMPTZOID:
			return DatumGetInt64(value);
		case INT4OID:
		case DATEOID:
			return DatumGetInt32(value);
		case INT2OID:
			return DatumGetInt16(value);
		case BOOLOID:
			return DatumGetBool(value);
	}
	elog(ERROR, "type %u is no number", type);
}

static inline Datum
datum_of_number(int64 number, Oid type)
{
	switch (type)
	{
		case INT8OID:
		case TIMESTAMPTZOID:
			return Int64GetDatum(number);
		case INT4OID:
		case DATEOID:
			return Int32GetDatum((int32) number);
		case INT2OID:
			return Int16GetDatum((int16) number);
		case BOOLOID:
			return BoolGetDatum(number != 0);
	}
	elog(ERROR, "type %u is no number", type);
}

#endif /* NPCSIM_NUMBERS_H */
