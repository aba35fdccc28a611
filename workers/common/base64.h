/*
 * base64.h
 *	  Bytes as text (RFC 4648).
 */
#ifndef NPCSIM_COMMON_BASE64_H
#define NPCSIM_COMMON_BASE64_H

#include <stddef.h>

/* Bytes that so many become, and the end of the string. */
#define BASE64_SIZE(length) (((length) + 2) / 3 * 4 + 1)

/* Writes BASE64_SIZE(length) bytes; returns where the string ends. */
extern char *base64_write(char *to, const unsigned char *data, size_t length);

#endif /* NPCSIM_COMMON_BASE64_H */
