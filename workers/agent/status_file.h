/*
 * status_file.h
 *	  Writes the status file, in which scripts read how the agent fares.
 */
#ifndef NPCSIM_AGENT_STATUS_FILE_H
#define NPCSIM_AGENT_STATUS_FILE_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Replaces the file as a whole, so that a reader finds the old text or the new
 * one.  Returns false with errno set if it cannot be written; the old one then
 * stays.
 */
extern bool status_file_write(const char *path, const json_t *status);

#endif /* NPCSIM_AGENT_STATUS_FILE_H */
