/*
 * version.h
 *	  The version of npcsim that gateway and agent belong to; the build defines it.
 */
#ifndef NPCSIM_COMMON_VERSION_H
#define NPCSIM_COMMON_VERSION_H

#ifndef NPCSIM_VERSION
#define NPCSIM_VERSION "0.9.0"
#endif

#endif /* NPCSIM_COMMON_VERSION_H */
