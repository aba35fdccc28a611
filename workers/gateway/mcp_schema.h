/*
 * mcp_schema.h
 *	  What a tool's schema lets its arguments have.
 *
 * A schema that forbids further members ("additionalProperties": false, or "unevaluatedProperties") is given what it declares.
 * References within the schema ("$ref": "#/$defs/...") are followed; of "anyOf" and "oneOf" an alternative that is an object
 * counts, of "allOf" all together.
 */
#ifndef NPCSIM_GATEWAY_MCP_SCHEMA_H
#define NPCSIM_GATEWAY_MCP_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

/* Does it forbid further members, at the top or further in? */
extern bool mcp_schema_forbids(const json_t *schema);

/* The arguments without what is forbidden: a new reference, or NULL. */
extern json_t *mcp_schema_declared(const json_t *schema, const json_t *arguments);

#endif /* NPCSIM_GATEWAY_MCP_SCHEMA_H */
