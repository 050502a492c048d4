/* The JSON writer against yyjson as its reader, and bounded reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"
#include "format/json.h"

static void a_document_is_written_as_expected(void **state)
{
    (void)state;
    struct str out = STR_INIT;
    struct json_writer w;
    json_init(&w, &out);
    json_object(&w);
    json_kz(&w, "name", "a\"b\\c\n\t\r\x01\x7F/");
    json_kz(&w, "none", NULL);
    json_knull(&w, "null");
    json_kint(&w, "int", INT64_MIN);
    json_kdouble(&w, "nan", NAN);
    json_kdouble(&w, "half", 0.5);
    json_kbool(&w, "yes", true);
    json_key(&w, "list");
    json_array(&w);
    json_array(&w);
    json_array_end(&w);
    json_object(&w);
    json_object_end(&w);
    json_raw(&w, "{\"raw\":1}", 9);
    json_text(&w, "\0", 1);
    json_array_end(&w);
    json_object_end(&w);
    assert_string_equal(str_z(&out), "{\"name\":\"a\\\"b\\\\c\\n\\t\\r\\u0001\\u007f/\",\"none\":null,\"null\":null,"
                                     "\"int\":-9223372036854775808,\"nan\":null,\"half\":0.5,\"yes\":true,"
                                     "\"list\":[[],{},{\"raw\":1},\"\\u0000\"]}");
    yyjson_doc *doc = json_read(str_z(&out), out.len, NULL, NULL);
    assert_non_null(doc);
    yyjson_doc_free(doc);
    str_release(&out);
}

/* Strings are written in blocks: a byte that does not stand for itself must be found at every place of every length. */
static void odd_bytes_anywhere(void **state)
{
    (void)state;
    static const char odd[] = {'"', '\\', '\x1F', '\x7F', '\0', ' ', '~', '!', '#', '['};
    char text[40];
    for (size_t n = 1; n <= sizeof text; n++)
        for (size_t at = 0; at < n; at++)
            for (size_t k = 0; k < sizeof odd; k++) {
                struct str out = STR_INIT;
                struct json_writer w;
                memset(text, 'a', sizeof text);
                text[at] = odd[k];
                json_init(&w, &out);
                json_text(&w, text, n);
                yyjson_doc *doc = json_read(str_z(&out), out.len, NULL, NULL);
                yyjson_val *v = yyjson_doc_get_root(doc);
                assert_int_equal(yyjson_get_len(v), n);
                assert_memory_equal(yyjson_get_str(v), text, n);
                bool plain = odd[k] == ' ' || odd[k] == '~' || odd[k] == '!' || odd[k] == '#' || odd[k] == '[';
                assert_int_equal(out.len == n + 2, plain);
                yyjson_doc_free(doc);
                str_release(&out);
            }
}

static void doubles_come_back_the_same(void **state)
{
    static const double cases[] = {0,
                                   -0.0,
                                   1,
                                   -1,
                                   0.1,
                                   1.0 / 3,
                                   1e15,
                                   1e16,
                                   123456789012345680.0,
                                   5e-324,
                                   1.7976931348623157e308,
                                   2.2250738585072014e-308,
                                   46.53,
                                   1e-7};
    (void)state;
    struct rng r = rng_stream(1, "doubles");
    struct str out = STR_INIT;
    struct json_writer w;
    for (size_t i = 0; i < 5000; i++) {
        double v;
        uint64_t bits = rng_u64(&r);
        memcpy(&v, &bits, sizeof v);
        if (i < sizeof cases / sizeof *cases)
            v = cases[i];
        str_clear(&out);
        json_init(&w, &out);
        json_double(&w, v);
        yyjson_doc *doc = json_read(str_z(&out), out.len, NULL, NULL);
        assert_non_null(doc);
        if (isfinite(v))
            assert_true(yyjson_get_num(yyjson_doc_get_root(doc)) == v);
        else
            assert_true(yyjson_is_null(yyjson_doc_get_root(doc)));
        yyjson_doc_free(doc);
    }
    str_release(&out);
}

static void any_bytes_become_a_valid_string(void **state)
{
    (void)state;
    struct rng r = rng_stream(2, "bytes");
    struct str out = STR_INIT;
    struct json_writer w;
    for (int i = 0; i < 2000; i++) {
        char bytes[24];
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (char)rng_u64(&r);
        str_clear(&out);
        json_init(&w, &out);
        json_text(&w, bytes, (size_t)rng_below(&r, sizeof bytes + 1));
        struct err e = ERR_INIT;
        yyjson_doc *doc = json_read(str_z(&out), out.len, NULL, &e);
        if (!doc)
            fail_msg("%s", e.text);
        yyjson_doc_free(doc);
    }
    str_clear(&out);
    json_init(&w, &out);
    json_text(&w, "a\xC3(\xE2\x82\xAC\xED\xA0\x80", 9);
    assert_string_equal(str_z(&out), "\"a\xEF\xBF\xBD(\xE2\x82\xAC\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    str_release(&out);
}

/* Runs fn in a child: a bug aborts. */
static bool aborts(void (*fn)(struct json_writer *))
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct str out = STR_INIT;
        struct json_writer w;
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        json_init(&w, &out);
        fn(&w);
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status);
}

static void value_without_key(struct json_writer *w)
{
    json_object(w);
    json_int(w, 1);
}

static void key_in_a_list(struct json_writer *w)
{
    json_array(w);
    json_key(w, "k");
}

