/*
 * version.h
 *	  The version of this library, which is compared with that of the installed extension.
 */
#ifndef NPCSIM_VERSION_H
#define NPCSIM_VERSION_H

/* It is the same as default_version in npcsim.control (the programs get theirs from the Makefile). */
#ifndef NPCSIM_VERSION
#define NPCSIM_VERSION "0.9.0"
#endif

#endif /* NPCSIM_VERSION_H */
