/*
 * Signals that end or stop the program are blocked and read from a
 * descriptor, so that nothing is interrupted while it draws. Those that kill
 * are handled by writing bytes that were prepared when the terminal was
 * taken: neither ncurses nor the heap can be relied on then.
 */

#include "stat/terminal.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <term.h>
/* It has macros for words like these. */
#undef columns
#undef lines

#include "stat/key.h"

enum {
	TERMINAL_RESTORE_MAX = 512,	/* bytes that put it back */
	TERMINAL_ESCAPE_MS = 25,	/* for the rest of a key's bytes */
};

struct terminal {
	SCREEN *screen;
	FILE *keys;
	int signal_fd;
	int ended_by;			/* signal, or 0 */
	bool hung_up;
	sigset_t mask_before;
	struct canvas shown;
	enum canvas_glyphs glyphs;
	unsigned colours;
};

/* For the handler; `fd` is -1 while there is nothing to put back. */
static struct {
	volatile sig_atomic_t fd;
	int keys_fd;
	struct termios before;
	char bytes[TERMINAL_RESTORE_MAX];
	size_t len;
} terminal_old = { .fd = -1 };

static const int terminal_waited[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
	SIGTSTP, SIGCONT, SIGWINCH };
static const int terminal_fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
	SIGABRT, SIGSYS, SIGPIPE };
enum { TERMINAL_FATAL = sizeof(terminal_fatal) / sizeof(*terminal_fatal) };
static struct sigaction terminal_actions[TERMINAL_FATAL];

/* ---- putting it back ---- */

/* The bytes of a capability, without the padding of old terminals. */
static int terminal_keep_byte(int byte)
{
	if (terminal_old.len < sizeof(terminal_old.bytes))
		terminal_old.bytes[terminal_old.len++] = (char)byte;
	return byte;
}

static void terminal_keep(const char *name)
{
	char *bytes = tigetstr(name);

	if (bytes && bytes != (char *)-1)
		(void)tputs(bytes, 1, terminal_keep_byte);
}

