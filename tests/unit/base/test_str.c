/* Byte strings, spans, distances of words, UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"

static void a_string_grows_and_stays_terminated(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    assert_string_equal(str_z(&s), "");
    str_clear(&s);
    str_add(&s, NULL, 0);
    assert_int_equal(s.len, 0);
    for (int i = 0; i < 1000; i++)
        str_addf(&s, "%d,", i);
    assert_int_equal(s.len, strlen(s.at));
    assert_int_equal(s.len, 10 * 2 + 90 * 3 + 900 * 4);
    str_clear(&s);
    assert_string_equal(str_z(&s), "");
    str_add(&s, "a\0b", 3);
    str_addc(&s, 0);
    str_addz(&s, "c");
    assert_int_equal(s.len, 5);
    assert_memory_equal(s.at, "a\0b\0c", 6);
    str_release(&s);
    str_release(&s);
}

static void detached_bytes_belong_to_the_caller(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    size_t n = 7;
    char *empty = str_detach(&s, &n);
    assert_string_equal(empty, "");
    assert_int_equal(n, 0);
    free(empty);
    str_addz(&s, "text");
    char *text = str_detach(&s, NULL);
    assert_string_equal(text, "text");
    assert_null(s.at);
    assert_int_equal(s.len, 0);
    free(text);
}

static void fitting_gives_back_the_room(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    str_fit(&s);
    str_reserve(&s, 100);
    str_fit(&s);
    assert_null(s.at);
    str_addz(&s, "text");
    str_reserve(&s, 100);
    str_fit(&s);
    assert_string_equal(s.at, "text");
    assert_int_equal(s.cap, 5);
    str_addc(&s, '.');
    assert_string_equal(s.at, "text.");
    char *at = s.at;
    str_fit(&s); /* a few bytes are not worth a call of malloc */
    assert_ptr_equal(s.at, at);
    str_release(&s);
}

static void whole_numbers_in_decimal(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    const int64_t v[] = {0, -1, 10, 1234567890, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        str_addi(&s, v[i]);
        str_addc(&s, ' ');
    }
    assert_string_equal(s.at, "0 -1 10 1234567890 9223372036854775807 -9223372036854775808 ");
    str_release(&s);
}

static void a_format_that_just_fits_and_one_that_does_not(void **state)
{
    (void)state;
    for (size_t n = 1; n < 200; n++) {
        struct str s = STR_INIT;
        str_addz(&s, "ab");
        str_addf(&s, "%0*d|", (int)n, 7);
        assert_int_equal(s.len, 2 + n + 1);
        assert_memory_equal(s.at + s.len - 2, "7|", 3);
        assert_memory_equal(s.at, "ab", 2);
        str_release(&s);
    }
}

static void reserving_makes_room_for_appends_without_a_move(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    str_reserve(&s, 5000);
    assert_string_equal(str_z(&s), "");
    const char *at = s.at;
    for (int i = 0; i < 5000; i++)
        str_addc(&s, 'x');
    assert_ptr_equal(at, s.at);
    str_release(&s);
}

static void spans(void **state)
{
    (void)state;
    assert_true(span_eq_z(span_z("abc"), "abc"));
    assert_false(span_eq_z(span_z("abc"), "ab"));
    assert_false(span_eq_z(span_z("ab"), "abc"));
    assert_true(span_eq_z(SPAN_NONE, ""));
    assert_true(span_starts(SPAN_NONE, ""));
    assert_false(span_starts(SPAN_NONE, "a"));
    assert_true(span_starts(span_z("data: x"), "data:"));
    assert_false(span_starts(span_z("dat"), "data:"));
    assert_true(span_eq_z(span_trim(span_z(" \t\r\na b\v\f ")), "a b"));
    assert_true(span_eq_z(span_trim(span_z("\xC2\xA0x\xC2\xA0")), "\xC2\xA0x\xC2\xA0"));
    assert_int_equal(span_trim(span_z("  ")).len, 0);
    assert_int_equal(span_trim(SPAN_NONE).len, 0);
    assert_int_equal(span_z(NULL).len, 0);
}

