/*
 * The C library takes messages apart and puts names together (resolv.h); this
 * says what may be asked and what of an answer counts.
 *
 * All addresses in the answer's section are the name's, whatever stands
 * between: servers put the aliases that lead to them before them.
 */

#include "modules/dns.h"

#include <arpa/nameser.h>
#include <resolv.h>

enum {
	DNS_HEADER_SIZE = 12,
	DNS_NAME_LEN = 253,		/* of a name as text, at most */
	DNS_LABEL_LEN = 63,
};

const char *dns_code_text(unsigned code)
{
	switch (code) {
	case DNS_FORMAT_ERROR:
		return "Format error";
	case DNS_SERVER_FAILURE:
		return "Server failure";
	case DNS_NOT_FOUND:
		return "Host not found";
	case DNS_UNIMPLEMENTED:
		return "Unimplemented";
	case DNS_REFUSED:
		return "Operation refused";
	case DNS_TIMED_OUT:
		return "Operation timed out";
	default:
		return "Unknown error";
	}
}

/* ---- questions ---- */

static bool dns_is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_';
}

bool dns_name_make(struct slice name, char *ret)
{
	size_t label = 0;

	if (slice_ends(name, SLICE(".")))
		name.len--;
	if (name.len > DNS_NAME_LEN)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = (char)slice_lower(name.data[i]);

		if (c == '.' ? label == 0 : !dns_is_plain(c))
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > DNS_LABEL_LEN)
			return false;
		ret[i] = c;
	}
	ret[name.len] = '\0';
	return label > 0;
}

bool dns_question_make(const char *name, bool ipv6, uint16_t id,
    struct dns_question *ret)
{
	unsigned char *p = ret->query, *end = p + sizeof(ret->query);
	int len;

	ret->id = id;
	ret->ipv6 = ipv6;
	memset(p, 0, DNS_HEADER_SIZE);
	ns_put16(id, p);
	p[2] = 1;			/* recursion is desired */
	p[5] = 1;			/* one question */
	p += DNS_HEADER_SIZE;
	len = dn_comp(name, p, (int)(end - p) - 4, NULL, NULL);
	if (len < 0)
		return false;
	p += len;
	ns_put16(ipv6 ? ns_t_aaaa : ns_t_a, p);
	ns_put16(ns_c_in, p + 2);
	ret->len = (size_t)(p + 4 - ret->query);
	return true;
}

/* ---- answers ---- */

/* Is the message an answer to the question? */
static bool dns_answers(ns_msg *message, const char *name,
    const struct dns_question *question)
{
	ns_rr rr;

	return ns_msg_id(*message) == question->id &&
	    ns_msg_getflag(*message, ns_f_qr) &&
	    ns_msg_getflag(*message, ns_f_opcode) == ns_o_query &&
	    ns_msg_count(*message, ns_s_qd) == 1 &&
	    ns_parserr(message, ns_s_qd, 0, &rr) == 0 &&
	    ns_rr_type(rr) == (question->ipv6 ? ns_t_aaaa : ns_t_a) &&
	    ns_rr_class(rr) == ns_c_in &&
	    strcasecmp(ns_rr_name(rr), name) == 0;
}

static void dns_add_address(const ns_rr *rr, struct dns_answer *answer)
{
	union http_address *address = &answer->addresses[answer->count];

	if (answer->count == DNS_ADDRESSES_MAX)
		return;
	memset(address, 0, sizeof(*address));
	if (ns_rr_type(*rr) == ns_t_a && ns_rr_rdlen(*rr) == 4) {
		address->any.sa_family = AF_INET;
		memcpy(&address->in.sin_addr, ns_rr_rdata(*rr), 4);
	} else if (ns_rr_type(*rr) == ns_t_aaaa && ns_rr_rdlen(*rr) == 16) {
		address->any.sa_family = AF_INET6;
		memcpy(&address->in6.sin6_addr, ns_rr_rdata(*rr), 16);
	} else {
		return;
	}
	answer->count++;
}

/* An alias that is no name of a host leads nowhere. */
static void dns_add_alias(const ns_msg *message, const ns_rr *rr,
    struct dns_answer *answer)
{
	char text[NS_MAXDNAME];

	if (dn_expand(ns_msg_base(*message), ns_msg_end(*message),
	    ns_rr_rdata(*rr), text, sizeof(text)) < 0 ||
	    !dns_name_make(slice_cstr(text), answer->alias))
		answer->alias[0] = '\0';
}

/* One record; those of other types do not matter. */
static void dns_add_record(const ns_msg *message, const ns_rr *rr,
    const struct dns_question *question, struct dns_answer *answer)
{
	unsigned type = ns_rr_type(*rr);

	if (ns_rr_class(*rr) != ns_c_in || (type != ns_t_cname &&
	    type != (question->ipv6 ? ns_t_aaaa : ns_t_a)))
		return;
	if (!answer->has_ttl || ns_rr_ttl(*rr) < answer->ttl)
		answer->ttl = ns_rr_ttl(*rr);
	answer->has_ttl = true;
	if (type == ns_t_cname)
		dns_add_alias(message, rr, answer);
	else
		dns_add_address(rr, answer);
}

bool dns_answer_add(struct slice bytes, const char *name,
    const struct dns_question *question, struct dns_answer *answer)
{
	ns_msg message;
	ns_rr rr;

	if (bytes.len > NS_MAXMSG || ns_initparse((const unsigned char *)
	    bytes.data, (int)bytes.len, &message) ||
	    !dns_answers(&message, name, question))
		return false;
	answer->code = (unsigned)ns_msg_getflag(message, ns_f_rcode);
	answer->truncated = ns_msg_getflag(message, ns_f_tc);
	if (answer->code || answer->truncated)
		return true;
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++)
		if (ns_parserr(&message, ns_s_an, i, &rr) == 0)
			dns_add_record(&message, &rr, question, answer);
	return true;
}
