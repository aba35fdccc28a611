/*
 * mcp_headers.h
 *	  The headers in which Streamable HTTP mirrors parts of a message.
 */
#ifndef NPCSIM_AGENT_MCP_HEADERS_H
#define NPCSIM_AGENT_MCP_HEADERS_H

#include <jansson.h>
#include <stdbool.h>

#include "common/jsonrpc.h"


/* "Name: value" of one header; false stops the giving. */
typedef bool (*McpHeaderSink)(void *arg, const char *header);

/*
 * What a server's tools want mirrored: an object from the tool's name to an
 * array of arrays, each of which is a header's name and the path of the
 * argument that goes into it.
 */
typedef json_t McpToolHeaders;

/*
 * Gives the headers Mcp-Method, Mcp-Name and Mcp-Param-* of a request or
 * notification of the revision without sessions.  tools may be NULL.  False
 * if memory ran out or the sink did not want more.
 */
extern bool mcp_mirror_headers(const RpcMessage *message, const McpToolHeaders *tools, McpHeaderSink sink,
							   void *arg);

/*
 * Learns from the answer to tools/list what its tools want mirrored, and
 * takes tools out of the answer whose wish breaks the rules, as a client
 * must; true if it took any out.
 */
extern bool mcp_learn_tools(json_t *answer, McpToolHeaders *tools);

/* The value as a header may have it, from malloc(): as it is, or in Base64 between marks. */
extern char *mcp_encode_value(const char *value, size_t len);

#endif /* NPCSIM_AGENT_MCP_HEADERS_H */
