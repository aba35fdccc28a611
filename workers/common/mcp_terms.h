/*
 * mcp_terms.h
 *	  What the gateway, the MCP servers that dial in and the agent, which dials in for one, agree on: revisions of MCP,
 *	  names of headers and methods, limits.
 */
#ifndef NPCSIM_COMMON_MCP_TERMS_H
#define NPCSIM_COMMON_MCP_TERMS_H

/* the revisions of MCP, newest first: the one without sessions, and the first and last of those with them */
#define MCP_VERSION_STATELESS "2026-07-28"
#define MCP_VERSION_OLDER	  "2025-11-25"
#define MCP_VERSION_OLDEST	  "2024-11-05"

/* where a request without a session tells what a session begins with */
#define MCP_META_VERSION	  "io.modelcontextprotocol/protocolVersion"
#define MCP_META_CLIENT		  "io.modelcontextprotocol/clientInfo"
#define MCP_META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"

#define MCP_MAX_MESSAGE		262144 /* bytes of a message, either way */
#define MCP_MAX_CONCURRENCY 64	   /* decisions at a time */

/* ... as texts show them. */
#define MCP_MAX_MESSAGE_TEXT	 TEXT_OF(MCP_MAX_MESSAGE)
#define MCP_MAX_CONCURRENCY_TEXT TEXT_OF(MCP_MAX_CONCURRENCY)

/* Which of a player's minds it is when it does not say. */
#define MCP_DEFAULT_SOURCE "player_mcp"

#define TEXT_OF(number)	  TEXT_AS_IS(number)
#define TEXT_AS_IS(token) #token

#endif /* NPCSIM_COMMON_MCP_TERMS_H */
