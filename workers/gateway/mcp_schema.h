/*
 * mcp_schema.h
 *	  Cuts a tool's arguments down to what the tool's schema allows.
 *
 * If a schema forbids further members ("additionalProperties": false, or "unevaluatedProperties"), its tool is sent only the
 * members that it declares.  References within the schema ("$ref": "#/$defs/...") are followed; what any schema in "allOf",
 * "anyOf" or "oneOf" declares counts as declared.
 */
#ifndef NPCSIM_GATEWAY_MCP_SCHEMA_H
#define NPCSIM_GATEWAY_MCP_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

/* Returns true if the schema forbids further members, at the top or further in. */
extern bool mcp_schema_forbids(const json_t *schema);

/* Returns the arguments without the members that the schema forbids: a new reference, or NULL if they are no object. */
extern json_t *mcp_schema_declared(const json_t *schema, const json_t *arguments);

#endif /* NPCSIM_GATEWAY_MCP_SCHEMA_H */