static void terminal_put_back(void)
{
	int fd = terminal_old.fd;
	size_t done = 0;

	terminal_old.fd = -1;
	if (fd < 0)
		return;
	while (done < terminal_old.len) {
		ssize_t n = write(fd, terminal_old.bytes + done,
		    terminal_old.len - done);

		if (n <= 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	(void)tcsetattr(terminal_old.keys_fd, TCSANOW, &terminal_old.before);
}

/* As if it had not been handled, but on a terminal that can be used. */
static void terminal_fatal_cb(int number)
{
	terminal_put_back();
	for (unsigned i = 0; i < TERMINAL_FATAL; i++)
		if (terminal_fatal[i] == number)
			(void)sigaction(number, &terminal_actions[i], NULL);
	if (number == SIGPIPE)		/* it may have been ignored */
		(void)signal(SIGPIPE, SIG_DFL);
	(void)raise(number);
}

static void terminal_signals_begin(struct terminal *terminal)
{
	struct sigaction action = { .sa_handler = terminal_fatal_cb };
	sigset_t waited;

	(void)sigemptyset(&waited);
	for (unsigned i = 0; i < sizeof(terminal_waited) / sizeof(int); i++)
		(void)sigaddset(&waited, terminal_waited[i]);
	(void)sigprocmask(SIG_BLOCK, &waited, &terminal->mask_before);
	/* Who is in the background may still put it back. */
	(void)signal(SIGTTOU, SIG_IGN);
	terminal->signal_fd = signalfd(-1, &waited, SFD_NONBLOCK |
	    SFD_CLOEXEC);
	for (unsigned i = 0; i < TERMINAL_FATAL; i++)
		(void)sigaction(terminal_fatal[i], &action,
		    &terminal_actions[i]);
}

static void terminal_signals_end(struct terminal *terminal)
{
	for (unsigned i = 0; i < TERMINAL_FATAL; i++)
		(void)sigaction(terminal_fatal[i], &terminal_actions[i], NULL);
	if (terminal->signal_fd >= 0)
		(void)close(terminal->signal_fd); /* only read */
	if (terminal->ended_by) {
		(void)signal(terminal->ended_by, SIG_DFL);
		(void)raise(terminal->ended_by);
	}
	(void)sigprocmask(SIG_SETMASK, &terminal->mask_before, NULL);
}

/* ---- colours ---- */

/*
 * Colours of 256 and of 8, and what a terminal without any can do. They stand
 * out on black and on white; roles differ in brightness, too, for those who
 * do not see all colours, and in words or places.
 */
static const struct terminal_look {
	short fore, back;	/* of 256; -1: the terminal's own */
	short few;		/* of 8 */
	attr_t attrs;		/* with colours */
	attr_t attrs_few;	/* with 8 or none */
} terminal_looks[STYLE_COUNT] = {
	[STYLE_PLAIN] = { -1, -1, -1, 0, 0 },
	[STYLE_FAINT] = { 245, -1, -1, 0, A_DIM },
	[STYLE_STRONG] = { -1, -1, -1, A_BOLD, A_BOLD },
	[STYLE_TITLE] = { 74, -1, COLOR_CYAN, A_BOLD, A_BOLD },
	[STYLE_BAR] = { 252, 237, -1, 0, A_REVERSE },
	[STYLE_BAR_NAME] = { 234, 74, -1, A_BOLD, A_REVERSE | A_BOLD },
	[STYLE_BAR_OK] = { 79, 237, -1, A_BOLD, A_REVERSE },
	[STYLE_BAR_WARN] = { 220, 237, -1, A_BOLD, A_REVERSE | A_BOLD },
	[STYLE_BAR_BAD] = { 210, 237, -1, A_BOLD, A_REVERSE | A_BOLD },
	[STYLE_CHOSEN] = { 255, 24, -1, 0, A_REVERSE },
	[STYLE_OK] = { 43, -1, COLOR_GREEN, 0, 0 },
	[STYLE_MOVED] = { 104, -1, COLOR_CYAN, 0, 0 },
	[STYLE_CLIENT] = { 178, -1, COLOR_YELLOW, 0, 0 },
	[STYLE_SERVER] = { 203, -1, COLOR_RED, A_BOLD, A_BOLD },
	[STYLE_ABORTED] = { 247, -1, -1, 0, 0 },
	[STYLE_REQUESTS] = { 26, -1, COLOR_BLUE, 0, 0 },
	[STYLE_REQUESTS + 1] = { 32, -1, COLOR_BLUE, 0, 0 },
	[STYLE_REQUESTS + 2] = { 38, -1, COLOR_CYAN, 0, 0 },
	[STYLE_REQUESTS + 3] = { 44, -1, COLOR_CYAN, 0, 0 },
	[STYLE_CLIENTS] = { 29, -1, COLOR_GREEN, 0, 0 },
	[STYLE_CLIENTS + 1] = { 35, -1, COLOR_GREEN, 0, 0 },
	[STYLE_CLIENTS + 2] = { 41, -1, COLOR_GREEN, 0, 0 },
	[STYLE_CLIENTS + 3] = { 77, -1, COLOR_GREEN, 0, 0 },
	[STYLE_STAGE] = { 104, -1, COLOR_BLUE, 0, 0 },
	[STYLE_STAGE + 1] = { 74, -1, COLOR_CYAN, 0, 0 },
	[STYLE_STAGE + 2] = { 178, -1, COLOR_YELLOW, 0, 0 },
	[STYLE_STAGE + 3] = { 43, -1, COLOR_GREEN, 0, 0 },
	[STYLE_STAGE + 4] = { 209, -1, COLOR_RED, 0, 0 },
	[STYLE_STAGE + 5] = { 176, -1, COLOR_MAGENTA, 0, 0 },
	[STYLE_HEAT] = { 54, -1, COLOR_BLUE, 0, 0 },
	[STYLE_HEAT + 1] = { 61, -1, COLOR_BLUE, 0, 0 },
	[STYLE_HEAT + 2] = { 31, -1, COLOR_CYAN, 0, 0 },
	[STYLE_HEAT + 3] = { 36, -1, COLOR_CYAN, 0, 0 },
	[STYLE_HEAT + 4] = { 71, -1, COLOR_GREEN, 0, 0 },
	[STYLE_HEAT + 5] = { 113, -1, COLOR_GREEN, 0, 0 },
	[STYLE_HEAT + 6] = { 184, -1, COLOR_YELLOW, 0, 0 },
	[STYLE_HEAT + 7] = { 226, -1, COLOR_YELLOW, A_BOLD, A_BOLD },
};

static void terminal_colours(struct terminal *terminal)
{
	const char *none = getenv("NO_COLOR");

	if ((none && *none) || !has_colors() || start_color() == ERR ||
	    COLORS < 8 || COLOR_PAIRS <= STYLE_COUNT)
		return;
	(void)use_default_colors(); /* else black is assumed */
	terminal->colours = COLORS >= 256 ? 256 : 8;
	for (short i = 0; i < STYLE_COUNT; i++) {
		const struct terminal_look *look = &terminal_looks[i];
		bool many = terminal->colours == 256;

		(void)init_pair((short)(i + 1), many ? look->fore : look->few,
		    many ? look->back : -1);
	}
}

/* ---- taking it ---- */

static int terminal_refuse(char why[STAT_WHY_MAX], const char *what,
    int err)
{
	(void)snprintf(why, STAT_WHY_MAX, "%s", what);
	return err;
}

/* Asked before newterm() is, which cannot say what is wrong. */
static int terminal_check(char why[STAT_WHY_MAX])
{
	const char *name = getenv("TERM");
	int found;

	if (!name || !*name || setupterm(NULL, STDOUT_FILENO, &found) == ERR) {
		(void)snprintf(why, STAT_WHY_MAX, "the kind of terminal "
		    "is not known (TERM=%.64s)", name ? name : "");
		return -ENOTSUP;
	}
	if (!tigetstr("cup") || tigetstr("cup") == (char *)-1) {
		(void)snprintf(why, STAT_WHY_MAX, "a terminal of the kind "
		    "%.64s cannot show screens", name);
		found = -ENOTSUP;
	} else {
		terminal_old.len = 0;
		terminal_keep("sgr0");
		terminal_keep("rmkx");
		terminal_keep("cnorm");
		terminal_keep("rmcup");
		found = 0;
	}
	(void)del_curterm(cur_term); /* newterm() makes its own */
	return found;
}

static enum canvas_glyphs terminal_glyphs(void)
{
	const char *name = getenv("TERM");

	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		return CANVAS_ASCII;
	/* The fonts of the kernel's console have no braille. */
	return strncmp(name, "linux", 5) == 0 ? CANVAS_BLOCKS
					      : CANVAS_BRAILLE;
}

static void terminal_modes(void)
{
	(void)cbreak();
	(void)noecho();
	(void)nonl();
	(void)keypad(stdscr, TRUE);
	(void)nodelay(stdscr, TRUE);
	(void)curs_set(0);
	(void)set_escdelay(TERMINAL_ESCAPE_MS);
}

static int terminal_take(struct terminal *terminal,
    char why[STAT_WHY_MAX])
{
	if (isatty(STDIN_FILENO))
		terminal->keys = stdin;
	else
		terminal->keys = fopen("/dev/tty", "re");
	if (!terminal->keys)
		return terminal_refuse(why, "no terminal to read keys from",
		    -errno);
	terminal_old.keys_fd = fileno(terminal->keys);
	if (tcgetattr(terminal_old.keys_fd, &terminal_old.before) != 0)
		return terminal_refuse(why, "the terminal cannot be asked",
		    -errno);
	terminal_signals_begin(terminal);
	terminal->screen = newterm(NULL, stdout, terminal->keys);
	if (!terminal->screen) {
		terminal_signals_end(terminal);
		return terminal_refuse(why, "the terminal cannot be used",
		    -ENOTSUP);
	}
	terminal_old.fd = STDOUT_FILENO;
	return 0;
}

int terminal_open(char why[STAT_WHY_MAX], struct terminal **ret)
{
	struct terminal *terminal;
	int err = terminal_check(why);

	if (err)
		return err;
	terminal = calloc(1, sizeof(*terminal));
	if (!terminal)
		return terminal_refuse(why, "no memory", -ENOMEM);
	err = terminal_take(terminal, why);
	if (err) {
		if (terminal->keys && terminal->keys != stdin)
			(void)fclose(terminal->keys); /* only read */
		free(terminal);
		return err;
	}
	terminal->glyphs = terminal_glyphs();
	terminal_colours(terminal);
	terminal_modes();
	*ret = terminal;
	return 0;
}

void terminal_close(struct terminal **take)
{
	struct terminal *terminal = *take;

	*take = NULL;
	(void)endwin();
	terminal_old.fd = -1;
	delscreen(terminal->screen);
	if (terminal->keys != stdin)
		(void)fclose(terminal->keys); /* only read */
	canvas_free(&terminal->shown);
	terminal_signals_end(terminal);
	free(terminal);
}

void terminal_can(const struct terminal *terminal, struct canvas *canvas)
{
	canvas->glyphs = terminal->glyphs;
	canvas->colours = terminal->colours;
}

void terminal_size(const struct terminal *terminal, unsigned *columns,
    unsigned *rows)
{
	(void)terminal;
	*columns = (unsigned)COLS;
	*rows = (unsigned)LINES;
}

/* ---- keys and signals ---- */

/* Give it to the shell, stop, and take it again when we go on. */
static void terminal_suspend(struct terminal *terminal)
{
	sigset_t stop;

	(void)terminal;
	(void)endwin();
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTSTP);
	(void)signal(SIGTSTP, SIG_DFL);
	(void)raise(SIGTSTP);
	(void)sigprocmask(SIG_UNBLOCK, &stop, NULL);
	(void)sigprocmask(SIG_BLOCK, &stop, NULL);
	(void)refresh();
}

static void terminal_resize(void)
{
	struct winsize size = { .ws_col = 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col &&
	    size.ws_row)
		(void)resizeterm(size.ws_row, size.ws_col);
}

/* What a signal asks for; TERMINAL_NOTHING without one. */
static uint32_t terminal_signal(struct terminal *terminal)
{
	struct signalfd_siginfo info;
	uint32_t found = TERMINAL_NOTHING;

	while (read(terminal->signal_fd, &info, sizeof(info)) ==
	    sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGTSTP:
			terminal_suspend(terminal);
			/* fall through */
		case SIGCONT:
			(void)reset_prog_mode();
			/* fall through */
		case SIGWINCH:
			terminal_resize();
			found = TERMINAL_RESIZED;
			break;
		default:
			terminal->ended_by = (int)info.ssi_signo;
			return TERMINAL_ENDED;
		}
	}
	return found;
}

