/*
 * row_type.h
 *	  The description of a table of a world's state, which says which column is which member of a thing in
 *	  memory. Reading, writing and deleting its rows are derived from it.
 *
 *		static const RowColumn columns[] = {
 *			ROW_NUMBER(Bid, id, "id", INT8OID),				the id of the thing, first
 *			ROW_NUMBER(Bid, made_at, "made_at", INT8OID),
 *			ROW_NUMBER_OR(Bid, put_at, "put_at", INT8OID, -1),	-1 in memory is NULL in the row
 *			…
 *		};
 *		RowType bid_rows = {.table = "interaction_bid_rows", .index = "interaction_bid_rows_pkey", .columns = columns, …};
 *
 * A table has, besides, a column world_id, and its index begins with that and the id. Where a text takes the place
 * of the id, rows are read and upserted by statements (rows_select, rows_upsert).
 */
#ifndef NPCSIM_ROW_TYPE_H
#define NPCSIM_ROW_TYPE_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "sim/types.h"
#include "spi.h"
#include "tables/change_log.h"
#include "tables/hot_rows.h"
#include "tables/index_rows.h"
#include "tables/row_set.h"

/*
 * How rows are loaded. 'ids' NULL means every row of the world. The callback 'lookup' finds or makes the
 * thing of an id (NULL: the row is skipped); what is allocated goes to 'context'. The active snapshot decides
 * what is seen.
 */
typedef struct RowLoad
{
	int64		 world_id;
	const int64 *ids;
	int			 count;
	void *(*lookup)(void *arg, int64 id);
	void (*done)(void *arg, void *thing);					   /* its row was read; may be NULL */
	const ItemType *(*item_type)(void *arg, const char *name); /* finds an item type that a row names */
	void		 *arg;
	MemoryContext context;
} RowLoad;

typedef struct RowColumn
{
	const char *name;
	Oid			type;	  /* InvalidOid: geometry */
	uint16		offset;	  /* of the member */
	uint16		width;	  /* bytes of a number; most elements of a list */
	bool		nullable; /* the member's 'none' is NULL in the row */
	bool		fixed;	  /* written when the row is new, never again */
	int64		none;
	uint32		group; /* the RowGroup in which the column changes, if it is shown */
	int64		least; /* bounds for operators, who may write it if least < most */
	int64		most;
	/* What clients call it; NULL = the column's name. */
	const char *shown_as;
	/*
	 * Writes the value for clients; NULL: it is not shown. A column that is only shown has neither of the
	 * next two.
	 */
	void (*show)(StringInfo out, const void *thing, const struct RowColumn *column);
	/* Sets the member from the row; NULL: it is not read. */
	void (*take)(const RowLoad *load, void *thing, const struct RowColumn *column, Datum value, bool isnull);
	/* Puts the member into the row; NULL: it is not written. 'arg' is the caller's. */
	void (*put)(RowBuilder *row, void *thing, const struct RowColumn *column, void *arg);
} RowColumn;

#define ROW_MEMBER(thing_, member_)		  .offset = offsetof(thing_, member_)
#define ROW_MEMBER_WIDTH(thing_, member_) .width = sizeof(((thing_ *) NULL)->member_)

/* A number, an enumeration or a truth value. */
#define ROW_NUMBER(thing_, member_, name_, type_) \
	{ \
		.name = (name_), .type = (type_), ROW_MEMBER(thing_, member_), ROW_MEMBER_WIDTH(thing_, member_), \
		.take = row_take_number, .put = row_put_number \
	}
#define ROW_NUMBER_OR(thing_, member_, name_, type_, none_) \
	{ \
		.name = (name_), .type = (type_), ROW_MEMBER(thing_, member_), ROW_MEMBER_WIDTH(thing_, member_), \
		.nullable = true, .none = (none_), .take = row_take_number, .put = row_put_number \
	}
/* The same for a number that never changes. */
#define ROW_FIXED_NUMBER(thing_, member_, name_, type_) \
	{ \
		.name = (name_), .type = (type_), ROW_MEMBER(thing_, member_), ROW_MEMBER_WIDTH(thing_, member_), \
		.fixed = true, .take = row_take_number, .put = row_put_number \
	}
/* A number that is read, and that another statement writes. */
#define ROW_READ_NUMBER(thing_, member_, name_, type_) \
	{ \
		.name = (name_), .type = (type_), ROW_MEMBER(thing_, member_), ROW_MEMBER_WIDTH(thing_, member_), \
		.take = row_take_number \
	}
/* A Jsonb * that never changes; NULL is NULL in the row. */
#define ROW_FIXED_JSON_OR_NULL(thing_, member_, name_) \
	{ \
		.name = (name_), .type = JSONBOID, ROW_MEMBER(thing_, member_), .nullable = true, .fixed = true, \
		.take = row_take_json, .put = row_put_json \
	}
/* A char *, never NULL. */
#define ROW_TEXT(thing_, member_, name_) \
	{ \
		.name = (name_), .type = TEXTOID, ROW_MEMBER(thing_, member_), .take = row_take_text, \
		.put = row_put_text \
	}
/* A Jsonb *, never NULL. */
#define ROW_JSON(thing_, member_, name_) \
	{ \
		.name = (name_), .type = JSONBOID, ROW_MEMBER(thing_, member_), .take = row_take_json, \
		.put = row_put_json \
	}
/* A Jsonb *; NULL is NULL in the row. */
#define ROW_JSON_OR_NULL(thing_, member_, name_) \
	{ \
		.name = (name_), .type = JSONBOID, ROW_MEMBER(thing_, member_), .nullable = true, \
		.take = row_take_json, .put = row_put_json \
	}
