#include "master/orphan.h"

#include <unistd.h>

#include "base/clock.h"
#include "metrics/owner.h"

enum orphan_state orphan_check(struct orphan *orphan, uint64_t now_ns)
{
	bool before = orphan->since_ns != 0;

	if (orphan->master == 0 || getppid() == orphan->master)
		return ORPHAN_NOT;
	if (!before)
		orphan->since_ns = now_ns;
	if (metrics_owner_taken(orphan->segment) ||
	    now_ns - orphan->since_ns >= DASHBOARD_ORPHAN_S * NS_PER_SEC)
		return ORPHAN_LEAVES;
	return before ? ORPHAN_STAYS : ORPHAN_BECOMES;
}
