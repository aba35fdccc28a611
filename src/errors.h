/*
 * errors.h
 *	  The SQLSTATEs of npcsim's own conditions, class NS.
 *
 * A standard condition is used instead where one fits (22023 invalid_parameter_value, 22004
 * null_value_not_allowed, 54000 program_limit_exceeded, 40001 serialization_failure, 42501
 * insufficient_privilege, …).
 */
#ifndef NPCSIM_ERRORS_H
#define NPCSIM_ERRORS_H

#include "postgres.h"

/* worlds and locks */
#define ERRCODE_NS_NO_WORLD		 MAKE_SQLSTATE('N', 'S', '1', '0', '1')
#define ERRCODE_NS_WORLD_PARKED	 MAKE_SQLSTATE('N', 'S', '1', '0', '2')
#define ERRCODE_NS_WORLD_RUNNING MAKE_SQLSTATE('N', 'S', '1', '0', '3')
#define ERRCODE_NS_NOT_PRELOADED MAKE_SQLSTATE('N', 'S', '1', '0', '4')
#define ERRCODE_NS_LOCK_NEEDED	 MAKE_SQLSTATE('N', 'S', '1', '1', '0')
#define ERRCODE_NS_NO_TRUNCATE	 MAKE_SQLSTATE('N', 'S', '1', '1', '1')
/* NPCs, items, players, sources, persons */
#define ERRCODE_NS_NO_NPC		 MAKE_SQLSTATE('N', 'S', '2', '0', '1')
#define ERRCODE_NS_NO_ITEM		 MAKE_SQLSTATE('N', 'S', '2', '0', '2')
#define ERRCODE_NS_NO_PLAYER	 MAKE_SQLSTATE('N', 'S', '2', '0', '3')
#define ERRCODE_NS_NO_ITEM_TYPE	 MAKE_SQLSTATE('N', 'S', '2', '0', '4')
#define ERRCODE_NS_NO_SOURCE	 MAKE_SQLSTATE('N', 'S', '2', '0', '5')
#define ERRCODE_NS_NO_PERSON	 MAKE_SQLSTATE('N', 'S', '2', '0', '6')
#define ERRCODE_NS_CELL_OUTSIDE	 MAKE_SQLSTATE('N', 'S', '2', '1', '0')
#define ERRCODE_NS_CELL_NOT_FREE MAKE_SQLSTATE('N', 'S', '2', '1', '1')
#define ERRCODE_NS_NO_ROOM		 MAKE_SQLSTATE('N', 'S', '2', '1', '2')
/* decisions */
#define ERRCODE_NS_NO_REQUEST		 MAKE_SQLSTATE('N', 'S', '3', '0', '1')
#define ERRCODE_NS_ACTION_IMPOSSIBLE MAKE_SQLSTATE('N', 'S', '3', '0', '2')
#define ERRCODE_NS_NOT_CONTROLLER	 MAKE_SQLSTATE('N', 'S', '3', '0', '3')
#define ERRCODE_NS_BAD_DECISION		 MAKE_SQLSTATE('N', 'S', '3', '0', '4')
#define ERRCODE_NS_ACTION_ILLEGAL	 MAKE_SQLSTATE('N', 'S', '3', '0', '5')
#define ERRCODE_NS_NPC_CHANGED		 MAKE_SQLSTATE('N', 'S', '3', '0', '6')
/* sessions */
#define ERRCODE_NS_BAD_TOKEN		MAKE_SQLSTATE('N', 'S', '4', '0', '1')
#define ERRCODE_NS_BANNED			MAKE_SQLSTATE('N', 'S', '4', '0', '3')
#define ERRCODE_NS_WORLD_ABSENT		MAKE_SQLSTATE('N', 'S', '4', '0', '4')
#define ERRCODE_NS_SUSPENDED		MAKE_SQLSTATE('N', 'S', '4', '0', '5')
#define ERRCODE_NS_GATEWAY_HELD		MAKE_SQLSTATE('N', 'S', '4', '0', '9')
#define ERRCODE_NS_STANDBY			MAKE_SQLSTATE('N', 'S', '4', '1', '0')
#define ERRCODE_NS_WORLD_FULL		MAKE_SQLSTATE('N', 'S', '4', '2', '9')
#define ERRCODE_NS_TOO_MANY_SOURCES MAKE_SQLSTATE('N', 'S', '4', '3', '0')
#define ERRCODE_NS_TOO_MANY_CALLS	MAKE_SQLSTATE('N', 'S', '4', '3', '1')

#endif /* NPCSIM_ERRORS_H */
