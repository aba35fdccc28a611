/*
 * mcp_terms.h
 *	  What the gateway agrees on with MCP servers that connect to it, and with the agent, which connects for one:
 *	  revisions of MCP, members of _meta, limits.
 */
#ifndef NPCSIM_COMMON_MCP_TERMS_H
#define NPCSIM_COMMON_MCP_TERMS_H

/* Revisions of MCP: the stateless one, and the newest and oldest of those with sessions. */
#define MCP_VERSION_STATELESS "2026-07-28"
#define MCP_VERSION_OLDER	  "2025-11-25"
#define MCP_VERSION_OLDEST	  "2024-11-05"

/* Members of params._meta, in which each request of the stateless revision says what "initialize" says once for a session. */
#define MCP_META_VERSION	  "io.modelcontextprotocol/protocolVersion"
#define MCP_META_CLIENT		  "io.modelcontextprotocol/clientInfo"
#define MCP_META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"

#define MCP_MAX_MESSAGE		262144 /* bytes of a message in either direction */
#define MCP_MAX_CONCURRENCY 64	   /* decisions at a time */

/* The same limits as string literals. */
#define MCP_MAX_MESSAGE_TEXT	 TEXT_OF(MCP_MAX_MESSAGE)
#define MCP_MAX_CONCURRENCY_TEXT TEXT_OF(MCP_MAX_CONCURRENCY)

/* The compute source of a mind that does not name one when it connects. */
#define MCP_DEFAULT_SOURCE "player_mcp"

#define TEXT_OF(number)	  TEXT_AS_IS(number)
#define TEXT_AS_IS(token) #token

#endif /* NPCSIM_COMMON_MCP_TERMS_H */
