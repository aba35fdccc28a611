/*
 * type_texts.c
 *	  Texts about types of items and interactions for observations, written once for all items of a type.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "json.h"
#include "reducers/type_texts.h"
#include "sim/needs.h"
#include "tables/interaction_types.h"
#include "tables/item_types.h"

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

static char *
effect_text(const int32 rates[NEED_COUNT])
{
	StringInfoData out;
	bool		   first = true;

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
	return out.data;
}

static void
write_interaction_text(const InteractionRow *row, InteractionText *text)
{
	StringInfoData out;

	text->type = &row->type;
	initStringInfo(&out);
	json_string(&out, row->definition.description);
	text->description = out.data;
	text->effect = NULL;
	if (row->type.target == TARGET_NPC)
	{
		int32 rates[NEED_COUNT];

		interaction_need_rates(&row->type, NULL, rates);
		text->effect = effect_text(rates);
	}
	text->party =
		row->type.max_participants > 1
			? psprintf(",\"participants\":[%d,%d]", row->type.min_participants, row->type.max_participants)
			: "";
	initStringInfo(&out);
	if (row->type.takes_acts)
	{
		json_literal(&out, ",\"parameters\":");
		json_jsonb(&out, row->definition.parameters);
	}
	text->parameters = out.data;
}

/* Returns "consume":{"description":…, up to the duration. */
static char *
offer_text(const InteractionText *text, const char *effect)
{
	return psprintf("\"%s\":{\"description\":%s,%s%s%s,\"duration\":", text->type->name, text->description,
					effect, text->party, text->parameters);
}

static void
write_offer_text(const TypeTexts *texts, const ItemType *type, const InteractionType *interaction,
				 OfferText *offer)
{
	int32				   rates[NEED_COUNT];
	const InteractionText *text = find_interaction_text(texts, interaction->number);

	interaction_need_rates(interaction, type, rates);
	offer->interaction = (int) (text - texts->interactions);
	offer->effect = effect_text(rates);
	offer->offer = offer_text(text, offer->effect);
}

static void
write_npc_offers(TypeTexts *texts)
{
	StringInfoData out;
	bool		   first = true;

	initStringInfo(&out);
	json_literal(&out, "\"interactions\":{");
	for (int i = 0; i < texts->interaction_count; i++)
	{
		const InteractionText *text = &texts->interactions[i];

		if (text->type->target != TARGET_NPC)
			continue;
		if (!first)
			appendStringInfoChar(&out, ',');
		appendStringInfoString(&out, offer_text(text, text->effect));
		json_duration(&out, interaction_lasts(text->type, NULL, SHARE_WHOLE));
		appendStringInfoChar(&out, '}');
		first = false;
	}
	appendStringInfoChar(&out, '}');
	texts->npc_offers = out.data;
}

static void
read_interactions(int64 world_id, TypeTexts *texts, InteractionRows *rows)
{
	interaction_rows_load(world_id, rows);
	texts->interaction_count = rows->count;
	texts->interactions = palloc(sizeof(InteractionText) * Max(rows->count, 1));
	for (int i = 0; i < rows->count; i++)
		write_interaction_text(&rows->rows[i], &texts->interactions[i]);
	write_npc_offers(texts);
}

void
read_type_texts(int64 world_id, TypeTexts *texts)
{
	InteractionRows interactions;
	ItemTypeRow	   *types;

	memset(texts, 0, sizeof(*texts));
	read_interactions(world_id, texts, &interactions);
	types = item_type_rows_read(world_id, &texts->count);
	texts->kinds = palloc0(sizeof(TypeText) * Max(texts->count, 1));
	for (int i = 0; i < texts->count; i++)
	{
		TypeText	  *text = &texts->kinds[i];
		StringInfoData out;

		item_type_of_row(&types[i], &text->item_type);
		item_type_link(&text->item_type, interactions.types, interactions.count);
		initStringInfo(&out);
		json_literal(&out, "\"item_type\":");
		json_string(&out, text->item_type.name);
		text->type = out.data;
		for (int o = 0; o < text->item_type.offer_count; o++)
			write_offer_text(texts, &text->item_type, text->item_type.offers[o], &text->offers[o]);
	}
}

void
json_duration(StringInfo out, int64 duration)
{
	if (duration == SIM_NEVER)
		json_literal(out, "null");
	else
		json_millionths(out, duration);
}

const TypeText *
find_type_text(const TypeTexts *texts, Datum name)
{
	text *bytes = DatumGetTextPP(name);
	int	  length = VARSIZE_ANY_EXHDR(bytes);

	for (int i = 0; i < texts->count; i++)
		if (strncmp(texts->kinds[i].item_type.name, VARDATA_ANY(bytes), length) == 0 &&
			texts->kinds[i].item_type.name[length] == '\0')
			return &texts->kinds[i];
	ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("an item is of no type of its world"));
}

const InteractionText *
find_interaction_text(const TypeTexts *texts, int number)
{
	for (int i = 0; i < texts->interaction_count; i++)
		if (texts->interactions[i].type->number == number)
			return &texts->interactions[i];
	return NULL;
}
