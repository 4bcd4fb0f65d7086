#ifndef RINGMASTER_RING_FIBER_H
#define RINGMASTER_RING_FIBER_H

#include <stddef.h>

/*
 * Tells the sanitizers which stack is in use; nothing in usual builds.
 *
 * fiber_leave() is called just before a switch and fiber_arrive() just after
 * it, on the new stack. Sanitized code has larger frames, so FIBER_STACK_SIZE
 * differs as well.
 */

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBER_ASAN
#elif __has_feature(thread_sanitizer)
#define FIBER_TSAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define FIBER_ASAN
#elif defined(__SANITIZE_THREAD__)
#define FIBER_TSAN
#endif

#if defined(FIBER_ASAN)

#include <sanitizer/common_interface_defs.h>

enum { FIBER_STACK_SIZE = 512 * 1024 };

struct fiber {
	const void *bottom;
	size_t size;
	void *fake_stack;
};

static inline void fiber_init(struct fiber *fiber, void *bottom, size_t size)
{
	*fiber = (struct fiber){ .bottom = bottom, .size = size };
}

/* The thread's own stack: ASan tells where it is at the first switch. */
static inline void fiber_init_thread(struct fiber *fiber)
{
	*fiber = (struct fiber){ .bottom = NULL };
}

static inline void fiber_fini(struct fiber *fiber)
{
	(void)fiber;
}

static inline void fiber_leave(struct fiber *from, struct fiber *to)
{
	__sanitizer_start_switch_fiber(&from->fake_stack, to->bottom, to->size);
}

static inline void fiber_arrive(struct fiber *self, struct fiber *from)
{
	__sanitizer_finish_switch_fiber(self->fake_stack, &from->bottom,
	    &from->size);
}

#elif defined(FIBER_TSAN)

#include <sanitizer/tsan_interface.h>

enum { FIBER_STACK_SIZE = 512 * 1024 };

struct fiber {
	void *tsan;
};

static inline void fiber_init(struct fiber *fiber, void *bottom, size_t size)
{
	(void)bottom;
	(void)size;
	fiber->tsan = __tsan_create_fiber(0);
}

static inline void fiber_init_thread(struct fiber *fiber)
{
	fiber->tsan = __tsan_get_current_fiber();
}

static inline void fiber_fini(struct fiber *fiber)
{
	__tsan_destroy_fiber(fiber->tsan);
}

/* Always inline: TSan keeps a stack of calls for each fiber, and a call of
 * this would begin on one and end on the other. */
__attribute__((always_inline))
static inline void fiber_leave(struct fiber *from, struct fiber *to)
{
	(void)from;
	__tsan_switch_to_fiber(to->tsan, 0);
}

static inline void fiber_arrive(struct fiber *self, struct fiber *from)
{
	(void)self;
	(void)from;
}

#else

enum { FIBER_STACK_SIZE = 64 * 1024 };

struct fiber {
	char unused[1];
};

static inline void fiber_init(struct fiber *fiber, void *bottom, size_t size)
{
	(void)fiber;
	(void)bottom;
	(void)size;
}

static inline void fiber_init_thread(struct fiber *fiber)
{
	(void)fiber;
}

static inline void fiber_fini(struct fiber *fiber)
{
	(void)fiber;
}

static inline void fiber_leave(struct fiber *from, struct fiber *to)
{
	(void)from;
	(void)to;
}

static inline void fiber_arrive(struct fiber *self, struct fiber *from)
{
	(void)self;
	(void)from;
}

#endif

#endif
