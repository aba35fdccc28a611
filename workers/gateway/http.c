/*
 * http.c
 *	  Answers plain HTTP requests: with pages of the gateway (pages.c), or files below web_root.
 *
 * An answer ends its connection, so that what follows a request is never
 * taken for another one.  Only regular files below web_root are served, none
 * of whose names on the path begins with a dot, and symbolic links are not
 * followed.
 */
#include "http.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "common/version.h"


#define OCTETS "application/octet-stream"
#define PLAIN  "text/plain; charset=utf-8"

/* The content security policy allows scripts, styles and images from this site alone, and nothing inline. */
#define SECURITY_HEADERS \
	"content-security-policy: default-src 'none'; img-src 'self' data:; script-src 'self'; font-src " \
	"'self'; " \
	"style-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; " \
	"form-action 'self';\r\n" \
	"x-content-type-options: nosniff\r\n" \
	"x-xss-protection: 1; mode=block\r\n" \
	"referrer-policy: no-referrer\r\n"

static const struct
{
	const char *ending;
	const char *type;
} file_types[] = {
	{".html", "text/html; charset=utf-8"},
	{".css", "text/css; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".mjs", "text/javascript; charset=utf-8"},
	{".json", "application/json"},
	{".map", "application/json"},
	{".webmanifest", "application/manifest+json"},
	{".wasm", "application/wasm"},
	{".txt", "text/plain; charset=utf-8"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
	{".jpg", "image/jpeg"},
	{".jpeg", "image/jpeg"},
	{".gif", "image/gif"},
	{".webp", "image/webp"},
	{".ico", "image/x-icon"},
	{".woff", "font/woff"},
	{".woff2", "font/woff2"},
	{".ttf", "font/ttf"},
	{".mp3", "audio/mpeg"},
	{".ogg", "audio/ogg"},
	{".wav", "audio/wav"},
	{".mp4", "video/mp4"},
	{".webm", "video/webm"},
};

static const struct
{
	int			status;
	const char *phrase;
} phrases[] = {
	{200, "OK"},
	{400, "Bad Request"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{408, "Request Timeout"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{417, "Expectation Failed"},
	{426, "Upgrade Required"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{503, "Service Unavailable"},
	{505, "HTTP Version Not Supported"},
};

static struct
{
	const char	   *directory; /* where the files are; "" = there are none */
	const HttpPage *pages;
	int				open_files;
} http;

void
http_start(const char *directory, const HttpPage *pages)
{
	http.directory = directory;
	http.pages = pages;
}

/* Fills body and type from the gateway's page of this path and returns the status; 0 = there is no such page. */
static int
make_answer(const char *path, Text *body, const char **type)
{
	*type = PLAIN;
	for (const HttpPage *page = http.pages; page->path != NULL; page++)
	{
		int status;

		if (strcmp(path, page->path) != 0)
			continue;
		status = page->answer(body);
		if (status == 200)
			*type = page->type;
		return status;
	}
	if (*http.directory == '\0' && strcmp(path, "/") == 0)
	{
		text_add_string(body,
						"npcsim-gateway " NPCSIM_VERSION ": no page here, the setting web_root is empty\n");
		return 200;
	}
	return 0;
}

/* ------------------------------------------------------------------------
 * files
 * ------------------------------------------------------------------------ */

/* Opens the regular file of this name in a directory; returns its descriptor, or -1. */
static int
open_regular(int directory, const char *name, struct stat *status)
{
	int file;

	/* it is checked before it is opened, since opening a FIFO wakes its writer, and opening a device may do anything */
	if (fstatat(directory, name, status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status->st_mode))
		return -1;
	file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file >= 0 && (fstat(file, status) != 0 || !S_ISREG(status->st_mode)))
	{
		close(file);
		return -1;
	}
	return file;
}

/* Opens a file by walking down from web_root, one directory at a time; returns -1 when there is no such file to be served. */
static int
open_below_root(const char *path, struct stat *status)
{
	int directory = open(http.directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int file = -1;

	for (const char *segment = path + 1; directory >= 0;)
	{
		size_t length = strcspn(segment, "/");
		char   name[NAME_MAX + 1];
		int	   next;

		if (segment[0] == '.' || length > NAME_MAX || (length == 0 && segment[0] != '\0'))
			break;
		memcpy(name, segment, length);
		name[length] = '\0';
		if (segment[length] == '\0')
		{
			file = open_regular(directory, length > 0 ? name : "index.html", status);
			break;
		}
		next = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(directory);
		directory = next;
		segment += length + 1;
	}
	if (directory >= 0)
		close(directory);
	return file;
}

static const char *
type_of(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	const char *ending = strrchr(name, '.');

	if (!*name)
		return file_types[0].type;
	for (size_t i = 0; ending != NULL && i < sizeof(file_types) / sizeof(file_types[0]); i++)
	{
		if (strcasecmp(ending, file_types[i].ending) == 0)
			return file_types[i].type;
	}
	return OCTETS;
}

/* ------------------------------------------------------------------------
 * answers
 * ------------------------------------------------------------------------ */

static const char *
phrase_of(int status)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
	{
		if (phrases[i].status == status)
			return phrases[i].phrase;
	}
	return "Error";
}

static void
add_head(HttpAnswer *answer, int status, const char *type, uint64_t length)
{
	text_add_format(&answer->text,
					"HTTP/1.1 %d %s\r\n"
					"server: npcsim-gateway\r\n"
					"content-type: %s\r\n"
					"content-length: %" PRIu64 "\r\n"
					"cache-control: no-store\r\n"
					"connection: close%s\r\n" SECURITY_HEADERS,
					status, phrase_of(status), type, length, status == 426 ? ", upgrade" : "");
	/* these headers tell what would have been accepted */
	if (status == 405)
		text_add_string(&answer->text, "allow: GET, HEAD\r\n");
	if (status == 426)
		text_add_string(&answer->text, "upgrade: websocket\r\nsec-websocket-version: 13\r\n");
	text_add_string(&answer->text, "\r\n");
}

void
http_refuse(HttpAnswer *answer, const HttpHead *head, int status, const char *problem)
{
	answer->file = -1;
	add_head(answer, status, PLAIN, strlen(problem) + 1);
	if (!head->is_head)
		text_add_format(&answer->text, "%s\n", problem);
}

static void
answer_file(HttpAnswer *answer, const HttpHead *head, int file, const struct stat *status)
{
	add_head(answer, 200, type_of(head->path), (uint64_t) status->st_size);
	if (head->is_head)
	{
		close(file);
		return;
	}
	http.open_files++;
	answer->file = file;
	answer->file_left = (uint64_t) status->st_size;
}

void
http_answer(HttpAnswer *answer, const HttpHead *head)
{
	Text		body = {0};
	const char *type;
	int			status = make_answer(head->path, &body, &type);
	struct stat file_status;
	int			file = -1;

	answer->file = -1;
	if (status == 0 && *http.directory != '\0')
		file = open_below_root(head->path, &file_status);
	if (file >= 0)
		answer_file(answer, head, file, &file_status);
	else
	{
		if (status == 0)
		{
			status = 404;
			text_add_string(&body, "not found\n");
		}
		add_head(answer, status, type, body.length);
		if (!head->is_head)
			text_add(&answer->text, body.data, body.length);
	}
	text_free(&body);
}

ssize_t
http_read_file(HttpAnswer *answer, unsigned char *space, size_t size)
{
	ssize_t length;

	if (answer->file < 0 || answer->file_left == 0)
		return 0;
	if (size > answer->file_left)
		size = (size_t) answer->file_left;
	length = read(answer->file, space, size);
	if (length <= 0)
		return -1; /* the file became shorter than the length that was promised */
	answer->file_left -= (uint64_t) length;
	return length;
}

void
http_end(HttpAnswer *answer)
{
	text_free(&answer->text);
	if (answer->file >= 0)
	{
		close(answer->file);
		http.open_files--;
	}
	answer->file = -1;
}

int
http_open_files(void)
{
	return http.open_files;
}
