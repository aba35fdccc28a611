/*
 * gateway_reads.h
 *	  The statements by which gateways read from several tables at once.
 */
#ifndef NPCSIM_TABLES_GATEWAY_READS_H
#define NPCSIM_TABLES_GATEWAY_READS_H

#include "postgres.h"

typedef enum GatewayRead
{
	READ_UNKNOWN_SESSIONS, /* gateway, sessions → ids of those that do not exist */
	READ_WORLDS_TO_WATCH,  /* → one json */
	/* players, what each was told → player, standing, json */
	READ_STANDINGS,
	READ_SUPERSEDED_DECISIONS /* world, NPCs, requests, sessions → requests */
} GatewayRead;

#define GATEWAY_READ_ARGS 4 /* the most arguments of a statement */

/* Runs a statement and returns the number of its rows, which are SPI's. SPI must be connected. */
extern uint64 gateway_read(GatewayRead read, Datum *values, const char *nulls);

#endif /* NPCSIM_TABLES_GATEWAY_READS_H */
