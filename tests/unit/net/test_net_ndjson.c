/* The NDJSON cutter against a reference, cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "net/ndjson.h"

static bool write_down(void *user, struct span line, uint32_t wire_bytes)
{
    struct str *out = user;
    str_addc(out, '[');
    str_add(out, line.at, line.len);
    str_addf(out, "]%u ", wire_bytes);
    return true;
}

static void reference_cut(const char *p, size_t n, struct str *out)
{
    for (size_t i = 0; i < n;) {
        size_t end = i, from = i;
        while (end < n && p[end] != '\n')
            end++;
        size_t wire = end - i + (end < n), to = end;
        if (i == 0 && end - i >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
            from += 3;
        if (to > from && p[to - 1] == '\r')
            to--;
        if (to > from)
            write_down(out, (struct span){p + from, to - from}, (uint32_t)wire);
        i = end + 1;
    }
}

static void cut_at(const char *p, size_t n, size_t step, size_t first, struct str *out)
{
    struct ndjson s;
    ndjson_init(&s, 1 << 20, write_down, out);
    for (size_t from = 0, to = first; from < n; from = to, to += step) {
        to = to < n ? to : n;
        char *copy = xmalloc(to - from);
        memcpy(copy, p + from, to - from);
        assert_int_equal(ndjson_feed(&s, copy, to - from), NDJSON_OK);
        free(copy);
    }
    assert_int_equal(ndjson_finish(&s), NDJSON_OK);
    ndjson_release(&s);
}

static void check(const char *p, size_t n)
{
    struct str want = STR_INIT, got = STR_INIT;
    reference_cut(p, n, &want);
    for (size_t first = 0; first <= n; first++)
        for (size_t step = 1; step <= n + 1; step += step < 8 ? 1 : n) {
            str_clear(&got);
            cut_at(p, n, step, first, &got);
            assert_string_equal(str_z(&got), str_z(&want));
        }
    str_release(&want);
    str_release(&got);
}

#define CUTS(text) check(text, sizeof text - 1)

static void test_fixed(void **state)
{
    (void)state;
    CUTS("");
    CUTS("{\"a\":1}\n{\"a\":2}\n");
    CUTS("{\"a\":1}\r\n{\"a\":2}\r\n");
    CUTS("\n\n{\"a\":1}\n\r\n\n{\"b\":2}");
    CUTS("\xef\xbb\xbf{\"bom\":1}\n\xef\xbb\xbf{}\n");
    CUTS("\xef\xbb\xbf\n{}\n");
    CUTS("no end");
    CUTS("nul \0 inside\n");
    CUTS("\r");
    CUTS("a\rb\n");
}

static void test_random(void **state)
{
    static const char *const piece[] = {"\n", "\r", "\r\n", "{\"a\":1}", "x", "\xef\xbb\xbf"};
    (void)state;
    struct rng r = rng_stream(2, "ndjson");
    for (int round = 0; round < 1000; round++) {
        struct str in = STR_INIT;
        for (uint64_t i = rng_below(&r, 12); i; i--)
            str_addz(&in, piece[rng_below(&r, sizeof piece / sizeof *piece)]);
        check(str_z(&in), in.len);
        str_release(&in);
    }
}

static void test_limit(void **state)
{
    (void)state;
    static const char text[] = "0123456789\n";
    for (size_t cut = 0; cut <= 11; cut++)
        for (size_t max = 9; max <= 10; max++) {
            struct ndjson s;
            struct str out = STR_INIT;
            ndjson_init(&s, max, write_down, &out);
            enum ndjson_result r = ndjson_feed(&s, text, cut);
            if (!r)
                r = ndjson_feed(&s, text + cut, 11 - cut);
            assert_int_equal(r, max == 10 ? NDJSON_OK : NDJSON_LINE_LIMIT);
            assert_int_equal(ndjson_finish(&s), r);
            ndjson_release(&s);
            str_release(&out);
        }
}

static bool stop_at_once(void *user, struct span line, uint32_t wire_bytes)
{
    (void)line, (void)wire_bytes;
    ++*(int *)user;
    return false;
}

static void test_stop(void **state)
{
    (void)state;
    int n = 0;
    struct ndjson s;
    ndjson_init(&s, 100, stop_at_once, &n);
    assert_int_equal(ndjson_feed(&s, "a\nb\n", 4), NDJSON_STOPPED);
    assert_int_equal(n, 1);
    ndjson_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fixed), cmocka_unit_test(test_random),
                                       cmocka_unit_test(test_limit), cmocka_unit_test(test_stop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
