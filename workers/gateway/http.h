/*
 * http.h
 *	  Answers plain HTTP requests: with pages of the gateway (pages.c), or files below web_root.
 */
#ifndef NPCSIM_GATEWAY_HTTP_H
#define NPCSIM_GATEWAY_HTTP_H

#include <stdint.h>
#include <sys/types.h>

#include "common/text.h"
#include "http_head.h"

/* One answer: a text, which includes the head, and possibly a file to be sent after it. */
typedef struct HttpAnswer
{
	Text	 text;
	int		 file; /* -1 = none */
	uint64_t file_left;
} HttpAnswer;

/*
 * A page of the gateway.  "answer" fills the empty body and returns the status; the body is of this type if the status is 200,
 * else plain text.
 */
typedef struct HttpPage
{
	const char *path;
	const char *type;
	int (*answer)(Text *body);
} HttpPage;

/* Sets the directory of files ("" = none) and the pages, the last of which has no path; neither is copied. */
extern void http_start(const char *directory, const HttpPage *pages);

/* The path of the one page whose answer may have to wait for the database (listing.h). */
#define HTTP_WORLDS "/worlds"

/* These fill an empty answer, to be ended with http_end(); a head that is refused need not be complete. */
extern void http_answer(HttpAnswer *answer, const HttpHead *head);
extern void http_refuse(HttpAnswer *answer, const HttpHead *head, int status, const char *problem);

/* Reads the next bytes of the answer's file; returns how many, 0 at its end, -1 when it cannot be read. */
extern ssize_t http_read_file(HttpAnswer *answer, unsigned char *space, size_t size);

extern void http_end(HttpAnswer *answer);

/* Returns how many files all answers have open. */
extern int http_open_files(void);

#endif /* NPCSIM_GATEWAY_HTTP_H */
