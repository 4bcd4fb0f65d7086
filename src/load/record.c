/*
 * Adding up what threads measured.
 */

#include "load/record.h"

#include <errno.h>

const char *const load_error_names[LOAD_ERROR_COUNT] = {
#define LOAD_ERROR_NAME(id, name, text) name,
	LOAD_ERRORS(LOAD_ERROR_NAME)
#undef LOAD_ERROR_NAME
};

const char *const load_error_texts[LOAD_ERROR_COUNT] = {
#define LOAD_ERROR_TEXT(id, name, text) text,
	LOAD_ERRORS(LOAD_ERROR_TEXT)
#undef LOAD_ERROR_TEXT
};

enum load_error load_error_of(int err)
{
	switch (-err) {
	case ECONNREFUSED:
		return LOAD_ERROR_CONNECT_REFUSED;
	case ECONNRESET:
	case EPIPE:
		return LOAD_ERROR_RESET;
	case ETIMEDOUT:
		return LOAD_ERROR_TIMEOUT;
	case EMFILE:
	case ENFILE:
		return LOAD_ERROR_DESCRIPTORS;
	case EADDRNOTAVAIL:
		return LOAD_ERROR_PORTS;
	default:
		return LOAD_ERROR_OTHER;
	}
}

void load_counts_add(struct load_counts *counts,
    const struct load_counts *more)
{
	counts->sent += more->sent;
	counts->completed += more->completed;
	for (unsigned i = 0; i < LOAD_ERROR_COUNT; i++)
		counts->errors[i] += more->errors[i];
	counts->retried += more->retried;
	counts->connects += more->connects;
	counts->bytes_out += more->bytes_out;
	counts->bytes_in += more->bytes_in;
}

void load_second_add(struct load_second *second,
    const struct load_second *more)
{
	load_counts_add(&second->counts, &more->counts);
	second->due += more->due;
	second->backlog += more->backlog;
	second->connections += more->connections;
	hist_merge(&second->response, &more->response);
	if (more->service_max_ns > second->service_max_ns)
		second->service_max_ns = more->service_max_ns;
}

void load_record_add(struct load_record *record,
    const struct load_record *more)
{
	load_counts_add(&record->counts, &more->counts);
	record->unsent += more->unsent;
	record->unfinished += more->unfinished;
	record->measured += more->measured;
	if (more->last_ns > record->last_ns)
		record->last_ns = more->last_ns;
	for (unsigned i = 0; i < LOAD_STATUSES; i++)
		record->statuses[i] += more->statuses[i];
	hdr_merge(&record->response, &more->response);
	hdr_merge(&record->service, &more->service);
	hdr_merge(&record->first_byte, &more->first_byte);
	hdr_merge(&record->slip, &more->slip);
	hdr_merge(&record->connect, &more->connect);
}
