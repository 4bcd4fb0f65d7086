#include "master/affinity.h"

bool affinity_parse(struct slice text, cpu_set_t *ret)
{
	cpu_set_t set;

	if (text.len == 0 || text.len > CPU_SETSIZE)
		return false;
	CPU_ZERO(&set);
	for (size_t i = 0; i < text.len; i++) {
		char digit = text.data[text.len - 1 - i];

		if (digit != '0' && digit != '1')
			return false;
		if (digit == '1')
			CPU_SET(i, &set);
	}
	*ret = set;
	return true;
}

/* The n-th processor of a set that is not empty, beginning again at its end. */
static unsigned affinity_nth(const cpu_set_t *set, unsigned n)
{
	unsigned left = n % (unsigned)CPU_COUNT(set), cpu = 0;

	while (!CPU_ISSET(cpu, set) || left-- > 0)
		cpu++;
	return cpu;
}

bool affinity_of(const struct affinity *affinity, unsigned slot,
    cpu_set_t *ret)
{
	const cpu_set_t *mask;

	if (affinity->count == 0)
		return false;
	mask = &affinity->masks[slot < affinity->count ? slot
						       : affinity->count - 1];
	if (CPU_COUNT(mask) == 0)
		return false;
	if (!affinity->automatic) {
		*ret = *mask;
		return true;
	}
	CPU_ZERO(ret);
	CPU_SET(affinity_nth(&affinity->masks[0], slot), ret);
	return true;
}
