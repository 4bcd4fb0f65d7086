#ifndef RINGMASTER_MASTER_PROCESS_H
#define RINGMASTER_MASTER_PROCESS_H

#include "master/state.h"

/* The master's children: a table of them, and what it does to them. */

/*
 * Start what is missing: a process of the current generation in each place,
 * once the place's back-off is over.
 */
void process_start_missing(struct master *master, uint64_t now_ns);

/* Have processes that are not wanted, or whose successors are ready to
 * serve, finish. */
void process_retire(struct master *master);

/* Take note of workers that shall be replaced (metrics/switches.h): each
 * serves on until its successor does. */
void process_drain_wanted(struct master *master);

/* Tell the others to serve the sockets of workers that are stuck, and log
 * those that stay so. */
void process_watch(struct master *master, uint64_t now_ns);

/* Take note of children that ended. */
void process_reap(struct master *master);

/* Send a signal to all but the new binary. */
void process_signal_all(struct master *master, int number);

/* A free place in the table; NULL if it is full. */
struct process *process_new(struct master *master, enum process_kind kind);

/* Every worker is ready to serve, or the one before it has died. */
bool process_settled(struct master *master);

/* At least one worker is ready to serve, or none is wanted. */
bool process_serves(struct master *master);

/* Workers that serve: those that are ready, not stuck and not draining. */
unsigned process_serving(const struct master *master);

/* No worker is stuck, and there are some if any are wanted: for a watchdog. */
bool process_progress(const struct master *master);

/* Children besides the new binary. */
unsigned process_count(const struct master *master);

/* Milliseconds until something has to be done that no signal announces. */
int process_next_ms(const struct master *master, uint64_t now_ns);

#endif
