/* The gate between tokens and text, against a slow model of it: whatever the cuts, the shown text is the same, and no
 * shown piece ends inside a UTF-8 sequence or a stop string. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "engine/gate.h"

static const struct span *spans(struct span *out, const char *const *words, size_t *n)
{
    for (*n = 0; words && words[*n]; ++*n)
        out[*n] = span_z(words[*n]);
    return out;
}

/* Feeds text in pieces of the given lengths (the last repeats). Returns the stop that was found. */
static size_t feed(const char *text, size_t len, const char *const *stops, const size_t *cuts, size_t n_cuts,
                   struct str *shown)
{
    struct span list[8];
    size_t n, stop = 0;
    struct gate g = {.stops = spans(list, stops, &n)};
    g.n_stops = n;
    str_clear(shown);
    for (size_t at = 0, i = 0; at < len && !stop; i++) {
        size_t k = cuts[i < n_cuts ? i : n_cuts - 1];
        if (k > len - at)
            k = len - at;
        size_t before = shown->len;
        stop = gate_add(&g, text + at, k, shown);
        if (!stop && shown->len > before)
            assert_int_equal(utf8_incomplete(shown->at, shown->len), 0);
        at += k;
    }
    if (!stop)
        gate_end(&g, shown);
    gate_release(&g);
    return stop;
}

static void test_plain(void **state)
{
    struct str shown = STR_INIT;
    size_t one = 1;
    (void)state;
    assert_int_equal(feed("hello", 5, NULL, &one, 1, &shown), 0);
    assert_string_equal(shown.at, "hello");
    str_release(&shown);
}

static void test_utf8_is_held_back(void **state)
{
    struct gate g = {0};
    struct str out = STR_INIT;
    (void)state;
    assert_int_equal(gate_add(&g, "a\xF0\x9F", 3, &out), 0);
    assert_string_equal(str_z(&out), "a");
    assert_int_equal(gate_add(&g, "\x98", 1, &out), 0);
    assert_string_equal(str_z(&out), "a");
    assert_int_equal(gate_add(&g,
                              "\x80"
                              "b",
                              2, &out),
                     0);
    assert_string_equal(str_z(&out), "a\xF0\x9F\x98\x80"
                                     "b");
    gate_add(&g, "\xE2\x82", 2, &out); /* never completed: shown at the end as it is */
    gate_end(&g, &out);
    assert_string_equal(str_z(&out), "a\xF0\x9F\x98\x80"
                                     "b\xE2\x82");
    gate_release(&g);
    str_release(&out);
}

static void test_invalid_bytes_pass(void **state)
{
    static const char *const bad[] = {"\x80",
                                      "\xC0\x80",
                                      "\xFF",
                                      "\xF8\x88",
                                      "\xE2"
                                      "a",
                                      "\xC3("};
    struct str shown = STR_INIT;
    size_t one = 1;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        feed(bad[i], strlen(bad[i]), NULL, &one, 1, &shown);
        assert_string_equal(str_z(&shown), bad[i]);
    }
    assert_int_equal(utf8_incomplete("\xC3", 1), 1);
    assert_int_equal(utf8_incomplete("\xF0\x9F\x98", 3), 3);
    assert_int_equal(utf8_incomplete("\xF0\x9F\x98\x80", 4), 0);
    assert_int_equal(utf8_incomplete("\x80\x80\x80\x80", 4), 0);
    assert_int_equal(utf8_incomplete("", 0), 0);
    str_release(&shown);
}

static void test_stops(void **state)
{
    static const char *const end[] = {"END", NULL}, *const several[] = {"ab", "abc", "xyz", NULL},
                             *const nested[] = {"aab", NULL};
    static const size_t cuts[] = {1, 2, 3, 100};
    struct str shown = STR_INIT;
    (void)state;
    for (size_t c = 0; c < 4; c++) {
        assert_int_equal(feed("some ENENDtail", 14, end, &cuts[c], 1, &shown), 1);
        assert_string_equal(shown.at, "some EN");
        assert_int_equal(feed("some EN", 7, end, &cuts[c], 1, &shown), 0);
        assert_string_equal(shown.at, "some EN");
        assert_int_equal(feed("aaab", 4, nested, &cuts[c], 1, &shown), 1);
        assert_string_equal(shown.at, "a");
        assert_int_equal(feed("1xy2xyz", 7, several, &cuts[c], 1, &shown), 3);
        assert_string_equal(shown.at, "1xy2");
        assert_int_equal(feed("END", 3, end, &cuts[c], 1, &shown), 1);
        assert_int_equal(shown.len, 0);
    }
    assert_int_equal(feed("zabc", 4, several, &cuts[3], 1, &shown), 2); /* the longer of two at one place */
    str_release(&shown);
}

static void test_any_cuts_give_the_same(void **state)
{
    static const char *const stops[] = {"\xE2\x82\xAC\xE2\x82\xAC", "aab", "ba\n", NULL};
    static const char *const atoms[] = {"a", "b", "\n", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xC3\xA9", "aa"};
    struct rng r = rng_stream(7, "gate");
    struct str text = STR_INIT, whole = STR_INIT, cut = STR_INIT;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        str_clear(&text);
        for (int i = 0; i < 14; i++)
            str_addz(&text, atoms[rng_below(&r, 7)]);
        size_t everything = text.len, cuts[64];
        for (size_t i = 0; i < 64; i++)
            cuts[i] = 1 + (size_t)rng_below(&r, 4);
        size_t a = feed(text.at, text.len, stops, &everything, 1, &whole);
        size_t b = feed(text.at, text.len, stops, cuts, 64, &cut);
        /* A stop is found as soon as it is complete, so with one early cut a shorter or later-starting one may win; the
         * text before the stop that ends first is what counts. Without stops both show everything. */
        if (!a)
            assert_int_equal(b, 0);
        if (!a)
            assert_string_equal(str_z(&whole), str_z(&cut));
        if (b)
            assert_memory_equal(str_z(&cut), text.at, cut.len);
    }
    str_release(&text);
    str_release(&whole);
    str_release(&cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_utf8_is_held_back),
        cmocka_unit_test(test_stops),
        cmocka_unit_test(test_invalid_bytes_pass),
        cmocka_unit_test(test_any_cuts_give_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
