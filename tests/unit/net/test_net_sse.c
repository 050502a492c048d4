/* The SSE cutter against a reference that sees the whole input at once: fixed cases cut at every byte, then random
 * streams of the characters that matter, cut at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "net/sse.h"

/* ---- what a cutter said, as text ---- */

static bool write_down(void *user, const struct sse_event *ev)
{
    struct str *out = user;
    str_addf(out, "%s[", ev->comment ? "#" : "");
    str_add(out, ev->name.at, ev->name.len);
    str_addz(out, "=");
    str_add(out, ev->data.at, ev->data.len);
    str_addf(out, "]%u ", ev->wire_bytes);
    return true;
}

/* ---- the reference: one pass over a list of lines ---- */

struct reference {
    struct str *out, data, name;
    bool has_data;
    size_t wire;
};

static void reference_dispatch(struct reference *r)
{
    if (r->has_data) {
        struct sse_event ev = {.data = {str_z(&r->data), r->data.len ? r->data.len - 1 : 0},
                               .name = {str_z(&r->name), r->name.len},
                               .wire_bytes = (uint32_t)r->wire};
        write_down(r->out, &ev);
    }
    str_clear(&r->data);
    str_clear(&r->name);
    r->has_data = false;
    r->wire = 0;
}

static void reference_line(struct reference *r, const char *at, size_t n, size_t wire)
{
    if (!n) {
        r->wire += r->wire ? wire : 0;
        reference_dispatch(r);
        return;
    }
    size_t field = 0;
    while (field < n && at[field] != ':')
        field++;
    size_t from = field + (field < n);
    from += from < n && at[from] == ' ';
    struct span value = {at + from, n - from};
    if (!field) {
        struct sse_event ev = {.data = value, .name = {"", 0}, .wire_bytes = (uint32_t)wire, .comment = true};
        write_down(r->out, &ev);
        return;
    }
    r->wire += wire;
    bool error = field == 5 && !memcmp(at, "error", 5);
    if (error || (field == 5 && !memcmp(at, "event", 5))) {
        str_clear(&r->name);
        str_add(&r->name, error ? "error" : value.at, error ? 5 : value.len);
    }
    if (error || (field == 4 && !memcmp(at, "data", 4))) {
        str_add(&r->data, value.at, value.len);
        str_addc(&r->data, '\n');
        r->has_data = true;
    }
}

static void reference_cut(const char *p, size_t n, struct str *out)
{
    struct reference r = {.out = out};
    size_t i = n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3) ? 3 : 0;
    while (i < n) {
        size_t end = i;
        while (end < n && p[end] != '\r' && p[end] != '\n')
            end++;
        reference_line(&r, p + i, end - i, end - i + (end < n));
        i = end + 1;
        if (end + 1 < n && p[end] == '\r' && p[end + 1] == '\n')
            i++;
    }
    reference_dispatch(&r);
    str_release(&r.data);
    str_release(&r.name);
}

/* ---- the cutter, fed pieces that live only during the feed ---- */

static enum sse_result feed_copy(struct sse *s, const char *p, size_t n)
{
    char *copy = xmalloc(n); /* of its own, so that a kept pointer into it is found by ASan */
    memcpy(copy, p, n);
    enum sse_result r = sse_feed(s, copy, n);
    free(copy);
    return r;
}

static void cut_at(const char *p, size_t n, const size_t *cuts, size_t n_cuts, struct str *out)
{
    struct sse s;
    size_t from = 0;
    sse_init(&s, 1 << 20, 8 << 20, write_down, out);
    for (size_t i = 0; i <= n_cuts; i++) {
        size_t to = i < n_cuts ? cuts[i] : n;
        assert_int_equal(feed_copy(&s, p + from, to - from), SSE_OK);
        from = to;
    }
    assert_int_equal(sse_finish(&s), SSE_OK);
    sse_release(&s);
}

static void check_all_cuts(const char *p, size_t n)
{
    struct str want = STR_INIT, got = STR_INIT;
    size_t every[512];
    reference_cut(p, n, &want);
    for (size_t a = 0; a <= n; a++)
        for (size_t b = a; b <= n; b += n > 60 ? n : 1) {
            str_clear(&got);
            cut_at(p, n, (size_t[]){a, b}, 2, &got);
            assert_string_equal(str_z(&got), str_z(&want));
        }
    assert_true(n <= 512);
    for (size_t i = 0; i < n; i++)
        every[i] = i;
    str_clear(&got);
    cut_at(p, n, every, n, &got);
    assert_string_equal(str_z(&got), str_z(&want));
    str_release(&want);
    str_release(&got);
}

#define CUTS(text) check_all_cuts(text, sizeof text - 1)