static uint32_t terminal_special(wint_t key)
{
	static const struct {
		wint_t from;
		uint32_t to;
	} keys[] = {
		{ KEY_UP, KEY_VIEW_UP }, { KEY_DOWN, KEY_VIEW_DOWN },
		{ KEY_LEFT, KEY_VIEW_LEFT }, { KEY_RIGHT, KEY_VIEW_RIGHT },
		{ KEY_PPAGE, KEY_VIEW_PAGE_UP },
		{ KEY_NPAGE, KEY_VIEW_PAGE_DOWN },
		{ KEY_HOME, KEY_VIEW_HOME }, { KEY_END, KEY_VIEW_END },
		{ KEY_ENTER, KEY_VIEW_ENTER },
		{ KEY_BACKSPACE, KEY_VIEW_ERASE },
		{ KEY_BTAB, KEY_VIEW_BACK_TAB },
		{ KEY_RESIZE, TERMINAL_RESIZED },
	};

	if (key >= KEY_F(1) && key <= KEY_F(12))
		return KEY_VIEW_F1 + key - KEY_F(1);
	for (unsigned i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].from == key)
			return keys[i].to;
	return KEY_NONE;
}

static uint32_t terminal_key(void)
{
	wint_t key;

	switch (get_wch(&key)) {
	case OK:
		return (uint32_t)key;
	case KEY_CODE_YES:
		return terminal_special(key);
	default:
		return TERMINAL_NOTHING;
	}
}

