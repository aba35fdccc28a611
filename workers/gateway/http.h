/*
 * http.h
 *	  Answers to plain requests: pages of our own (pages.c) and files of the page at /.
 */
#ifndef NPCSIM_GATEWAY_HTTP_H
#define NPCSIM_GATEWAY_HTTP_H

#include <stdint.h>
#include <sys/types.h>

#include "common/text.h"
#include "http_head.h"

/* One answer on its way: a text, head and all, and possibly a file behind it. */
typedef struct HttpAnswer
{
	Text	 text;
	int		 file; /* -1 = none */
	uint64_t file_left;
} HttpAnswer;

/* A page of our own: fills the empty body, returns the status; what is not 200 is plain text. */
typedef struct HttpPage
{
	const char *path;
	const char *type;
	int (*answer)(Text *body);
} HttpPage;

/* The directory of the page ("" = none), and our own pages, the last without a path; both must live on. */
extern void http_start(const char *directory, const HttpPage *pages);

/* Its answer may have to wait for listing.c. */
#define HTTP_WORLDS "/worlds"

/* Fill an empty answer; a head that is refused need not be complete. */
extern void http_answer(HttpAnswer *answer, const HttpHead *head);
extern void http_refuse(HttpAnswer *answer, const HttpHead *head, int status, const char *problem);

/* The next bytes of the file: how many, 0 at its end, -1 when it cannot be read. */
extern ssize_t http_read_file(HttpAnswer *answer, unsigned char *space, size_t size);

extern void http_end(HttpAnswer *answer);

/* Of all answers. */
extern int http_open_files(void);

#endif /* NPCSIM_GATEWAY_HTTP_H */
