/*
 * version.h
 *	  The version of npcsim that this program belongs to; the build gives it.
 */
#ifndef NPCSIM_COMMON_VERSION_H
#define NPCSIM_COMMON_VERSION_H

#ifndef NPCSIM_VERSION
#define NPCSIM_VERSION "0.7.0"
#endif

#endif /* NPCSIM_COMMON_VERSION_H */