static void distances_are_damerau_levenshtein(void **state)
{
    static const struct {
        const char *a, *b;
        int d;
    } cases[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"abc", "", 3},
        {"abc", "abc", 0},
        {"abc", "abd", 1},
        {"abc", "ab", 1},
        {"ab", "ba", 1},
        {"kitten", "sitting", 3},
        {"agents", "agnets", 1},
        {"ca", "abc", 3},
        {"temprature", "temperature", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(word_distance(cases[i].a, cases[i].b), cases[i].d);
        assert_int_equal(word_distance(cases[i].b, cases[i].a), cases[i].d);
    }
    char a[200], b[200];
    memset(a, 'a', 199);
    memset(b, 'b', 199);
    a[199] = b[199] = 0;
    assert_int_equal(word_distance(a, b), 63); /* both are capped */
}

static void suggestions_are_for_typing_errors_only(void **state)
{
    static const char *const words[] = {"run", "load", "agent", "report", "compare", "calibrate", "ttft"};
    (void)state;
    size_t n = sizeof words / sizeof *words;
    assert_string_equal(word_suggest("reprot", words, n), "report");
    assert_string_equal(word_suggest("agents", words, n), "agent");
    assert_string_equal(word_suggest("calbirate", words, n), "calibrate");
    assert_string_equal(word_suggest("TTFT", words, n), "ttft");
    assert_string_equal(word_suggest("Run", words, n), "run");
    assert_null(word_suggest("zebra", words, n));
    assert_null(word_suggest("x", words, n));
    assert_null(word_suggest("", words, n));
    assert_null(word_suggest("run", words, 0));
    static const char *const letters[] = {"o"};
    assert_null(word_suggest("j", letters, 1)); /* another letter is another word */
}

static void utf8_is_rfc_3629(void **state)
{
    static const struct {
        const char *bytes;
        size_t n, len;
        uint32_t code;
    } cases[] = {
        {"A", 1, 1, 'A'},
        {"\0", 1, 1, 0},
        {"\x7F", 1, 1, 0x7F},
        {"\xC2\x80", 2, 2, 0x80},
        {"\xDF\xBF", 2, 2, 0x7FF},
        {"\xE0\xA0\x80", 3, 3, 0x800},
        {"\xEF\xBF\xBD", 3, 3, 0xFFFD},
        {"\xED\x9F\xBF", 3, 3, 0xD7FF},
        {"\xF0\x90\x80\x80", 4, 4, 0x10000},
        {"\xF4\x8F\xBF\xBF", 4, 4, 0x10FFFF},
        {"", 0, 0, 0},
        {"\x80", 1, 0, 0},     /* a continuation first */
        {"\xC0\x80", 2, 0, 0}, /* overlong */
        {"\xC1\xBF", 2, 0, 0},
        {"\xE0\x9F\xBF", 3, 0, 0},
        {"\xF0\x8F\xBF\xBF", 4, 0, 0},
        {"\xED\xA0\x80", 3, 0, 0},     /* a surrogate */
        {"\xF4\x90\x80\x80", 4, 0, 0}, /* over U+10FFFF */
        {"\xF5\x80\x80\x80", 4, 0, 0},
        {"\xFF", 1, 0, 0},
        {"\xE2\x82", 2, 0, 0}, /* cut off */
        {"\xE2\x82\x41", 3, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t code = 0;
        assert_int_equal(utf8_next(cases[i].bytes, cases[i].n, &code), cases[i].len);
        assert_int_equal(code, cases[i].code);
        assert_int_equal(utf8_next(cases[i].bytes, cases[i].n, NULL), cases[i].len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_grows_and_stays_terminated),
        cmocka_unit_test(detached_bytes_belong_to_the_caller),
        cmocka_unit_test(fitting_gives_back_the_room),
        cmocka_unit_test(whole_numbers_in_decimal),
        cmocka_unit_test(a_format_that_just_fits_and_one_that_does_not),
        cmocka_unit_test(reserving_makes_room_for_appends_without_a_move),
        cmocka_unit_test(spans),
        cmocka_unit_test(distances_are_damerau_levenshtein),
        cmocka_unit_test(suggestions_are_for_typing_errors_only),
        cmocka_unit_test(utf8_is_rfc_3629),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
