#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* RFC 4648 §10 */
static const struct {
	const char *plain, *coded;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};
enum { VECTORS = sizeof(vectors) / sizeof(*vectors) };

static void encodes_the_vectors_of_the_rfc(void **state)
{
	(void)state;
	for (int i = 0; i < VECTORS; i++) {
		char out[16] = "";

		base64_encode(slice_cstr(vectors[i].plain), out);
		assert_string_equal(out, vectors[i].coded);
	}
}

static void decodes_with_and_without_padding(void **state)
{
	(void)state;
	for (int i = 0; i < VECTORS; i++) {
		struct slice text = slice_cstr(vectors[i].coded);
		size_t len = strlen(vectors[i].plain);
		char out[16];

		assert_int_equal(base64_decode_to(text, out), len);
		assert_memory_equal(out, vectors[i].plain, len);
		while (text.len && text.data[text.len - 1] == '=')
			text.len--;
		assert_int_equal(base64_decode_to(text, out), len);
	}
}

static void refuses_what_is_not_base64(void **state)
{
	static const char *const bad[] = { "Z", "Zm9vY", "Zm9v=", "====",
		"Z===", "Zm-v", "Zm 9", "Zg=a" };
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(base64_decode_to(slice_cstr(bad[i]), out),
		    -1);
}

static void every_byte_survives(void **state)
{
	char bytes[256], coded[BASE64_LEN(sizeof(bytes))];
	struct arena arena;
	struct slice out;

	(void)state;
	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	arena_init(&arena, NULL, 0, 4096);
	base64_encode((struct slice){ bytes, sizeof(bytes) }, coded);
	assert_true(base64_decode(&arena,
	    (struct slice){ coded, sizeof(coded) }, &out));
	assert_int_equal(out.len, sizeof(bytes));
	assert_memory_equal(out.data, bytes, sizeof(bytes));
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_the_vectors_of_the_rfc),
		cmocka_unit_test(decodes_with_and_without_padding),
		cmocka_unit_test(refuses_what_is_not_base64),
		cmocka_unit_test(every_byte_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
