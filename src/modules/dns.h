#ifndef RINGMASTER_MODULES_DNS_H
#define RINGMASTER_MODULES_DNS_H

#include "http/address.h"
#include "ring/ring.h"

/* The domain name system (RFC 1035, RFC 3596): messages that ask for the
 * addresses of a name, and that answer; and asking servers. */

enum {
	DNS_NAME_SIZE = 256,		/* of a name as text, terminated */
	DNS_QUERY_SIZE = 12 + 255 + 4,	/* of a question */
	DNS_ADDRESSES_MAX = 64,		/* of a name; more are not taken */
	DNS_PORT = 53,
};

/* ---- messages; no I/O ---- */

/* What becomes of a question: a code that a server answers with, or: */
enum {
	DNS_OK = 0,
	DNS_FORMAT_ERROR = 1,
	DNS_SERVER_FAILURE = 2,
	DNS_NOT_FOUND = 3,
	DNS_UNIMPLEMENTED = 4,
	DNS_REFUSED = 5,
	DNS_TIMED_OUT = 110,		/* there was no answer; as nginx */
};

/* "Host not found" and so on. */
const char *dns_code_text(unsigned code);

struct dns_question {
	uint8_t query[DNS_QUERY_SIZE];
	size_t len;
	uint16_t id;
	bool ipv6;			/* asks for AAAA, not for A */
};

/* What answers say together; zeroed at first. */
struct dns_answer {
	unsigned code;			/* of the last one */
	bool truncated;			/* the last one: ask by TCP */
	bool has_ttl;
	uint32_t ttl;			/* the least; seconds */
	unsigned count;
	union http_address addresses[DNS_ADDRESSES_MAX];	/* no ports */
	char alias[DNS_NAME_SIZE];	/* what the name stands for; or "" */
};

/* `name` in lower case, without a dot at its end, to `ret` (DNS_NAME_SIZE);
 * false if it cannot be the name of a host. */
bool dns_name_make(struct slice name, char *ret);

/* Make the question for a name from dns_name_make(). The id is to be one that
 * nobody can guess. Returns false if the C library cannot. */
bool dns_question_make(const char *name, bool ipv6, uint16_t id,
    struct dns_question *ret);

/*
 * Take what a server sent. Returns false, leaving *answer alone, if it is not
 * whole or no answer to the question, in name, kind or id.
 */
bool dns_answer_add(struct slice message, const char *name,
    const struct dns_question *question, struct dns_answer *answer);

/* ---- asking ---- */

struct dns_servers {
	union http_address *list;
	unsigned count;			/* at least 1 */
	unsigned turn;			/* which is asked first next time */
	bool ipv4, ipv6;		/* what is asked for; at least one */
};

/*
 * Ask for the addresses of a name from dns_name_make(), which need not be its
 * own but those of what it is another name of. Returns DNS_OK with one at
 * least, or why there is none. [coroutine]
 */
unsigned dns_ask(struct dns_servers *servers, struct ring *ring,
    const char *name, uint64_t deadline, struct dns_answer *answer);

#endif
