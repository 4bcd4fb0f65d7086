#ifndef RINGMASTER_MASTER_LOOP_H
#define RINGMASTER_MASTER_LOOP_H

#include "master/state.h"

/* Block the signals that loop_run() waits for; children inherit it. */
void loop_block_signals(void);

/*
 * Open the sockets that a configuration needs besides those there are.
 * Returns 0, or -errno after saying why on `log`; then none was opened.
 */
int loop_prepare_sockets(struct master *master, const struct cycle *cycle,
    const struct log *log);

/*
 * Use a configuration that was read and opened, and whose sockets were
 * prepared. Takes it over and frees the one before.
 */
void loop_use_cycle(struct master *master, struct cycle **cycle);

/*
 * Keep the processes running and do what signals say, until all of them have
 * ended after a TERM, INT or QUIT.
 */
void loop_run(struct master *master);

#endif
