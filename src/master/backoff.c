#include "master/backoff.h"

void backoff_died(struct backoff *backoff, uint64_t started_ns,
    uint64_t now_ns)
{
	uint64_t pause = 0;

	if (now_ns - started_ns >= BACKOFF_LIFE_NS)
		backoff->deaths = 0;
	else
		backoff->deaths++;
	if (backoff->deaths > 1)
		pause = BACKOFF_FIRST_NS;
	for (unsigned i = 2; i < backoff->deaths && pause < BACKOFF_MAX_NS; i++)
		pause *= 2;
	if (pause > BACKOFF_MAX_NS)
		pause = BACKOFF_MAX_NS;
	backoff->next_ns = now_ns + pause;
}
