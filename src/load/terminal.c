/*
 * Locks: terminal.lock, of all that the engine's caller hands over and the
 * screen's thread draws. The terminal's old settings are global, for
 * the signal handler: set before it may run, and only one screen at a time.
 */

#include "load/terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "load/engine.h"
#include "load/terminal_view.h"

enum {
	TERMINAL_DRAW_MS = 250,
	TERMINAL_OUT_MAX = 256 << 10,	/* bytes of a screen */
	TERMINAL_DOING_MAX = 200,
	TERMINAL_TYPED_MAX = 8,		/* bytes of a rate, terminated */
	TERMINAL_TOLD_MAX = 256 << 10,	/* bytes of lines about tests */
	TERMINAL_COLUMNS = 80, TERMINAL_ROWS = 24, /* if it does not say */
};

struct load_terminal {
	struct load_terminal_options options;
	struct load_view view;
	pthread_mutex_t lock;
	struct load_plan plan;
	struct load_progress progress;	/* of this plan */
	uint64_t started_ns;		/* CLOCK_MONOTONIC, about */
	char doing[TERMINAL_DOING_MAX];
	struct buf told;
	bool screen;			/* else lines */
	bool keys;
	char typed[TERMINAL_TYPED_MAX];	/* while view.typed points to it */
	int end_fd;			/* readable: the thread is to end */
	pthread_t thread;
};

/* The alternate screen, without cursor; and back. */
static const char terminal_enter[] = "\033[?1049h\033[?25l";
static const char terminal_leave[] = "\033[0m\033[?25h\033[?1049l";

static struct {
	volatile sig_atomic_t screen, keys;
	int fd, keys_fd;
	struct termios before;
} terminal_old;

/* The terminal may be gone, and then there is nothing to be done. */
static void terminal_put(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

void load_terminal_restore(void)
{
	int err = errno;

	if (terminal_old.keys)
		(void)tcsetattr(terminal_old.keys_fd, TCSANOW,
		    &terminal_old.before);
	if (terminal_old.screen)
		terminal_put(terminal_old.fd, terminal_leave,
		    sizeof(terminal_leave) - 1);
	terminal_old.keys = terminal_old.screen = 0;
	errno = err;
}

/* In the background the screen is another's. */
static bool terminal_is_ours(int fd)
{
	pid_t foreground = tcgetpgrp(fd);

	return foreground < 0 || foreground == getpgrp();
}

static bool terminal_can_draw(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0 &&
	    terminal_is_ours(fd);
}

/*
 * Keys come one by one and are not shown. Ctrl-C stays; Ctrl-Z goes, as a
 * test that is suspended measures nothing.
 */
static bool terminal_keys(int fd)
{
	struct termios settings;

	/* In the background, changing settings would stop the process. */
	if (!isatty(fd) || tcgetpgrp(fd) != getpgrp() ||
	    tcgetattr(fd, &terminal_old.before) != 0)
		return false;
	terminal_old.keys_fd = fd;
	terminal_old.keys = 1;
	settings = terminal_old.before;
	settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	settings.c_cc[VSUSP] = _POSIX_VDISABLE;
	settings.c_cc[VMIN] = 0;
	settings.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSANOW, &settings) == 0)
		return true;
	terminal_old.keys = 0;
	return false;
}

/* Asked each time, so a changed size needs no signal. */
static void terminal_size(const struct load_terminal *terminal,
    struct load_view *view)
{
	struct winsize size = { .ws_col = 0 };

	(void)ioctl(terminal->options.fd, TIOCGWINSZ, &size);
	view->columns = size.ws_col ? size.ws_col : TERMINAL_COLUMNS;
	view->rows = size.ws_row ? size.ws_row : TERMINAL_ROWS;
	if (view->columns > LOAD_VIEW_COLUMNS_MAX)
		view->columns = LOAD_VIEW_COLUMNS_MAX;
	if (view->rows > LOAD_VIEW_ROWS_MAX)
		view->rows = LOAD_VIEW_ROWS_MAX;
}

