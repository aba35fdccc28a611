/*
 * status_file.c
 *	  Writes the status file, in which scripts read how the agent fares.
 *
 * The new file is written beside the old one and renamed.  It is not flushed to
 * the disk, since the loop would have to wait for that, and after a crash of the
 * machine there is no agent whose status it could be.
 */
#include "status_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
write_all(int fd, const char *text, size_t len)
{
	while (len > 0)
	{
		ssize_t put = write(fd, text, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		text += put;
		len -= (size_t) put;
	}
	return true;
}

bool
status_file_write(const char *path, const json_t *status)
{
	char  beside[PATH_MAX];
	char *text = json_dumps(status, JSON_INDENT(2));
	int	  fd = -1;
	int	  error;
	bool  good;

	if (text == NULL)
		errno = ENOMEM;
	else if (snprintf(beside, sizeof(beside), "%s.%d", path, (int) getpid()) >= (int) sizeof(beside))
		errno = ENAMETOOLONG;
	else
	{
		/* an agent that had this process's number may have left a file there, or somebody may have made one */
		unlink(beside);
		fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	}
	good = fd >= 0 && write_all(fd, text, strlen(text)) && write_all(fd, "\n", 1);
	error = errno;
	if (fd >= 0 && close(fd) != 0 && good)
	{
		good = false;
		error = errno;
	}
	if (good && rename(beside, path) != 0)
	{
		good = false;
		error = errno;
	}
	if (fd >= 0 && !good)
		unlink(beside);
	free(text);
	errno = error;
	return good;
}
