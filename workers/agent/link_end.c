/*
 * link_end.c
 *	  What a close code of the gateway or a refused handshake means for the agent.
 */
#include "link.h"

LinkEnd
link_judge_close(int code)
{
	switch (code)
	{
		case 4001:
			return LINK_END_REPLACED;
		case 4002:
		case 4003:
			return LINK_END_REFUSED;
		default:
			return LINK_END_LOST;
	}
}

LinkEnd
link_judge_status(int http_status)
{
	return http_status == 401 || http_status == 403 ? LINK_END_REFUSED : LINK_END_LOST;
}