uint32_t terminal_wait(struct terminal *terminal, int timeout_ms)
{
	struct pollfd fds[2] = {
		{ .fd = terminal->signal_fd, .events = POLLIN },
		{ .fd = fileno(terminal->keys), .events = POLLIN },
	};
	uint32_t found = terminal_key();	/* that is there already */

	if (found != TERMINAL_NOTHING)
		return found;
	if (poll(fds, 2, timeout_ms) <= 0)
		return TERMINAL_NOTHING;
	if (fds[0].revents)
		return terminal_signal(terminal);
	found = terminal_key();
	if (found == TERMINAL_NOTHING && fds[1].revents & (POLLHUP | POLLERR))
		return TERMINAL_ENDED;
	return found;
}

/* ---- drawing ---- */

static void terminal_cell(const struct terminal *terminal,
    const struct canvas_cell *cell, unsigned x, unsigned y)
{
	const struct terminal_look *look = &terminal_looks[cell->style];
	wchar_t text[1 + CANVAS_COMBINING_MAX + 1] = { 0 };
	attr_t attrs = terminal->colours == 256 ? look->attrs
						: look->attrs_few;
	cchar_t shown;

	if (cell->chars[0] == 0)
		return;			/* its left half draws it */
	for (unsigned i = 0; i <= CANVAS_COMBINING_MAX; i++)
		text[i] = (wchar_t)cell->chars[i];
	if (setcchar(&shown, text, attrs, terminal->colours
		? (short)(cell->style + 1) : 0, NULL) == OK)
		(void)mvadd_wch((int)y, (int)x, &shown);
}

void terminal_show(struct terminal *terminal, const struct canvas *canvas,
    bool again)
{
	struct canvas *shown = &terminal->shown;
	size_t cells = (size_t)canvas->columns * canvas->rows;

	if (shown->columns != canvas->columns || shown->rows != canvas->rows) {
		if (canvas_resize(shown, canvas->columns, canvas->rows) < 0)
			return;
		again = true;
	}
	if (again)
		(void)clear();
	for (size_t i = 0; i < cells; i++)
		if (again || memcmp(&shown->cells[i], &canvas->cells[i],
			sizeof(*canvas->cells)) != 0)
			terminal_cell(terminal, &canvas->cells[i],
			    (unsigned)(i % canvas->columns),
			    (unsigned)(i / canvas->columns));
	memcpy(shown->cells, canvas->cells, cells * sizeof(*shown->cells));
	(void)refresh();
}
