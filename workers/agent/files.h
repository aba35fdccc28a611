/*
 * files.h
 *	  Reads and replaces small files, whole.
 */
#ifndef NPCSIM_AGENT_FILES_H
#define NPCSIM_AGENT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Returns the text of a file, to be freed, with a NUL behind its *len bytes, and in *mode what it is and who may read it
 * (st_mode; NULL = that is of no interest).  Returns NULL, with the reason in errno, if it cannot be read or has more
 * than "most" bytes (EFBIG).
 */
extern char *file_read(const char *path, size_t most, size_t *len, mode_t *mode);

/*
 * The same for a file that nobody but us has written: it returns NULL for what belongs to somebody else, is no regular
 * file, or is a symbolic link.
 */
extern char *file_read_own(const char *path, size_t most, size_t *len);

/*
 * Replaces the file, or makes it, so that nobody ever sees it half written.  Returns false if that failed, with the reason in
 * errno.
 */
extern bool file_replace(const char *path, const char *text, size_t len, mode_t mode);

#endif /* NPCSIM_AGENT_FILES_H */
