/*
 * kind_texts.c
 *	  What observations say of kinds of items and interactions, written once
 *	  for all the items of a kind.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "json.h"
#include "reducers/kind_texts.h"
#include "sim/needs.h"
#include "spi.h"
#include "tables/item_kinds.h"

static SpiStatement interactions_statement =
	{.sql = "SELECT name, description, locks_movement FROM npcsim.interaction_type_rows WHERE world_id = $1",
	 .nargs = 1,
	 .types = {INT8OID},
	 .read_only = true};

static SpiStatement kinds_statement =
	{.sql = "SELECT name, components FROM npcsim.item_type_rows WHERE world_id = $1",
	 .nargs = 1,
	 .types = {INT8OID},
	 .read_only = true};

static void
read_interactions(int64 world_id, KindTexts *texts)
{
	uint64 rows = spi_run(&interactions_statement, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);

	for (uint64 i = 0; i < rows; i++)
	{
		InteractionRule rule = interaction_by_name(spi_text(i, 1, CurrentMemoryContext));
		StringInfoData	description;

		if (rule == INTERACTION_NONE)
			continue;
		initStringInfo(&description);
		json_string(&description, spi_text(i, 2, CurrentMemoryContext));
		texts->interactions[rule].description = description.data;
		texts->interactions[rule].locks_movement = spi_bool(i, 3, false);
	}
}

static void
json_needs_of(StringInfo out, const int32 rates[NEED_COUNT], int sign)
{
	bool first = true;

	appendStringInfoChar(out, '[');
	for (int i = 0; i < NEED_COUNT; i++)
	{
		if ((sign > 0 && rates[i] > 0) || (sign < 0 && rates[i] < 0))
		{
			appendStringInfo(out, first ? "\"%s\"" : ",\"%s\"", need_names[i]);
			first = false;
		}
	}
	appendStringInfoChar(out, ']');
}

static void
write_kind_texts(const KindTexts *texts, KindText *text)
{
	int32		   rates[NEED_COUNT];
	StringInfoData out;
	bool		   first = true;

	initStringInfo(&out);
	json_literal(&out, "\"item_type\":");
	json_string(&out, text->kind.name);
	text->type = out.data;

	item_need_rates(&text->kind, text->rule, rates);
	initStringInfo(&out);
	json_literal(&out, "\"fills\":");
	json_needs_of(&out, rates, 1);
	json_literal(&out, ",\"drains\":");
	json_needs_of(&out, rates, -1);
	json_literal(&out, ",\"rates\":{");
	for (int i = 0; i < NEED_COUNT; i++)
	{
		if (rates[i] == 0)
			continue;
		appendStringInfo(&out, first ? "\"%s\":" : ",\"%s\":", need_names[i]);
		json_millionths(&out, rates[i]);
		first = false;
	}
	appendStringInfoChar(&out, '}');
	text->effect = out.data;

	initStringInfo(&out);
	if (text->rule == INTERACTION_NONE)
		json_literal(&out, "\"interactions\":{}");
	else
		appendStringInfo(&out, "\"interactions\":{\"%s\":{\"description\":%s,%s,\"duration\":",
						 interaction_name(text->rule), texts->interactions[text->rule].description,
						 text->effect);
	text->offers = out.data;
}

static void
read_kinds(int64 world_id, KindTexts *texts)
{
	uint64 rows = spi_run(&kinds_statement, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);

	texts->kinds = palloc0(sizeof(KindText) * Max(rows, 1));
	texts->count = (int) rows;
	for (uint64 i = 0; i < rows; i++)
	{
		KindText *text = &texts->kinds[i];
		bool	  isnull;

		item_kind_from_jsonb(DatumGetJsonbP(spi_datum(i, 2, &isnull)), &text->kind);
		strlcpy(text->kind.name, spi_text(i, 1, CurrentMemoryContext), KIND_NAME_SIZE);
		text->rule = item_interaction(&text->kind);
		/* what the world has no name for is not offered */
		if (texts->interactions[text->rule].description == NULL)
			text->rule = INTERACTION_NONE;
		write_kind_texts(texts, text);
	}
}

void
read_kind_texts(int64 world_id, KindTexts *texts)
{
	memset(texts, 0, sizeof(*texts));
	read_interactions(world_id, texts);
	read_kinds(world_id, texts);
}

const KindText *
find_kind_text(const KindTexts *texts, Datum name)
{
	text *bytes = DatumGetTextPP(name);
	int	  length = VARSIZE_ANY_EXHDR(bytes);

	for (int i = 0; i < texts->count; i++)
		if (strncmp(texts->kinds[i].kind.name, VARDATA_ANY(bytes), length) == 0 &&
			texts->kinds[i].kind.name[length] == '\0')
			return &texts->kinds[i];
	ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("an item is of no type of its world"));
}
