/*
 * mcp_terms.h
 *	  What the gateway, the MCP servers that dial in and the agent, which dials in for one, agree on.
 */
#ifndef NPCSIM_GATEWAY_MCP_TERMS_H
#define NPCSIM_GATEWAY_MCP_TERMS_H

#define MCP_MAX_MESSAGE		262144 /* bytes of a message, either way */
#define MCP_MAX_CONCURRENCY 64	   /* decisions at a time */

/* ... as texts show them. */
#define MCP_MAX_MESSAGE_TEXT	 TEXT_OF(MCP_MAX_MESSAGE)
#define MCP_MAX_CONCURRENCY_TEXT TEXT_OF(MCP_MAX_CONCURRENCY)

/* Which of a player's minds it is when it does not say. */
#define MCP_DEFAULT_SOURCE "player_mcp"

#define TEXT_OF(number)	  TEXT_AS_IS(number)
#define TEXT_AS_IS(token) #token

#endif /* NPCSIM_GATEWAY_MCP_TERMS_H */
