#include "support.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* Where io_uring is there, missing, forbidden, or short of memory. */

/* What a child found, for its parent. */
static struct {
	int result;
	char why[512];
	struct ring_stats stats;
} *child;

enum { CHILD_OK, CHILD_SKIP = 77 };

/* Let io_uring_setup() fail with `error` in this process from now on. */
static bool forbid_io_uring(int error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup,
		    0, 1),
		BPF_STMT(BPF_RET | BPF_K,
		    SECCOMP_RET_ERRNO | ((unsigned)error & SECCOMP_RET_DATA)),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(*filter),
		.filter = filter,
	};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void probe_with(int error)
{
	if (!forbid_io_uring(error))
		_exit(CHILD_SKIP);
	child->result = ring_probe(child->why, sizeof(child->why));
}

static void eperm_child(void)
{
	probe_with(EPERM);
}

static void enosys_child(void)
{
	probe_with(ENOSYS);
}

static void einval_child(void)
{
	probe_with(EINVAL);
}

static void open_child(void)
{
	struct ring_options options = test_options();

	if (!forbid_io_uring(EPERM))
		_exit(CHILD_SKIP);
	child->result = ring_open(&options, &ring);
}

static void run_child(void (*fn)(void))
{
	int status;

	memset(child, 0, sizeof(*child));
	status = test_in_child(fn);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CHILD_SKIP) {
		print_message("seccomp filters are not permitted here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), CHILD_OK);
}

static void a_ring_can_be_made_here(void **state)
{
	char why[512] = "";

	(void)state;
	if (ring_probe(why, sizeof(why))) {
		print_message("%s\n", why);
		skip();
	}
	assert_string_equal(why, "");
}

static void forbidden_names_seccomp_and_the_profile(void **state)
{
	(void)state;
	run_child(eperm_child);
	assert_int_equal(child->result, -EPERM);
	/* Or the sysctl, where that is what forbids it. */
	assert_true(strstr(child->why, "seccomp") ||
	    strstr(child->why, "kernel.io_uring_disabled"));
	assert_true(strstr(child->why, "--security-opt") ||
	    strstr(child->why, "sysctl -w"));
}

static void missing_names_the_kernel_version(void **state)
{
	(void)state;
	run_child(enosys_child);
	assert_int_equal(child->result, -ENOSYS);
	assert_non_null(strstr(child->why, "no io_uring"));
	assert_non_null(strstr(child->why, "Linux 6.0"));
}

static void old_kernel_is_told(void **state)
{
	(void)state;
	run_child(einval_child);
	assert_int_equal(child->result, -EINVAL);
	assert_non_null(strstr(child->why, "too old"));
}

static void open_fails_as_the_probe(void **state)
{
	(void)state;
	run_child(open_child);
	assert_int_equal(child->result, -EPERM);
}

/* ---- locked memory ---- */

/* As nobody: root's rings are not charged. */
static void limit_locked(rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || setgid(65534) ||
	    setuid(65534))
		_exit(CHILD_SKIP);
}

static void little_memory_child(void)
{
	struct ring_options options = test_options();

	options.sq_entries = 4096;
	options.cq_entries = 32768;
	options.buffers = 8192;
	limit_locked(200 * 1024);
	child->result = ring_open(&options, &ring);
	if (child->result == 0) {
		child->stats = *ring_stats(ring);
		ring_close(&ring);
	}
}

static void no_memory_child(void)
{
	limit_locked(0);
	child->result = ring_probe(child->why, sizeof(child->why));
}

static void eight_workers_child(void)
{
	enum { WORKERS = 8 };
	struct ring_options options = ring_options_default();
	struct ring *rings[WORKERS];

	limit_locked(8 * 1024 * 1024);
	for (int i = 0; i < WORKERS && child->result == 0; i++) {
		child->result = ring_open(&options, &rings[i]);
		if (child->result == 0 &&
		    (ring_stats(rings[i])->sq_entries != options.sq_entries ||
		    ring_stats(rings[i])->buffers_total != options.buffers))
			child->result = -ENOMEM;
	}
}

/* Some kernels do not charge rings: then all that was asked for is there. */
static void smaller_rings_are_made_with_little_memory(void **state)
{
	(void)state;
	run_child(little_memory_child);
	assert_int_equal(child->result, 0);
	assert_in_range(child->stats.sq_entries, 4, 4096);
	assert_in_range(child->stats.buffers_total, 2, 8192);
}

static void lack_of_memory_names_the_limit(void **state)
{
	(void)state;
	run_child(no_memory_child);
	if (child->result == 0)
		skip();	/* not charged */
	assert_int_equal(child->result, -ENOMEM);
	assert_non_null(strstr(child->why, "ulimit -l"));
}

static void eight_workers_fit_into_8_mib_unprivileged(void **state)
{
	(void)state;
	run_child(eight_workers_child);
	assert_int_equal(child->result, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_can_be_made_here),
		cmocka_unit_test(forbidden_names_seccomp_and_the_profile),
		cmocka_unit_test(missing_names_the_kernel_version),
		cmocka_unit_test(old_kernel_is_told),
		cmocka_unit_test(open_fails_as_the_probe),
		cmocka_unit_test(smaller_rings_are_made_with_little_memory),
		cmocka_unit_test(lack_of_memory_names_the_limit),
		cmocka_unit_test(eight_workers_fit_into_8_mib_unprivileged),
	};

	child = mmap(NULL, sizeof(*child), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (child == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
