#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dashboard/page.h"

static struct buf out;

static void assert_written(const char *expected)
{
	buf_append_char(&out, '\0');
	assert_false(out.failed);
	assert_string_equal(out.data, expected);
	buf_free(&out);
}

static void assert_escaped(const char *text, const char *expected)
{
	page_escape(&out, slice_cstr(text));
	assert_written(expected);
}

static void text_cannot_become_markup(void **state)
{
	(void)state;
	assert_escaped("", "");
	assert_escaped("/index.html", "/index.html");
	assert_escaped("<script>alert(1)</script>",
	    "&lt;script&gt;alert(1)&lt;/script&gt;");
	assert_escaped("\" onload='x' &amp;",
	    "&quot; onload=&#39;x&#39; &amp;amp;");
}

static void control_bytes_are_shown(void **state)
{
	(void)state;
	assert_escaped("a\x1b[31m\r\n\x7f", "a\\x1B[31m\\x0D\\x0A\\x7F");
	assert_escaped("\xc2\x9b", "\\xC2\\x9B");
	page_escape(&out, (struct slice){ "a\0b", 3 });
	assert_written("a\\x00b");
}

static void what_is_not_utf8_is_shown_byte_by_byte(void **state)
{
	(void)state;
	assert_escaped("\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac");
	assert_escaped("\xff<\xc3", "\\xFF&lt;\\xC3");
	assert_escaped("\xc0\xbc", "\\xC0\\xBC");
	assert_escaped("\xe2\x82<", "\\xE2\\x82&lt;");
}

static void counts_have_commas(void **state)
{
	(void)state;
	page_count(&out, 0);
	assert_written("0");
	page_count(&out, 999);
	assert_written("999");
	page_count(&out, 1000);
	assert_written("1,000");
	page_count(&out, UINT64_MAX);
	assert_written("18,446,744,073,709,551,615");
}

static void assert_seconds(double seconds, const char *expected)
{
	page_seconds(&out, seconds);
	assert_written(expected);
}

static void durations_have_the_unit_that_suits(void **state)
{
	(void)state;
	assert_seconds(0, "0 ms");
	assert_seconds(0.000012, "12.0 \xc2\xb5s");
	assert_seconds(0.0009994, "999 \xc2\xb5s");
	assert_seconds(0.0009996, "1.00 ms");
	assert_seconds(0.0234, "23.4 ms");
	assert_seconds(0.9996, "1.00 s");
	assert_seconds(9.996, "10.0 s");
	assert_seconds(1000, "1000 s");
	assert_seconds(-1, "\xe2\x80\x93");
	assert_seconds(0.0 / 0.0, "\xe2\x80\x93");
}

static void sizes_have_the_unit_that_suits(void **state)
{
	(void)state;
	page_bytes(&out, 1023);
	assert_written("1023 B");
	page_bytes(&out, 1024);
	assert_written("1.00 KiB");
	page_bytes(&out, 1536 << 10);
	assert_written("1.50 MiB");
	page_bytes(&out, UINT64_MAX);
	assert_written("16.0 EiB");
}

/* ---- whole pages ---- */

#define HOSTILE "/<img src=x onerror=alert(1)>\x1b]0;\"'"

static bool page_has(const char *text)
{
	return memmem(out.data, out.len, text, strlen(text)) != NULL;
}

static void a_page_holds_what_clients_sent_as_text(void **state)
{
	Ringmaster__V1__Snapshot snapshot = RINGMASTER__V1__SNAPSHOT__INIT;
	Ringmaster__V1__Request request = RINGMASTER__V1__REQUEST__INIT;
	Ringmaster__V1__Request *requests[] = { &request };
	Ringmaster__V1__Server server = RINGMASTER__V1__SERVER__INIT;
	Ringmaster__V1__Server *servers[] = { &server };
	Ringmaster__V1__Mark mark = RINGMASTER__V1__MARK__INIT;
	Ringmaster__V1__Mark *marks[] = { &mark };

	(void)state;
	request.path = request.method = request.client_ip = HOSTILE;
	request.status = 404;
	server.name = mark.text = HOSTILE;
	snapshot.n_recent_requests = snapshot.n_servers = snapshot.n_marks = 1;
	snapshot.recent_requests = requests;
	snapshot.servers = servers;
	snapshot.marks = marks;
	snapshot.total_requests = 1234;
	page_write(&out, &snapshot);
	assert_false(out.failed);
	assert_false(page_has("<img src=x"));
	assert_false(page_has("\x1b"));
	assert_true(page_has("&lt;img src=x onerror=alert(1)&gt;\\x1B]0;"));
	assert_true(page_has("1,234 requests"));
	assert_true(page_has("404 client error"));
	assert_true(page_has("No worker is running"));
	buf_free(&out);
}

static void pages_hold_neither_script_nor_style(void **state)
{
	Ringmaster__V1__Snapshot snapshot = RINGMASTER__V1__SNAPSHOT__INIT;

	(void)state;
	page_write(&out, &snapshot);
	page_write_error(&out, 404, SLICE("<b>no</b>"));
	page_write_confirm(&out, "Sure?", "/toggle_cache");
	assert_false(out.failed);
	assert_false(page_has("<script"));
	assert_false(page_has("<style"));
	assert_false(page_has(" style="));
	assert_false(page_has("<b>no"));
	assert_true(page_has("action=\"/toggle_cache\""));
	assert_true(page_has("None yet."));
	buf_free(&out);
}

static void statuses_that_are_none_count_as_aborted(void **state)
{
	static const unsigned statuses[] = { 0, 99, 600, 65535 };
	Ringmaster__V1__Snapshot snapshot = RINGMASTER__V1__SNAPSHOT__INIT;
	Ringmaster__V1__Request request = RINGMASTER__V1__REQUEST__INIT;
	Ringmaster__V1__Request *requests[] = { &request };

	(void)state;
	snapshot.n_recent_requests = 1;
	snapshot.recent_requests = requests;
	for (unsigned i = 0; i < 4; i++) {
		request.status = statuses[i];
		page_write(&out, &snapshot);
		assert_true(page_has("status aborted"));
		buf_free(&out);
	}
}

static int init(void **state)
{
	(void)state;
	out = buf_make(1 << 20);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_cannot_become_markup),
		cmocka_unit_test(control_bytes_are_shown),
		cmocka_unit_test(what_is_not_utf8_is_shown_byte_by_byte),
		cmocka_unit_test(counts_have_commas),
		cmocka_unit_test(durations_have_the_unit_that_suits),
		cmocka_unit_test(sizes_have_the_unit_that_suits),
		cmocka_unit_test(a_page_holds_what_clients_sent_as_text),
		cmocka_unit_test(pages_hold_neither_script_nor_style),
		cmocka_unit_test(statuses_that_are_none_count_as_aborted),
	};

	return cmocka_run_group_tests(tests, init, NULL);
}
