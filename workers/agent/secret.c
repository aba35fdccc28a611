/*
 * secret.c
 *	  Takes what nobody else may see, the player's token and the key of an API, from a file or the environment.
 *
 * A secret is never taken from the command line, which every user of the
 * machine can read.  It stays out of the log and out of the environment of
 * programs that we start.  It does not stay in our own either:
 * /proc/PID/environ shows other processes of the user, such as the MCP server,
 * the bytes that were there when the agent was started, even after unsetenv().
 * So the bytes are overwritten.
 */
#include "secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "files.h"

/* A file may have so many bytes more than a secret, all of them white space. */
#define FILE_SLACK 256

bool
secret_copy(char secret[SECRET_MAX + 1], const char *text, size_t len, const char **error)
{
	static const char blanks[] = " \t\r\n";

	while (len > 0 && strchr(blanks, text[len - 1]) != NULL)
		len--;
	while (len > 0 && strchr(blanks, text[0]) != NULL)
	{
		text++;
		len--;
	}
	*error = NULL;
	if (len == 0)
		*error = "it is empty";
	else if (len > SECRET_MAX)
		*error = "it is too long";
	for (size_t i = 0; i < len && *error == NULL; i++)
		if (text[i] <= 0x20 || text[i] >= 0x7f)
			*error = "it holds white space or other characters that cannot stand in a header";
	if (*error != NULL)
		return false;
	memcpy(secret, text, len);
	secret[len] = '\0';
	return true;
}

bool
secret_from_file(char secret[SECRET_MAX + 1], const char *what, const char *path, char *why, size_t size)
{
	size_t		len;
	mode_t		mode;
	const char *error;
	char	   *text = file_read(path, SECRET_MAX + FILE_SLACK, &len, &mode);
	bool		good;

	if (text == NULL)
	{
		snprintf(why, size, "cannot read %s \"%s\": %s", what, path, strerror(errno));
		return false;
	}
	if (S_ISREG(mode) && (mode & (S_IRWXG | S_IRWXO)) != 0)
		log_line(LOG_WARNING, "%s \"%s\" is open to others (mode %04o): chmod 600 it", what, path,
				 (unsigned) mode & 07777);
	good = secret_copy(secret, text, len, &error);
	explicit_bzero(text, len);
	free(text);
	if (!good)
		snprintf(why, size, "%s \"%s\" cannot be used: %s", what, path, error);
	return good;
}

void
secret_forget_variable(const char *name)
{
	size_t length = strlen(name);

	for (char **entry = environ; *entry != NULL; entry++)
		if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
			explicit_bzero(*entry + length + 1, strlen(*entry + length + 1));
	unsetenv(name);
}
