/*
 * status_file.h
 *	  The file of --status-file: how the agent fares, for scripts.
 */
#ifndef NPCSIM_AGENT_STATUS_FILE_H
#define NPCSIM_AGENT_STATUS_FILE_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Replaces the file as a whole: who reads it finds the old text or the new
 * one.  False, with errno set, if it cannot be written; the old one then stays.
 */
extern bool status_file_write(const char *path, const json_t *status);

#endif /* NPCSIM_AGENT_STATUS_FILE_H */
