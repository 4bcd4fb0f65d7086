/*
 * Asking name servers. One that does not answer within DNS_RESEND_S is not
 * waited for, and the next one is asked.
 *
 * Who wants to forge an answer must guess the port, which is another one each
 * time and takes packets of that server only, and the random number in it.
 */

#include "modules/dns.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	DNS_ALIASES_MAX = 8,	/* that lead from one to the next */
	DNS_RESEND_S = 5,	/* for an answer of one server */
	DNS_PACKET = 4096,	/* bytes of an answer by UDP */
};

/* ---- asking a server ---- */

struct dns_ask {
	struct ring *ring;
	const union http_address *server;
	const char *name;
	uint64_t deadline;
	struct dns_answer *answer;
};

static socklen_t dns_address_len(const union http_address *address)
{
	return address->any.sa_family == AF_INET ? sizeof(address->in)
						 : sizeof(address->in6);
}

static int dns_socket(const struct dns_ask *ask, int type)
{
	return socket(ask->server->any.sa_family, type | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
}

/* What one receive of a socket gives, waited for; or -errno. */
static ssize_t dns_receive(const struct dns_ask *ask, int fd,
    void *data, size_t size)
{
	int events = ring_poll(ask->ring, fd, POLLIN, ask->deadline);
	ssize_t n = events < 0 ? events : recv(fd, data, size, MSG_DONTWAIT);

	return events >= 0 && n < 0 ? -errno : n;
}

/* The bytes of an answer by TCP, behind two that say how many there are, to
 * `data`. Returns their number, or -errno. */
static ssize_t dns_exchange(const struct dns_ask *ask, int fd,
    const struct dns_question *question, char *data, size_t size)
{
	uint8_t query[2 + DNS_QUERY_SIZE] = { (uint8_t)(question->len >> 8),
	    (uint8_t)question->len };
	size_t have = 0, want = 2;
	ssize_t n = ring_connect(ask->ring, fd, &ask->server->any,
	    dns_address_len(ask->server), ask->deadline);

	memcpy(query + 2, question->query, question->len);
	if (n == 0)
		n = ring_send(ask->ring, fd, (struct slice){ (char *)query,
		    2 + question->len }, 0, ask->deadline);
	while (n > 0 && have < want) {
		n = dns_receive(ask, fd, data + have, size - have);
		have += n > 0 ? (size_t)n : 0;
		if (have >= 2)
			want = 2 + (size_t)((uint8_t)data[0] << 8 |
			    (uint8_t)data[1]);
	}
	return n > 0 ? (ssize_t)(want - 2) : n ? n : -ECONNRESET;
}

/* The answer had no room in a packet. */
static bool dns_ask_tcp(const struct dns_ask *ask,
    const struct dns_question *question)
{
	const size_t size = 2 + UINT16_MAX;
	char *data = malloc(size);
	int fd = data ? dns_socket(ask, SOCK_STREAM) : -1;
	ssize_t n = fd < 0 ? -1 : dns_exchange(ask, fd, question, data,
	    size);
	bool good = n > 0 && dns_answer_add((struct slice){ data + 2,
	    (size_t)n }, ask->name, question, ask->answer) &&
	    !ask->answer->truncated;

	if (fd >= 0)
		(void)close(fd); /* nothing is lost with it */
	free(data);
	return good;
}

/* Does the packet answer the question for good? Others are passed over: they
 * may be forged. */
static bool dns_take(const struct dns_ask *ask,
    const struct dns_question *question, struct slice packet)
{
	if (!dns_answer_add(packet, ask->name, question, ask->answer) ||
	    ask->answer->code == DNS_FORMAT_ERROR ||
	    ask->answer->code > DNS_REFUSED)
		return false;
	return !ask->answer->truncated || dns_ask_tcp(ask, question);
}

/* Send the questions and wait for an answer to each. */
static bool dns_ask_udp(const struct dns_ask *ask, int fd,
    struct dns_question *questions, unsigned count)
{
	char packet[DNS_PACKET];
	unsigned code = DNS_OK;
	ssize_t n;

	if (connect(fd, &ask->server->any, dns_address_len(ask->server)))
		return false;
	for (unsigned i = 0; i < count; i++)
		if (send(fd, questions[i].query, questions[i].len,
		    MSG_NOSIGNAL) < 0)
			return false;
	while (count) {
		n = dns_receive(ask, fd, packet, sizeof(packet));
		if (n < 0 && n != -EAGAIN)
			return false;
		for (unsigned i = 0; i < count && n > 0; i++) {
			if (!dns_take(ask, &questions[i],
			    (struct slice){ packet, (size_t)n }))
				continue;
			code = code ? code : ask->answer->code;
			questions[i] = questions[--count];
			break;
		}
	}
	/* As in nginx one kind of address is not enough if the other one
	 * failed. */
	ask->answer->code = code;
	return true;
}

/* False if it did not answer. */
static bool dns_ask_one(const struct dns_servers *servers,
    const struct dns_ask *ask)
{
	struct dns_question questions[2];
	unsigned count = 0;
	uint16_t ids[2];
	bool good = false;
	int fd;

	if (getrandom(ids, sizeof(ids), 0) != (ssize_t)sizeof(ids))
		return false;
	if (servers->ipv4 && !dns_question_make(ask->name, false, ids[0],
	    &questions[count++]))
		return false;
	if (servers->ipv6 && !dns_question_make(ask->name, true, ids[1],
	    &questions[count++]))
		return false;
	fd = dns_socket(ask, SOCK_DGRAM);
	if (fd >= 0) {
		good = dns_ask_udp(ask, fd, questions, count);
		(void)close(fd); /* nothing is lost with it */
	}
	return good;
}

/* ---- asking all ---- */

/* Ask one server after the other until one has answered. */
static unsigned dns_ask_all(struct dns_servers *servers, struct ring *ring,
    const char *name, uint64_t deadline, struct dns_answer *answer)
{
	struct dns_ask ask = { .ring = ring, .name = name,
	    .answer = answer };
	unsigned turn = servers->turn++;

	while (ring_now(ring) < deadline) {
		uint64_t again = ring_now(ring) + DNS_RESEND_S * NS_PER_SEC;

		ask.deadline = again < deadline ? again : deadline;
		ask.server = &servers->list[turn++ % servers->count];
		memset(answer, 0, sizeof(*answer));
		if (dns_ask_one(servers, &ask))
			return answer->code;
		ring_sleep(ring, ask.deadline); /* if it refused at once */
	}
	return DNS_TIMED_OUT;
}

unsigned dns_ask(struct dns_servers *servers, struct ring *ring,
    const char *name, uint64_t deadline, struct dns_answer *answer)
{
	char text[DNS_NAME_SIZE];
	unsigned code;

	strcpy(text, name);
	for (unsigned i = 0; i < DNS_ALIASES_MAX; i++) {
		code = dns_ask_all(servers, ring, text, deadline, answer);
		if (code || answer->count)
			return code;
		if (!answer->alias[0])
			break;
		strcpy(text, answer->alias);
	}
	return DNS_NOT_FOUND;
}
