/*
 * The PROXY protocol: a header lies within the bytes and its limit, what is
 * missing of it is asked for and no more, and the same header is found
 * however it was cut.
 */
#include <stdlib.h>

#include "http/proxy_protocol.h"

static void check_tlvs(struct slice tlvs, struct slice bytes)
{
	for (unsigned type = 0; type <= UINT8_MAX; type++) {
		struct slice value;

		if (proxy_protocol_tlv(tlvs, type, &value) > 0 &&
		    (value.data < tlvs.data || value.data + value.len >
			bytes.data + bytes.len))
			abort();
	}
}

/* Receive as the server does: as much as is asked for, and no more. */
static enum proxy_protocol_result receive(struct slice bytes,
    struct proxy_protocol *ret, size_t *size)
{
	struct slice have = slice_first(bytes, 0);
	enum proxy_protocol_result result;

	while ((result = proxy_protocol_parse(have, ret, size)) ==
	    PROXY_PROTOCOL_MORE) {
		if (*size <= have.len || *size > PROXY_PROTOCOL_SIZE_MAX)
			abort();
		if (*size > bytes.len)
			return proxy_protocol_parse(bytes, ret, size);
		have = slice_first(bytes, *size);
	}
	if (result == PROXY_PROTOCOL_DONE && *size != have.len)
		abort();
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { (const char *)data, size };
	struct proxy_protocol whole, cut;
	size_t whole_size, cut_size;
	enum proxy_protocol_result result = proxy_protocol_parse(bytes,
	    &whole, &whole_size);

	if (receive(bytes, &cut, &cut_size) != result)
		abort();
	if (result != PROXY_PROTOCOL_DONE)
		return 0;
	if (whole_size > size || whole_size != cut_size ||
	    whole.source.any.sa_family != cut.source.any.sa_family ||
	    whole.source.any.sa_family != whole.destination.any.sa_family ||
	    !slice_equal(whole.tlvs, cut.tlvs))
		abort();
	check_tlvs(whole.tlvs, slice_first(bytes, whole_size));
	return 0;
}