/* A JsonList * of at most 'most_' elements, a jsonb array in the row; NULL is []. */
#define ROW_JSON_LIST(thing_, member_, name_, most_) \
	{ \
		.name = (name_), .type = JSONBOID, ROW_MEMBER(thing_, member_), .width = (most_), \
		.take = row_take_json_list, .put = row_put_json_list \
	}
/* The same, but NULL is NULL in the row. */
#define ROW_JSON_LIST_OR_NULL(thing_, member_, name_, most_) \
	{ \
		.name = (name_), .type = JSONBOID, ROW_MEMBER(thing_, member_), .width = (most_), .nullable = true, \
		.take = row_take_json_list, .put = row_put_json_list \
	}
/* A column with functions of its own; the first never changes. */
#define ROW_FIXED_OWN(name_, type_, take_, put_) \
	{ \
		.name = (name_), .type = (type_), .fixed = true, .take = (take_), .put = (put_) \
	}
#define ROW_OWN(name_, type_, take_, put_) \
	{ \
		.name = (name_), .type = (type_), .take = (take_), .put = (put_) \
	}

/* Read and write the number in a thing's member. */
extern int64 row_number_in(const void *thing, const RowColumn *column);
extern void	 row_set_number(void *thing, const RowColumn *column, int64 number);

extern void row_take_number(const RowLoad *load, void *thing, const RowColumn *column, Datum value,
							bool isnull);
extern void row_put_number(RowBuilder *row, void *thing, const RowColumn *column, void *arg);
extern void row_take_text(const RowLoad *load, void *thing, const RowColumn *column, Datum value,
						  bool isnull);
extern void row_put_text(RowBuilder *row, void *thing, const RowColumn *column, void *arg);
extern void row_take_json(const RowLoad *load, void *thing, const RowColumn *column, Datum value,
						  bool isnull);
extern void row_put_json(RowBuilder *row, void *thing, const RowColumn *column, void *arg);
extern void row_take_json_list(const RowLoad *load, void *thing, const RowColumn *column, Datum value,
							   bool isnull);
extern void row_put_json_list(RowBuilder *row, void *thing, const RowColumn *column, void *arg);

/* How rows are written. */
typedef enum RowWriting
{
	ROWS_HOT,		   /* without a statement, at their places */
	ROWS_BY_STATEMENT, /* one statement for new rows, one for changed ones */
	ROWS_UPSERTED	   /* one statement for both: a thing may have no row */
} RowWriting;

typedef struct RowType
{
	const char		*table; /* in schema npcsim */
	const char		*index;
	const RowColumn *columns; /* the id first, fixed ones last */
	int				 column_count;
	/* The offset of the ItemPointerData of the row's place; 0 = it is not remembered. */
	size_t	   place_at;
	RowWriting writing;
	/* It is in the sight index: 'arg' of whoever writes it is a GeometryMaker. */
	bool in_sight;
	/*
	 * What statements write besides: columns and expressions of new rows, and assignments for rows that are
	 * there ("t").
	 */
	const char *also_columns;
	const char *also_values;
	const char *also_set;
	/* private: made of the above at first use */
	IndexRows	 reading;
	bool		 can_be_read;
	bool		 can_be_written;
	StageColumn	 staged[ROW_COLUMNS_MAX];
	RowSet		 set;
	HotTable	 hot;
	SpiStatement select;
	SpiStatement insert;
	SpiStatement update;
	SpiStatement upsert;
	SpiStatement delete_;
	SpiStatement delete_world;
} RowType;

static inline int64
row_type_id(const RowType *type, const void *thing)
{
	return *(const int64 *) ((const char *) thing + type->columns[0].offset);
}

/*
 * Columns of a thing that change together. A thing may have several groups, in several tables or in one: what
 * has changed of it is then a mask of their bits.
 */
typedef struct RowGroup
{
	uint32	   bit;
	ChangeKind changed; /* noted in the change log */
	RowType	  *rows;
	size_t	   revision_at; /* offset of its revision in the thing; 0 = it has none */
	bool	   shown;		/* to clients */
} RowGroup;

extern void rows_load(RowType *type, const RowLoad *load);

/*
 * Reads all rows of a world by a statement, in order of the first column, into an array of things of a size, in the
 * current memory context. It is for tables that are read seldom, whose index need not begin with that column. SPI
 * must be connected.
 */
extern void *rows_select(RowType *type, int64 world_id, size_t size, int *count);

/*
 * The same row by row, for readers of an index of another kind: the first says what is to be read, the second
 * takes a row that was.
 */
extern IndexRows *rows_to_read(RowType *type);
extern void rows_take(const RowType *type, const RowLoad *load, const IndexReading *reading, void *thing);

/* Write without statements (hot_rows.h). */
extern void rows_insert_hot(RowType *type, int64 world_id, void **things, int count, void *arg);
extern void rows_update_hot(RowType *type, int64 world_id, void **things, int count, void *arg);

/* Write with one statement each; all rows must be found. SPI must be connected. */
extern void rows_insert(RowType *type, int64 world_id, void **things, int count);
extern void rows_update(RowType *type, int64 world_id, void **things, int count);
extern void rows_upsert(RowType *type, int64 world_id, void **things, int count);
/* Deletes all rows of a world. */
extern void rows_delete_world(RowType *type, int64 world_id);
/* Returns how many rows there were. */
extern uint64 rows_delete(RowType *type, int64 world_id, const int64 *ids, int count);
/* Raises an error unless all rows are found, not counting the 'deleted' ones that were deleted already. */
extern void rows_delete_all(RowType *type, int64 world_id, const int64 *ids, int count, uint64 deleted);

#endif /* NPCSIM_ROW_TYPE_H */
