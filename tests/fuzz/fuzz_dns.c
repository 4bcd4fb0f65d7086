/*
 * Answers of name servers: what is taken of one are addresses and a name that
 * may be asked for, and only of an answer to the question.
 *
 * Input: a byte, 1 for AAAA; a name up to a line end; the message, whose
 * question is that name's if it is to get anywhere.
 */
#include <stdlib.h>

#include "modules/dns.h"

static void check(const struct dns_answer *answer)
{
	char name[DNS_NAME_SIZE];

	if (answer->count > DNS_ADDRESSES_MAX || answer->code > 15 ||
	    (answer->count && !answer->has_ttl))
		abort();
	for (unsigned i = 0; i < answer->count; i++)
		if (!http_address_bytes(&answer->addresses[i]).len)
			abort();
	if (answer->alias[0] && (!dns_name_make(slice_cstr(answer->alias),
	    name) || strcmp(name, answer->alias)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, message;
	struct dns_answer answer = { .code = 0 };
	struct dns_question question;
	char name[DNS_NAME_SIZE];
	const char *end;
	uint16_t id = 0;

	if (size < 2 || !(end = memchr(data + 1, '\n', size - 1)))
		return 0;
	message = slice_from(rest, (size_t)(end + 1 - rest.data));
	rest = slice_from(slice_first(rest, (size_t)(end - rest.data)), 1);
	if (message.len >= 2)
		id = (uint16_t)((uint8_t)message.data[0] << 8 |
		    (uint8_t)message.data[1]);
	if (!dns_name_make(rest, name))
		return 0;
	/* A question is no answer. */
	if (!dns_question_make(name, data[0] & 1, id, &question) ||
	    question.len > sizeof(question.query) || dns_answer_add(
	    (struct slice){ (char *)question.query, question.len }, name,
	    &question, &answer))
		abort();
	if (dns_answer_add(message, name, &question, &answer))
		check(&answer);
	/* Addresses of several answers add up. */
	if (dns_answer_add(message, name, &question, &answer))
		check(&answer);
	return 0;
}
