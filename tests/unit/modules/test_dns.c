/*
 * Messages of the domain name system: what may be asked, and which answers
 * are to the question.
 */

#include "modules/dns.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A name of labels of 63 and what is left. */
static struct slice long_name(char *to, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = i % 64 == 63 ? '.' : 'a';
	return (struct slice){ to, len };
}

static void names_have_limits(void **state)
{
	char name[DNS_NAME_SIZE], text[300];

	(void)state;
	assert_true(dns_name_make(SLICE("A_b-1.Example."), name));
	assert_string_equal(name, "a_b-1.example");
	assert_true(dns_name_make(long_name(text, 63), name));
	assert_true(dns_name_make(long_name(text, 253), name));
	assert_false(dns_name_make(long_name(text, 255), name));
	memset(text, 'a', 64);
	assert_false(dns_name_make((struct slice){ text, 64 }, name));
	assert_false(dns_name_make(SLICE(""), name));
	assert_false(dns_name_make(SLICE("."), name));
	assert_false(dns_name_make(SLICE("a..b"), name));
	assert_false(dns_name_make(SLICE(".a"), name));
	assert_false(dns_name_make(SLICE("a b"), name));
	assert_false(dns_name_make(SLICE("a\0b"), name));
	assert_false(dns_name_make(SLICE("a\\.b"), name));
}

/* The longest name makes the longest question. */
static void questions(void **state)
{
	static const uint8_t expected[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0"
	    "\1a\2bc\0\0\34\0\1";
	struct dns_question question;
	char name[DNS_NAME_SIZE], text[300];

	(void)state;
	assert_true(dns_question_make("a.bc", true, 0x1234, &question));
	assert_int_equal(question.len, sizeof(expected) - 1);
	assert_memory_equal(question.query, expected, question.len);
	assert_true(dns_name_make(long_name(text, 253), name));
	assert_true(dns_question_make(name, false, 1, &question));
	assert_int_equal(question.len, DNS_QUERY_SIZE);
}

#define HEAD "\x12\x34\x81\x80\0\1\0\1\0\0\0\0"
#define QUESTION "\1a\0\0\1\0\1"
#define RECORD "\xc0\x0c\0\1\0\1\0\0\0\5\0\4\x7f\0\0\1"

static bool answers(struct slice message, struct dns_answer *answer)
{
	struct dns_question question;

	assert_true(dns_question_make("a", false, 0x1234, &question));
	memset(answer, 0, sizeof(*answer));
	return dns_answer_add(message, "a", &question, answer);
}

static void answers_to_the_question_count(void **state)
{
	const struct slice whole = SLICE(HEAD QUESTION RECORD);
	struct dns_answer answer;
	char text[sizeof(HEAD QUESTION RECORD)];

	(void)state;
	assert_true(answers(whole, &answer));
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.ttl, 5);
	assert_int_equal(answer.addresses[0].in.sin_addr.s_addr,
	    htonl(0x7f000001));
	for (size_t len = 0; len < whole.len; len++) {
		/* Cut anywhere; on the heap, so that reading on is seen. */
		char *cut = test_malloc(len + 1);

		memcpy(cut, whole.data, len);
		assert_false(answers((struct slice){ cut, len }, &answer));
		assert_int_equal(answer.count, 0);
		test_free(cut);
	}
	/* Another number, no answer at all, another name or kind. */
	for (unsigned at = 0; at < sizeof(HEAD QUESTION) - 1; at++) {
		if (at != 0 && at != 2 && at != 13 && at != 16)
			continue;
		memcpy(text, whole.data, whole.len);
		text[at] = (char)(text[at] ^ 0x80);
		assert_false(answers((struct slice){ text, whole.len },
		    &answer));
	}
}

static void failures_and_what_is_cut(void **state)
{
	struct dns_answer answer;

	(void)state;
	assert_true(answers(SLICE("\x12\x34\x81\x83\0\1\0\0\0\0\0\0"
	    QUESTION), &answer));
	assert_int_equal(answer.code, DNS_NOT_FOUND);
	assert_true(answers(SLICE("\x12\x34\x83\x80\0\1\0\1\0\0\0\0"
	    QUESTION RECORD), &answer));
	assert_true(answer.truncated);
	assert_int_equal(answer.count, 0);
	assert_true(answers(SLICE(HEAD QUESTION
	    "\xc0\x0c\0\5\0\1\0\0\0\5\0\4\2Bc\0"), &answer));
	assert_string_equal(answer.alias, "bc");
	assert_string_equal(dns_code_text(answer.code), "Unknown error");
	assert_string_equal(dns_code_text(DNS_TIMED_OUT),
	    "Operation timed out");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_limits),
		cmocka_unit_test(questions),
		cmocka_unit_test(answers_to_the_question_count),
		cmocka_unit_test(failures_and_what_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