/* Home, each line with what is behind it cleared, then what is below. */
static void terminal_frame(struct buf *out, struct slice lines)
{
	buf_append_cstr(out, "\033[H");
	for (size_t i = 0; i < lines.len; i++) {
		if (lines.data[i] == '\n')
			buf_append_cstr(out, "\033[K\r");
		buf_append_char(out, lines.data[i]);
	}
	buf_append_cstr(out, "\033[K\033[J");
}

static void terminal_draw(struct load_terminal *terminal)
{
	struct load_view *view = &terminal->view;
	struct buf lines = buf_make(TERMINAL_OUT_MAX);
	struct buf out = buf_make(TERMINAL_OUT_MAX);

	terminal_size(terminal, view);
	(void)pthread_mutex_lock(&terminal->lock); /* cannot fail */
	view->elapsed_s = (double)(clock_mono_ns() - terminal->started_ns) *
	    1e-9;
	view->stopping = engine_stop_asked(terminal->options.stop);
	view->keys = terminal->keys;
	view->told = buf_slice(&terminal->told);
	load_view_draw(&lines, view, &terminal->progress);
	(void)pthread_mutex_unlock(&terminal->lock);
	terminal_frame(&out, buf_slice(&lines));
	if (!lines.failed && !out.failed)
		terminal_put(terminal->options.fd, out.data, out.len);
	buf_free(&lines);
	buf_free(&out);
}

/* The rate that was typed, from now on. */
static void terminal_change_rate(struct load_terminal *terminal)
{
	uint64_t rate;

	if (!slice_to_u64(slice_cstr(terminal->typed), &rate) || rate == 0 ||
	    rate > LOAD_RATE_MAX)
		return;
	__atomic_store_n(terminal->options.rate, (uint32_t)rate,
	    __ATOMIC_RELAXED);
	(void)pthread_mutex_lock(&terminal->lock);
	/* Without room for it the engine has none, either. */
	(void)schedule_change(&terminal->plan.schedule,
	    clock_mono_ns() - terminal->started_ns, (double)rate);
	(void)pthread_mutex_unlock(&terminal->lock);
}

/* A key while a rate is typed: all but digits ends that. */
static void terminal_type(struct load_terminal *terminal, char key)
{
	size_t len = strlen(terminal->typed);

	if (key >= '0' && key <= '9' && len + 1 < sizeof(terminal->typed)) {
		terminal->typed[len] = key;
	} else if ((key == '\b' || key == 0x7f) && len > 0) {
		terminal->typed[len - 1] = '\0';
	} else {
		terminal->view.typed = NULL;
		if (key == '\n' || key == '\r')
			terminal_change_rate(terminal);
	}
}

static void terminal_read_keys(struct load_terminal *terminal)
{
	char keys[64];
	ssize_t n = read(terminal->options.keys_fd, keys, sizeof(keys));

	if (n <= 0)
		terminal->keys = false;	/* it hung up */
	for (ssize_t i = 0; i < n; i++)
		if (terminal->view.typed)
			terminal_type(terminal, keys[i]);
		else if (keys[i] == 'q' || keys[i] == 'Q')
			engine_stop_ask(terminal->options.stop);
		else if (keys[i] == 'r' && terminal->view.can_change)
			terminal->view.typed = memset(terminal->typed, 0,
			    sizeof(terminal->typed));
}

static void *terminal_main(void *arg)
{
	struct load_terminal *terminal = arg;
	struct pollfd fds[2] = {
		{ .fd = terminal->end_fd, .events = POLLIN },
		{ .fd = terminal->options.keys_fd, .events = POLLIN },
	};

	while (fds[0].revents == 0) {
		terminal_draw(terminal);
		fds[1].fd = terminal->keys ? terminal->options.keys_fd : -1;
		if (poll(fds, 2, TERMINAL_DRAW_MS) <= 0)
			continue;
		if (fds[1].revents)
			terminal_read_keys(terminal);
	}
	return NULL;
}

