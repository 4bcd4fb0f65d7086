#include "master/privileges.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static void privileges_limit(int what, const char *name, int64_t value,
    const struct log *log)
{
	struct rlimit limit = {
		.rlim_cur = (rlim_t)value,
		.rlim_max = (rlim_t)value,
	};

	if (value != CONF_UNSET && setrlimit(what, &limit) < 0)
		log_write(log, LOG_LEVEL_ALERT, errno,
		    "setrlimit(%s, %lld) failed", name, (long long)value);
}

void privileges_set_limits(const struct core_conf *core, int slot,
    const struct log *log)
{
	cpu_set_t set;

	if (slot >= 0 && core->priority_set &&
	    setpriority(PRIO_PROCESS, 0, core->priority) < 0)
		log_write(log, LOG_LEVEL_ALERT, errno,
		    "setpriority(%d) failed", core->priority);
	privileges_limit(RLIMIT_NOFILE, "RLIMIT_NOFILE",
	    core->worker_rlimit_nofile, log);
	privileges_limit(RLIMIT_CORE, "RLIMIT_CORE",
	    core->worker_rlimit_core, log);
	if (slot >= 0 && affinity_of(&core->affinity, (unsigned)slot, &set) &&
	    sched_setaffinity(0, sizeof(set), &set) < 0)
		log_write(log, LOG_LEVEL_ALERT, errno,
		    "sched_setaffinity() failed");
}

int privileges_drop(const struct core_conf *core, const struct log *log)
{
	const char *failed = NULL;

	if (geteuid() != 0 || !core->user_name.data)
		return 0;
	if (setgid(core->group) < 0)
		failed = "setgid()";
	else if (initgroups(core->user_name.data, core->group) < 0)
		failed = "initgroups()";
	else if (setuid(core->user) < 0)
		failed = "setuid()";
	if (failed) {
		log_write(log, LOG_LEVEL_EMERG, errno, "%s for \"%s\" failed",
		    failed, core->user_name.data);
		return -EPERM;
	}
	/* So that it leaves a core file, if there is room for one. */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return 0;
}

int privileges_set_environment(const struct core_conf *core)
{
	char **kept = calloc(core->env_count + 2, sizeof(*kept));
	unsigned count = 0;

	if (!kept)
		return -ENOMEM;
	for (unsigned i = 0; i <= core->env_count; i++) {
		const char *word = i < core->env_count ? core->env[i].data
						       : "TZ";
		size_t len = strcspn(word, "=");

		if (word[len] == '=') {
			kept[count++] = (char *)word;
			continue;
		}
		for (char **env = environ; *env; env++) {
			if (strncmp(*env, word, len) == 0 &&
			    (*env)[len] == '=') {
				kept[count++] = *env;
				break;
			}
		}
	}
	environ = kept;
	return 0;
}
