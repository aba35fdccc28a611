/*
 * mcp_scan.h
 *	  Looks at the members of a JSON object's text without parsing it.
 *
 * It serves where parsing costs too much (texts from the database are spliced
 * into messages as they are) or finds too little (jansson refuses an answer
 * that is not valid JSON, although its id can be read).
 */
#ifndef NPCSIM_COMMON_MCP_SCAN_H
#define NPCSIM_COMMON_MCP_SCAN_H

#include <stddef.h>
#include <stdint.h>

/*
 * Returns a copy of an object's text without the members of that name, to be
 * freed, or NULL when the text is no object.  Of the members' values only
 * brackets and quotes are checked.
 */
extern char *mcp_scan_without_member(const char *text, size_t len, const char *name);

/*
 * Returns the id of the JSON-RPC response that this text seems to be, or 0.
 * Only ids that are positive integers are found.
 */
extern int64_t mcp_scan_response_id(const char *text, size_t len);

/*
 * Returns the first integer that follows this name in quotes and a colon,
 * wherever in the text, or 0.  It serves for texts that are no JSON at all.
 */
extern int64_t mcp_scan_number(const char *text, size_t len, const char *name);

#endif /* NPCSIM_COMMON_MCP_SCAN_H */