static int terminal_start(struct load_terminal *terminal)
{
	sigset_t all, before;
	int err;

	terminal->end_fd = eventfd(0, EFD_CLOEXEC);
	if (terminal->end_fd < 0)
		return -errno;
	/* Signals are for the caller's thread. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	terminal->keys = terminal_keys(terminal->options.keys_fd);
	terminal_old.fd = terminal->options.fd;
	terminal_put(terminal->options.fd, terminal_enter,
	    sizeof(terminal_enter) - 1);
	terminal_old.screen = 1;
	err = -pthread_create(&terminal->thread, NULL, terminal_main,
	    terminal);
	if (err) {
		load_terminal_restore();
		(void)close(terminal->end_fd); /* nothing was written */
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

static void terminal_plan(struct load_terminal *terminal,
    const struct load_plan *plan)
{
	terminal->plan = *plan;
	load_progress_init(&terminal->progress, &terminal->plan);
	terminal->started_ns = clock_mono_ns();
}

int load_terminal_open(const struct load_terminal_options *options,
    struct load_terminal **ret)
{
	struct load_terminal *terminal = calloc(1, sizeof(*terminal));
	const char *no_colour = getenv("NO_COLOR");
	int err = 0;

	if (!terminal)
		return -ENOMEM;
	terminal->options = *options;
	terminal->view = (struct load_view){
		.title = options->title,
		.colour = !(no_colour && *no_colour),
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
	if (options->several)
		terminal->view.doing = terminal->doing;
	terminal->view.can_change = options->rate && options->plan->open &&
	    !options->plan->replay;
	terminal->told = buf_make(TERMINAL_TOLD_MAX);
	terminal_plan(terminal, options->plan);
	(void)pthread_mutex_init(&terminal->lock, NULL);
	terminal->screen = terminal_can_draw(options->fd);
	if (terminal->screen)
		err = terminal_start(terminal);
	if (err) {
		free(terminal);
		return err;
	}
	*ret = terminal;
	return 0;
}

void load_terminal_begins(struct load_terminal *terminal,
    const struct load_plan *plan, const char *doing)
{
	(void)pthread_mutex_lock(&terminal->lock);
	terminal_plan(terminal, plan);
	(void)snprintf(terminal->doing, sizeof(terminal->doing), "%s", doing);
	(void)pthread_mutex_unlock(&terminal->lock);
}

static void terminal_put_told(struct load_terminal *terminal)
{
	terminal_put(terminal->options.fd, terminal->told.data,
	    terminal->told.len);
	terminal->told.len = 0;
}

void load_terminal_told(struct load_terminal *terminal, const char *line)
{
	(void)pthread_mutex_lock(&terminal->lock);
	buf_append_cstr(&terminal->told, line);
	buf_append_char(&terminal->told, '\n');
	if (!terminal->screen)
		terminal_put_told(terminal);
	(void)pthread_mutex_unlock(&terminal->lock);
}

void load_terminal_second(struct load_terminal *terminal,
    const struct load_progress *progress)
{
	struct buf line = buf_make(TERMINAL_OUT_MAX);

	if (terminal->screen) {
		(void)pthread_mutex_lock(&terminal->lock);
		terminal->progress = *progress;
		terminal->progress.plan = &terminal->plan;
		(void)pthread_mutex_unlock(&terminal->lock);
		return;
	}
	if (terminal->options.several)
		return;
	load_view_line(&line, progress);
	if (!line.failed)
		terminal_put(terminal->options.fd, line.data, line.len);
	buf_free(&line);
}

void load_terminal_close(struct load_terminal *terminal)
{
	if (!terminal)
		return;
	if (terminal->screen) {
		(void)eventfd_write(terminal->end_fd, 1); /* cannot be full */
		(void)pthread_join(terminal->thread, NULL);
		load_terminal_restore();
		(void)close(terminal->end_fd);
	}
	terminal_put_told(terminal);
	buf_free(&terminal->told);
	(void)pthread_mutex_destroy(&terminal->lock);
	free(terminal);
}
