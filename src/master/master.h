#ifndef RINGMASTER_MASTER_MASTER_H
#define RINGMASTER_MASTER_MASTER_H

#include "master/options.h"

/*
 * The master process: it reads the configuration, owns the listening sockets
 * and the metrics segment, and keeps as many workers running as it says.
 *
 * Run what the command line asks for: test the configuration, signal a
 * master, or be one until told to stop. Returns the exit status.
 *
 * argv:  as the program was called, for its title and its successor
 */
int master_main(const struct options *options, char **argv);

#endif
