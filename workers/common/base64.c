/*
 * base64.c
 *	  Encodes bytes as Base64 text (RFC 4648).
 */
#include "base64.h"

char *
base64_write(char *to, const unsigned char *data, size_t length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < length; i += 3)
	{
		unsigned bits = (unsigned) data[i] << 16;

		if (i + 1 < length)
			bits |= (unsigned) data[i + 1] << 8;
		if (i + 2 < length)
			bits |= data[i + 2];
		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = i + 1 < length ? digits[bits >> 6 & 63] : '=';
		*to++ = i + 2 < length ? digits[bits & 63] : '=';
	}
	*to = '\0';
	return to;
}
