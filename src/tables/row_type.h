/*
 * row_type.h
 *	  Tables of a world's state, each described once: which column is which member of a thing in memory. Reading, writing
 *	  and deleting its rows follow from that.
 *
 *		static const RowColumn columns[] = {
 *			ROW_NUMBER(Bid, id, "id", INT8OID),				the id of the thing, first
 *			ROW_NUMBER(Bid, made_at, "made_at", INT8OID),
 *			ROW_NUMBER_OR(Bid, put_at, "put_at", INT8OID, -1),	-1 in memory is NULL in the row
 *			…
 *		};
 *		RowType bid_rows = {.table = "interaction_bid_rows", .index = "interaction_bid_rows_pkey", .columns = columns, …};
 *
 * A table has, besides, a column world_id, and its index begins with that and the id.
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
 * Loading. 'ids' NULL means every row of the world. The callback finds or makes the thing of an id (NULL: skip the row);
 * what is allocated goes to 'context'. What is seen is what the active snapshot sees.
 */
typedef struct RowLoad
{
	int64		 world_id;
	const int64 *ids;
	int			 count;
	void *(*lookup)(void *arg, int64 id);
	void (*done)(void *arg, void *thing); /* its row was read; NULL = nothing is to be done then */
	const ItemType *(*item_type)(void *arg, const char *name); /* of rows that name one */
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
	uint32		group; /* of columns that change together (RowGroup), of those that are shown */
	int64		least; /* of what operators give; it is not theirs to give unless it is less than 'most' */
	int64		most;
	const char *shown_as; /* by clients' name for it; NULL = its own */
	/* to clients, the value alone; NULL: it is not shown. A column that is shown alone has neither of the next two */
	void (*show)(StringInfo out, const void *thing, const struct RowColumn *column);
	/* from the row to the member; NULL: it is not read */
	void (*take)(const RowLoad *load, void *thing, const struct RowColumn *column, Datum value, bool isnull);
	/* from the member to the row; NULL: it is not written. 'arg' is the caller's */
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
/* The same of numbers that never change. */
#define ROW_FIXED_NUMBER(thing_, member_, name_, type_) \
	{ \
		.name = (name_), .type = (type_), ROW_MEMBER(thing_, member_), ROW_MEMBER_WIDTH(thing_, member_), \
		.fixed = true, .take = row_take_number, .put = row_put_number \
	}
/* A number that somebody else writes. */
#define ROW_READ_NUMBER(thing_, member_, name_, type_) \
	{ \
		.name = (name_), .type = (type_), ROW_MEMBER(thing_, member_), ROW_MEMBER_WIDTH(thing_, member_), \
		.take = row_take_number \
	}
/* Jsonb *, which never changes; NULL = NULL. */
#define ROW_FIXED_JSON_OR_NULL(thing_, member_, name_) \
	{ \
		.name = (name_), .type = JSONBOID, ROW_MEMBER(thing_, member_), .nullable = true, .fixed = true, \
		.take = row_take_json, .put = row_put_json \
	}
/* char *, never NULL. */
#define ROW_TEXT(thing_, member_, name_) \
	{ \
		.name = (name_), .type = TEXTOID, ROW_MEMBER(thing_, member_), .take = row_take_text, \
		.put = row_put_text \
	}
/* Jsonb *; NULL = NULL. */
#define ROW_JSON_OR_NULL(thing_, member_, name_) \
	{ \
		.name = (name_), .type = JSONBOID, ROW_MEMBER(thing_, member_), .nullable = true, \
		.take = row_take_json, .put = row_put_json \
	}
/* JsonList *, an array of at most 'most_' elements in JSON; NULL = []. */
#define ROW_JSON_LIST(thing_, member_, name_, most_) \
	{ \
		.name = (name_), .type = JSONBOID, ROW_MEMBER(thing_, member_), .width = (most_), \
		.take = row_take_json_list, .put = row_put_json_list \
	}
/* The same; NULL = NULL. */
#define ROW_JSON_LIST_OR_NULL(thing_, member_, name_, most_) \
	{ \
		.name = (name_), .type = JSONBOID, ROW_MEMBER(thing_, member_), .width = (most_), .nullable = true, \
		.take = row_take_json_list, .put = row_put_json_list \
	}
/* What has functions of its own; the first never changes. */
#define ROW_FIXED_OWN(name_, type_, take_, put_) \
	{ \
		.name = (name_), .type = (type_), .fixed = true, .take = (take_), .put = (put_) \
	}
#define ROW_OWN(name_, type_, take_, put_) \
	{ \
		.name = (name_), .type = (type_), .take = (take_), .put = (put_) \
	}

/* A number of a row, and the one in a thing's member. */
extern int64 row_number_of(Datum value, Oid type);
extern Datum row_datum_of(int64 number, Oid type);
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
	ROWS_HOT,		   /* new ones and changed ones without a statement, at their places */
	ROWS_BY_STATEMENT, /* one for the new ones, one for those that changed */
	ROWS_UPSERTED	   /* one for all: a thing may have none */
} RowWriting;

typedef struct RowType
{
	const char		*table; /* in schema npcsim */
	const char		*index;
	const RowColumn *columns; /* the id first, fixed ones last */
	int				 column_count;
	size_t	   place_at; /* offset of the ItemPointerData of the row's place; 0 = it is not remembered */
	RowWriting writing;
	bool	   in_sight; /* it has a place in the sight index: 'arg' of who writes it makes geometries */
	/* what statements write besides: columns and expressions of new rows, assignments for those that are there ("t") */
	const char *also_columns;
	const char *also_values;
	const char *also_set;
	/* private: made of the above when it is used first */
	IndexRows	 reading;
	bool		 can_be_read;
	bool		 can_be_written;
	StageColumn	 staged[ROW_COLUMNS_MAX];
	RowSet		 set;
	HotTable	 hot;
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
 * Columns of a thing that change together. A thing may have several groups, in several tables, or several in one: what has
 * changed of it is then a mask of their bits.
 */
typedef struct RowGroup
{
	uint32	   bit;
	ChangeKind changed; /* tells others of it */
	RowType	  *rows;
	size_t	   revision_at; /* offset of its revision in the thing; 0 = it has none */
	bool	   shown;		/* to clients */
} RowGroup;

extern void rows_load(RowType *type, const RowLoad *load);

/* The same row by row, for who looks by an index of another kind: what is to be read, and a row that was. */
extern IndexRows *rows_to_read(RowType *type);
extern void rows_take(const RowType *type, const RowLoad *load, const IndexReading *reading, void *thing);

/* Without statements (hot_rows.h). */
extern void rows_insert_hot(RowType *type, int64 world_id, void **things, int count, void *arg);
extern void rows_update_hot(RowType *type, int64 world_id, void **things, int count, void *arg);

/* One statement each; all rows must be found. SPI must be connected. */
extern void rows_insert(RowType *type, int64 world_id, void **things, int count);
extern void rows_update(RowType *type, int64 world_id, void **things, int count);
extern void rows_upsert(RowType *type, int64 world_id, void **things, int count);
/* All of a world. */
extern void rows_delete_world(RowType *type, int64 world_id);
/* How many there were. */
extern uint64 rows_delete(RowType *type, int64 world_id, const int64 *ids, int count);
/* All of which there must be, but for those that were deleted already. */
extern void rows_delete_all(RowType *type, int64 world_id, const int64 *ids, int count, uint64 deleted);

#endif /* NPCSIM_ROW_TYPE_H */
