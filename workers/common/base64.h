/*
 * base64.h
 *	  Encodes bytes as Base64 text (RFC 4648).
 */
#ifndef NPCSIM_COMMON_BASE64_H
#define NPCSIM_COMMON_BASE64_H

#include <stddef.h>

/* The size of the text that "length" bytes become, with its terminating NUL. */
#define BASE64_SIZE(length) (((length) + 2) / 3 * 4 + 1)

/* Encodes "length" bytes into "to", which has room for BASE64_SIZE(length); returns a pointer to the terminating NUL. */
extern char *base64_write(char *to, const unsigned char *data, size_t length);

#endif /* NPCSIM_COMMON_BASE64_H */
