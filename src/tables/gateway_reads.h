/*
 * gateway_reads.h
 *	  What gateways read with one statement each, of several tables.
 */
#ifndef NPCSIM_TABLES_GATEWAY_READS_H
#define NPCSIM_TABLES_GATEWAY_READS_H

#include "postgres.h"

typedef enum GatewayRead
{
	READ_UNKNOWN_SESSIONS,	  /* gateway, sessions → id of each that is not there */
	READ_WORLDS_TO_WATCH,	  /* → one json */
	READ_STANDINGS,			  /* players, what they were told → player, standing, json */
	READ_SUPERSEDED_DECISIONS /* world, NPCs, requests, sessions → request of each */
} GatewayRead;

#define GATEWAY_READ_ARGS 4 /* of a statement, at most */

/* How many rows it has, which are then SPI's. SPI must be connected. */
extern uint64 gateway_read(GatewayRead read, Datum *values, const char *nulls);

#endif /* NPCSIM_TABLES_GATEWAY_READS_H */
