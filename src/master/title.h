#ifndef RINGMASTER_MASTER_TITLE_H
#define RINGMASTER_MASTER_TITLE_H

/*
 * What ps shows of a process. The kernel shows the memory that held argv and
 * the environment at start, so those are moved away and their room reused.
 */

/*
 * Call first thing in main(). Moves the environment, and returns a copy of
 * argv to be used instead; NULL without memory.
 */
char **title_init(int argc, char **argv);

/* "ringmaster: TEXT", cut to the room there is. */
void title_set(const char *text);

#endif
