/*
 * mcp_scan.h
 *	  Looks at the members of a JSON object's text without parsing it.
 *
 * For the cases where parsing is too much or too little: texts from the
 * database, which are spliced into messages as they are, and answers that
 * jansson refuses although they show what they answer.
 */
#ifndef NPCSIM_COMMON_MCP_SCAN_H
#define NPCSIM_COMMON_MCP_SCAN_H

#include <stddef.h>
#include <stdint.h>

/*
 * A copy of the object's text without the member of that name, to be freed.
 * NULL when the text is no object.  What is inside the
 * members is not looked at, but that brackets and quotes are closed.
 */
extern char *mcp_scan_without_member(const char *text, size_t len, const char *name);

/*
 * The id of the JSON-RPC response that this text seems to be, or 0.  Only ids
 * that are positive integers are found.
 */
extern int64_t mcp_scan_response_id(const char *text, size_t len);

/*
 * The positive integer that stands behind this name, wherever in the text, or
 * 0: of what is no JSON, more cannot be told.
 */
extern int64_t mcp_scan_number(const char *text, size_t len, const char *name);

#endif /* NPCSIM_COMMON_MCP_SCAN_H */
