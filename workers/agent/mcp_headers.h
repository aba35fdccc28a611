/*
 * mcp_headers.h
 *	  Makes the headers in which Streamable HTTP repeats parts of a message.
 */
#ifndef NPCSIM_AGENT_MCP_HEADERS_H
#define NPCSIM_AGENT_MCP_HEADERS_H

#include <jansson.h>
#include <stdbool.h>

#include "common/jsonrpc.h"


/* Takes one header as "Name: value"; false means that no more are wanted. */
typedef bool (*McpHeaderSink)(void *arg, const char *header);

/*
 * Which arguments of its tools a server wants as headers: an object from the
 * tool's name to an array of arrays, each of which is a header's name and the
 * path of the argument that goes into it.
 */
typedef json_t McpToolHeaders;

/*
 * Gives the sink the headers Mcp-Method, Mcp-Name and Mcp-Param-* of a request
 * or notification of the stateless revision.  tools may be NULL.  Returns
 * false if memory ran out or the sink did not want more.
 */
extern bool mcp_mirror_headers(const RpcMessage *message, const McpToolHeaders *tools, McpHeaderSink sink,
							   void *arg);

/*
 * Learns from the answer to tools/list which arguments go into headers, and
 * removes the tools from the answer whose schemas ask for headers against the
 * rules, as a client must.  Returns true if it removed any.
 */
extern bool mcp_learn_tools(json_t *answer, McpToolHeaders *tools);

/* Returns the value as a header may hold it, to be freed: as it is, or in Base64 between marks. */
extern char *mcp_encode_value(const char *value, size_t len);

#endif /* NPCSIM_AGENT_MCP_HEADERS_H */