static void two_keys(struct json_writer *w)
{
    json_object(w);
    json_key(w, "a");
    json_key(w, "b");
}

static void wrong_end(struct json_writer *w)
{
    json_object(w);
    json_array_end(w);
}

static void end_without_start(struct json_writer *w)
{
    json_object_end(w);
}

static void key_without_value(struct json_writer *w)
{
    json_object(w);
    json_key(w, "a");
    json_object_end(w);
}

static void too_deep(struct json_writer *w)
{
    for (int i = 0; i <= JSON_MAX_DEPTH; i++)
        json_array(w);
}

static void just_deep_enough(struct json_writer *w)
{
    for (int i = 0; i < JSON_MAX_DEPTH; i++)
        json_array(w);
    for (int i = 0; i < JSON_MAX_DEPTH; i++)
        json_array_end(w);
}

static void misuse_is_a_bug(void **state)
{
    (void)state;
    assert_true(aborts(value_without_key));
    assert_true(aborts(key_in_a_list));
    assert_true(aborts(two_keys));
    assert_true(aborts(wrong_end));
    assert_true(aborts(end_without_start));
    assert_true(aborts(key_without_value));
    assert_true(aborts(too_deep));
    assert_false(aborts(just_deep_enough));
}

static void reading_is_bounded_and_says_where(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    assert_null(json_read("{\"a\": 1,\n \"b\": }", 16, NULL, &e));
    assert_int_equal(e.code, ERR_INPUT);
    assert_int_equal(e.line, 2);
    assert_true(e.column >= 6 && e.column <= 7);
    err_clear(&e);
    assert_null(json_read("", 0, NULL, &e));
    assert_int_equal(e.code, ERR_INPUT);
    err_clear(&e);
    assert_null(json_read("{\"a\":1} x", 9, NULL, &e));
    err_clear(&e);
    assert_null(json_read("\"\xC3(\"", 4, NULL, &e));
    err_clear(&e);
    struct str deep = STR_INIT;
    for (int i = 0; i < 100000; i++)
        str_addc(&deep, '[');
    assert_null(json_read(deep.at, deep.len, NULL, &e));
    assert_int_equal(e.code, ERR_LIMIT);
    str_clear(&deep);
    for (int i = 0; i < JSON_MAX_DEPTH; i++)
        str_addc(&deep, '[');
    str_addz(&deep, "\"[[[[[[[[\\\"[[[\"");
    for (int i = 0; i < JSON_MAX_DEPTH; i++)
        str_addc(&deep, ']');
    yyjson_doc *doc = json_read(deep.at, deep.len, NULL, NULL); /* brackets in text do not count */
    assert_non_null(doc);
    yyjson_doc_free(doc);
    str_release(&deep);
    assert_null(json_read("[", 1, NULL, NULL));
    assert_null(json_read_z(NULL));
    assert_null(json_read_z(""));
    doc = json_read_z("{\"k\":3}");
    assert_int_equal(json_get_int(yyjson_doc_get_root(doc), "k", 0), 3);
    yyjson_doc_free(doc);
}

static void getters_have_defaults(void **state)
{
    static const char text[] =
        "{\"i\":-5,\"u\":18446744073709551615,\"d\":2.9,\"huge\":1e300,\"s\":\"x\\u0000y\",\"b\":true,"
        "\"n\":null,\"o\":{}}";
    (void)state;
    yyjson_doc *doc = json_read(text, sizeof text - 1, NULL, NULL);
    yyjson_val *v = yyjson_doc_get_root(doc);
    assert_int_equal(json_get_int(v, "i", 9), -5);
    assert_int_equal(json_get_int(v, "u", 9), 9);
    assert_int_equal(json_get_int(v, "d", 9), 2);
    assert_int_equal(json_get_int(v, "huge", 9), 9);
    assert_int_equal(json_get_int(v, "s", 9), 9);
    assert_int_equal(json_get_int(v, "absent", 9), 9);
    assert_int_equal(json_get_int(NULL, "i", 9), 9);
    assert_true(json_get_double(v, "d", 0) == 2.9);
    assert_true(json_get_double(v, "i", 0) == -5);
    assert_true(json_get_double(v, "n", 7) == 7);
    assert_true(json_get_bool(v, "b", false));
    assert_true(json_get_bool(v, "i", true));
    struct span s = json_get_text(v, "s");
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.at, "x\0y", 3);
    assert_null(json_get_text(v, "i").at);
    assert_null(json_get_text(v, "absent").at);
    yyjson_doc_free(doc);
}

static void a_pool_reads_without_allocation(void **state)
{
    static char memory[4096];
    static const char text[] = "{\"response\":\"hello\",\"done\":false}";
    (void)state;
    for (int i = 0; i < 3; i++) {
        yyjson_alc pool;
        assert_true(yyjson_alc_pool_init(&pool, memory, sizeof memory));
        yyjson_doc *doc = json_read(text, sizeof text - 1, &pool, NULL);
        assert_non_null(doc);
        assert_true(span_eq_z(json_get_text(yyjson_doc_get_root(doc), "response"), "hello"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_written_as_expected),
        cmocka_unit_test(doubles_come_back_the_same),
        cmocka_unit_test(any_bytes_become_a_valid_string),
        cmocka_unit_test(misuse_is_a_bug),
        cmocka_unit_test(odd_bytes_anywhere),
        cmocka_unit_test(reading_is_bounded_and_says_where),
        cmocka_unit_test(getters_have_defaults),
        cmocka_unit_test(a_pool_reads_without_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
