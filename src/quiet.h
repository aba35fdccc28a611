/*
 * quiet.h
 *	  Refusals that are for the caller alone.
 */
#ifndef NPCSIM_QUIET_H
#define NPCSIM_QUIET_H

/*
 * From here to the end of the function that was called, errors are not written to the server's log: what clients can
 * provoke as often as they like must not fill it. To be called right before ereport.
 */
extern void quiet_errors(void);

#endif /* NPCSIM_QUIET_H */