static void test_fixed_streams(void **state)
{
    (void)state;
    CUTS("");
    CUTS("data: {\"a\":1}\n\ndata: [DONE]\n\n");
    CUTS("data: a\r\n\r\ndata: b\r\n\r\n");
    CUTS("data: a\r\rdata: b\r\r");
    CUTS("data: a\n\r\ndata: b\r\r\ndata: c\r\n\rdata: d\n\n");
    CUTS("\xef\xbb\xbf"
         "data: bom\n\n");
    CUTS("\xef\xbb"
         "data: not a mark\n\n");
    CUTS("\xef\xbb\xbf\xef\xbb\xbf"
         "data: second mark\n\n");
    CUTS("\xef\xbb");
    CUTS(": ping\n\n:ping\n: \ndata: x\n\n");
    CUTS("data: one\ndata: two\ndata:three\ndata\n\n");
    CUTS("event: message_start\ndata: {}\n\nevent: ping\ndata: {}\n\n");
    CUTS("data: {}\nevent: late\nevent: later\n\n");
    CUTS("event: no data\n\ndata: x\n\n");
    CUTS("id: 7\nretry: 10\ndata: x\nunknown: y\nno colon\n\n");
    CUTS("data:\n\ndata: \n\ndata:  two spaces\n\n");
    CUTS("data: no final blank line\n");
    CUTS("data: no final line end");
    CUTS("data: a\n\n\n\n\n\ndata: b\n\n");
    CUTS("error: {\"code\":500}\n\n");
    CUTS("data: nul \0 inside\n\n");
    CUTS("data: split \xf0\x9f\x98\x80 utf-8\n\ndata: bad \xff\xfe\n\n");
    CUTS("data: a\n: comment inside\ndata: b\n\n");
}

static void test_random_streams(void **state)
{
    static const char *const piece[] = {"data: ", "data",    ":", " ",         "\n",      "\r",           "\r\n",
                                        "\n\n",   "event: ", "x", "{\"a\":1}", "error: ", "\xef\xbb\xbf", "id: 3"};
    (void)state;
    struct rng r = rng_stream(1, "sse");
    for (int round = 0; round < 3000; round++) {
        struct str in = STR_INIT, want = STR_INIT, got = STR_INIT;
        size_t cuts[64], n_cuts = 0;
        for (uint64_t i = rng_below(&r, 40); i; i--)
            str_addz(&in, piece[rng_below(&r, sizeof piece / sizeof *piece)]);
        for (size_t at = 0; at < in.len && n_cuts < 64; at += 1 + rng_below(&r, 9))
            cuts[n_cuts++] = at;
        reference_cut(str_z(&in), in.len, &want);
        cut_at(str_z(&in), in.len, cuts, n_cuts, &got);
        assert_int_equal(got.len, want.len);
        assert_memory_equal(str_z(&got), str_z(&want), want.len);
        str_release(&in);
        str_release(&want);
        str_release(&got);
    }
}

/* A line may be exactly line_max long, an event's data exactly event_max, however they are cut. */
static enum sse_result limited(const char *p, size_t n, size_t line_max, size_t event_max, size_t cut)
{
    struct sse s;
    struct str out = STR_INIT;
    sse_init(&s, line_max, event_max, write_down, &out);
    enum sse_result r = feed_copy(&s, p, cut);
    if (!r)
        r = feed_copy(&s, p + cut, n - cut);
    if (!r)
        r = sse_finish(&s);
    else
        assert_int_not_equal(sse_feed(&s, "x", 1), SSE_OK); /* stays broken */
    sse_release(&s);
    str_release(&out);
    return r;
}

static void test_limits(void **state)
{
    (void)state;
    static const char line[] = "data: 0123456789\n\n", event[] = "data: 01234\ndata: 56789\n\n";
    for (size_t cut = 0; cut < sizeof line - 1; cut++) {
        assert_int_equal(limited(line, sizeof line - 1, 16, 100, cut), SSE_OK);
        assert_int_equal(limited(line, sizeof line - 1, 15, 100, cut), SSE_LINE_LIMIT);
    }
    for (size_t cut = 0; cut < sizeof event - 1; cut++) {
        assert_int_equal(limited(event, sizeof event - 1, 100, 11, cut), SSE_OK);
        assert_int_equal(limited(event, sizeof event - 1, 100, 10, cut), SSE_EVENT_LIMIT);
    }
    struct str endless = STR_INIT;
    for (int i = 0; i < 1000; i++)
        str_addz(&endless, "id: 1\n");
    assert_int_equal(limited(endless.at, endless.len, 100, 100, 10), SSE_EVENT_LIMIT);
    str_release(&endless);
}

static bool stop_at_second(void *user, const struct sse_event *ev)
{
    (void)ev;
    return ++*(int *)user < 2;
}

static void test_stop(void **state)
{
    (void)state;
    int n = 0;
    struct sse s;
    sse_init(&s, 100, 100, stop_at_second, &n);
    assert_int_equal(sse_feed(&s, "data: a\n\ndata: b\n\ndata: c\n\n", 27), SSE_STOPPED);
    assert_int_equal(n, 2);
    sse_release(&s);
}

static bool in_place(void *user, const struct sse_event *ev)
{
    const char **range = user;
    assert_true(ev->data.at >= range[0] && ev->data.at + ev->data.len <= range[1]);
    assert_true(!ev->name.len || (ev->name.at >= range[0] && ev->name.at < range[1]));
    return true;
}

/* Events inside one feed are not copied. */
static void test_zero_copy(void **state)
{
    (void)state;
    static const char text[] = "event: a\ndata: {\"x\":1}\n\n: c\ndata: 2\r\n\r\n";
    const char *range[2] = {text, text + sizeof text - 1};
    struct sse s;
    sse_init(&s, 100, 100, in_place, range);
    assert_int_equal(sse_feed(&s, text, sizeof text - 1), SSE_OK);
    sse_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed_streams), cmocka_unit_test(test_random_streams), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_stop),          cmocka_unit_test(test_zero_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
