/*
 * files.c
 *	  Reads and replaces small files, whole.
 *
 * A new file is written beside the old one and renamed.  It is not flushed to
 * the disk, since the loop would have to wait for that; what is kept so (how
 * the agent fares, what NPCs remember) may be lost when the machine crashes.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"


/* What comes through a pipe, as from <(command), is waited for so long. */
#define PIPE_PATIENCE_MS 5000

/* Reads until the end of the file, or until the buffer of "size" bytes is full; returns -1 if that failed. */
static ssize_t
read_all(int fd, char *text, size_t size)
{
	size_t len = 0;

	while (len < size)
	{
		ssize_t		  got = read(fd, text + len, size - len);
		struct pollfd pipe = {.fd = fd, .events = POLLIN};

		if (got < 0 && (errno == EINTR || (errno == EAGAIN && poll(&pipe, 1, PIPE_PATIENCE_MS) == 1)))
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		len += (size_t) got;
	}
	return (ssize_t) len;
}

/* Returns the descriptor's whole text and closes it. */
static char *
read_and_close(int fd, size_t most, size_t *len)
{
	char   *text = mem_resize(NULL, most + 2);
	ssize_t got = read_all(fd, text, most + 1);
	int		error = got < 0 ? errno : (size_t) got > most ? EFBIG : 0;

	close(fd);
	if (error != 0)
	{
		explicit_bzero(text, most + 2);
		free(text);
		errno = error;
		return NULL;
	}
	*len = (size_t) got;
	text[got] = '\0';
	return text;
}

char *
file_read(const char *path, size_t most, size_t *len, mode_t *mode)
{
	int			fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat info;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &info) != 0)
	{
		int error = errno;

		close(fd);
		errno = error;
		return NULL;
	}
	if (mode != NULL)
		*mode = info.st_mode;
	return read_and_close(fd, most, len);
}

char *
file_read_own(const char *path, size_t most, size_t *len)
{
	int			fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat info;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != geteuid())
	{
		close(fd);
		errno = EPERM;
		return NULL;
	}
	return read_and_close(fd, most, len);
}

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
file_replace(const char *path, const char *text, size_t len, mode_t mode)
{
	char beside[PATH_MAX];
	int	 fd = -1;
	int	 error;
	bool good;

	if (snprintf(beside, sizeof(beside), "%s.%d", path, (int) getpid()) >= (int) sizeof(beside))
		errno = ENAMETOOLONG;
	else
	{
		/* an agent that had this process's number may have left a file there, or somebody may have made one */
		unlink(beside);
		fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	}
	good = fd >= 0 && write_all(fd, text, len);
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
	errno = error;
	return good;
}
