/* The live view as bytes: terminals of three widths, with and without UTF-8 and colour, few rows, hostile names; one line;
 * JSON. And the screen: what a terminal shows after it was painted twice. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "format/json.h"
#include "format/width.h"
#include "live/screen.h"
#include "live/view.h"
#include "record/verdict.h"

static struct live_view fixture(void)
{
    return (struct live_view){
        .state = LIVE_MEASURING,
        .study = "duet",
        .blocks = 3,
        .planned = 9,
        .complete = 4,
        .aborted = 1,
        .verdicts = {3, 1, 0},
        .eta = {754LL * NS_PER_S, "median of 4 runs"},
        .arm = "two-servers",
        .position = 4,
        .block = 1,
        .attempt = 1,
        .elapsed_ns = 12345 * NS_PER_MS,
        .asked_requests = 5000,
        .ended = 1234,
        .warmup = 28,
        .by_outcome = {[OUTCOME_OK] = 1230, [OUTCOME_TIMEOUT_IDLE] = 3, [OUTCOME_RESET] = 1},
        .rate = 98.24,
        .ttft = {1230, 20.1e6, 22.04e6, 131.5e6},
        .tpot = {1230, 2.004e6, 2.05e6, 9.994e6},
        .send_lag = {1234, 41e3, 60.6e3, 90e3},
        .in_flight = 16,
        .chunks = 51234,
        .loop_busy = 0.042,
        .silent_ns = -1,
    };
}

static void check(const struct live_view *v, struct live_style style, const char *expected)
{
    struct str out = STR_INIT;
    live_paint(v, &style, &out);
    assert_string_equal(str_z(&out), expected);
    str_release(&out);
}

static void a_wide_terminal(void **state)
{
    struct live_view v = fixture();
    (void)state;
    check(&v, (struct live_style){.columns = 200},
          "run 5/9  block 2/3  measuring  12 s  attempt 2\n"
          "two-servers  study duet\n"
          "4 of 9 runs  13 min left (median of 4 runs)  3 VALID  1 SUSPECT  1 aborted  ████████░░░░░░░░░░░░\n"
          "1234 of 5000 requests  98.2/s  16 in flight  51234 chunks  28 before the window\n"
          "1230 ok  3 timeout_idle  1 reset\n"
          "ttft p50 ≈20.1 ms  p90 ≈22.0  p99 ≈132  n 1230\n"
          "tpot p50 ≈2.00 ms  p90 ≈2.05  p99 ≈9.99  n 1230\n"
          "send lag p50 ≈41.0 µs  p90 ≈60.6  p99 ≈90.0  n 1234  loop busy 4 %\n");
}

/* The bar does not fit. */
static void eighty_columns(void **state)
{
    struct live_view v = fixture();
    (void)state;
    check(&v, (struct live_style){.columns = 80},
          "run 5/9  block 2/3  measuring  12 s  attempt 2\n"
          "two-servers  study duet\n"
          "4 of 9 runs  13 min left (median of 4 runs)  3 VALID  1 SUSPECT  1 aborted\n"
          "1234 of 5000 requests  98.2/s  16 in flight  51234 chunks  28 before the window\n"
          "1230 ok  3 timeout_idle  1 reset\n"
          "ttft p50 ≈20.1 ms  p90 ≈22.0  p99 ≈132  n 1230\n"
          "tpot p50 ≈2.00 ms  p90 ≈2.05  p99 ≈9.99  n 1230\n"
          "send lag p50 ≈41.0 µs  p90 ≈60.6  p99 ≈90.0  n 1234  loop busy 4 %\n");
}

/* A number that does not fit is left out, never cut. */
static void forty_columns(void **state)
{
    struct live_view v = fixture();
    (void)state;
    check(&v, (struct live_style){.columns = 40},
          "run 5/9  block 2/3  measuring  12 s\n"
          "two-servers  study duet\n"
          "4 of 9 runs  13 min left\n"
          "1234 of 5000 requests  98.2/s\n"
          "1230 ok  3 timeout_idle  1 reset\n"
          "ttft p50 ≈20.1 ms  p90 ≈22.0  p99 ≈132\n"
          "tpot p50 ≈2.00 ms  p90 ≈2.05  p99 ≈9.99\n"
          "send lag p50 ≈41.0 µs  p90 ≈60.6\n");
}

static void no_utf8(void **state)
{
    struct live_view v = fixture();
    struct str out = STR_INIT;
    (void)state;
    v.arm = "h\xC3\xB6he";
    live_paint(&v, &(struct live_style){.columns = 120, .ascii = true}, &out);
    for (size_t i = 0; i < out.len; i++)
        assert_true(out.at[i] == '\n' || (out.at[i] >= 0x20 && out.at[i] < 0x7F));
    assert_non_null(strstr(out.at, "\nh?he  study duet\n"));
    assert_non_null(strstr(out.at, "1 aborted  ########............\n"));
    assert_non_null(strstr(out.at, "send lag p50 ~41.0 us  p90 ~60.6"));
    str_release(&out);
}

/* Without its sequences it is the same text as without colour, and each is closed in its line. */
static void colour_is_an_addition(void **state)
{
    struct live_view v = fixture();
    struct str plain = STR_INIT, coloured = STR_INIT, stripped = STR_INIT;
    (void)state;
    live_paint(&v, &(struct live_style){.columns = 80}, &plain);
    live_paint(&v, &(struct live_style){.columns = 80, .color = true}, &coloured);
    assert_null(strchr(plain.at, '\x1b'));
    assert_non_null(strstr(coloured.at, "\x1b[33m3 timeout_idle\x1b[0m"));
    assert_non_null(strstr(coloured.at, "1230 ok  "));
    assert_non_null(strstr(coloured.at, "\x1b[1mrun 5/9\x1b[0m"));
    int open = 0;
    for (const char *z = coloured.at; *z; z++) {
        if (*z == '\n')
            assert_int_equal(open, 0);
        if (*z != '\x1b') {
            str_addc(&stripped, *z);
            continue;
        }
        open += z[2] != '0' ? 1 : -1;
        z = strchr(z, 'm');
    }
    assert_string_equal(str_z(&stripped), plain.at);
    str_release(&plain);
    str_release(&coloured);
    str_release(&stripped);
}

/* No sequence, no line of its own, nothing wider than the terminal; and what belongs to us is still there. */
static void hostile_names(void **state)
{
    static const char *const names[] = {
        "\x1b[2J\x1b]0;owned\x07 arm",
        "a\nrun 9/9\r\tb",
        "\xC2\x9B"
        "31mred",
        "\xE2\x80\xAE"
        "esrever\xE2\x80\x8B",
        "\xFF\xFE",
        "0123456789012345678901234567890123456789012345678901234567890123456789",
        "\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD"
        "\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD"
        "\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD\xE5\xAE\xBD",
        ""};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (size_t columns = 1; columns < 100; columns++) {
            struct live_view v = fixture();
            struct str out = STR_INIT;
            v.arm = v.study = names[i];
            live_paint(&v, &(struct live_style){.columns = columns}, &out);
            size_t lines = 0;
            for (const char *z = out.at, *end; (end = strchr(z, '\n')); z = end + 1, lines++)
                assert_true(width_columns(z, (size_t)(end - z)) < (columns > 1 ? columns : 2));
            assert_true(lines <= 8);
            for (size_t k = 0; k < out.len; k++)
                assert_true((unsigned char)out.at[k] >= 0x20 || out.at[k] == '\n');
            assert_null(strstr(out.at, "\xC2\x9B"));
            assert_null(strstr(out.at, "\xE2\x80\xAE"));
            if (columns == 99)
                assert_non_null(strstr(out.at, "1230 ok"));
            str_release(&out);
        }
}

static void a_long_name_is_shortened(void **state)
{
    struct live_view v = fixture();
    struct str out = STR_INIT;
    (void)state;
    v.arm = "0123456789012345678901234567890123456789";
    live_paint(&v, &(struct live_style){.columns = 20}, &out);
    assert_non_null(strstr(out.at, "\n012345678901234567…\n"));
    str_clear(&out);
    live_paint(&v, &(struct live_style){.columns = 20, .ascii = true}, &out);
    assert_non_null(strstr(out.at, "\n0123456789012345...\n"));
    str_release(&out);
}

static void few_rows(void **state)
{
    struct live_view v = fixture();
    (void)state;
    check(&v, (struct live_style){.columns = 40, .rows = 3},
          "run 5/9  block 2/3  measuring  12 s\n"
          "two-servers  study duet\n"
          "4 of 9 runs  13 min left\n");
}

/* What is not known is not shown: no zeros that nobody measured. */
static void before_the_first_request(void **state)
{
    struct live_view v = {.state = LIVE_STARTING, .study = "duet", .planned = 9, .silent_ns = -1, .eta = {-1, ""}};
    (void)state;
    check(&v, (struct live_style){.columns = 80}, "duet: starting\n0 of 9 runs  ░░░░░░░░░░░░░░░░░░░░\n");
    v.state = LIVE_PREPARING;
    v.arm = "pair";
    v.rate = v.loop_busy = NAN;
    v.blocks = 3;
    v.in_flight = v.chunks = -1;
    check(&v, (struct live_style){.columns = 60},
          "run 1/9  block 1/3  preparing\n"
          "pair  study duet\n"
          "0 of 9 runs  ░░░░░░░░░░░░░░░░░░░░\n"
          "0 requests\n");
}

static void nobody_writes(void **state)
{
    struct live_view v = {.state = LIVE_PREPARING, .study = "duet", .planned = 9, .complete = 4, .eta = {-1, ""}};
    (void)state;
    v.silent_ns = 4 * NS_PER_S;
    check(&v, (struct live_style){.columns = 30}, "duet: preparing\n4 of 9 runs\n");
    v.silent_ns = 200 * NS_PER_S;
    check(&v, (struct live_style){.columns = 30}, "duet: preparing\n4 of 9 runs\nnothing written for 3 min\n");
    v.state = LIVE_STOPPED;
    check(&v, (struct live_style){.columns = 80},
          "duet: stopped\n4 of 9 runs  ████████░░░░░░░░░░░░\nnobody goes on with it; written 3 min ago\n");
    v.state = LIVE_COMPLETE;
    v.complete = 9;
    check(&v, (struct live_style){.columns = 30}, "duet: complete\n9 of 9 runs\n");
}

static void one_line(void **state)
{
    struct live_view v = fixture();
    struct str out = STR_INIT;
    (void)state;
    v.arm = "two\nservers";
    live_line(&v, &out);
    assert_string_equal(
        str_z(&out),
        "run 5/9  block 2/3  measuring  12 s  attempt 2; two servers  study duet; 4 of 9 runs  13 min left (median of 4 "
        "runs)  3 VALID  1 SUSPECT  1 aborted; 1234 of 5000 requests  98.2/s  16 in flight  51234 chunks  28 before the "
        "window; 1230 ok  3 timeout_idle  1 reset; ttft p50 ≈20.1 ms  p90 ≈22.0  p99 ≈132  n 1230; tpot p50 ≈2.00 ms  p90 "
        "≈2.05  p99 ≈9.99  n 1230; send lag p50 ≈41.0 µs  p90 ≈60.6  p99 ≈90.0  n 1234  loop busy 4 %");
    str_release(&out);
}

static void as_json(void **state)
{
    struct live_view v = fixture();
    struct str out = STR_INIT;
    (void)state;
    v.arm = "a\"b\x1b";
    v.silent_ns = 1500 * NS_PER_MS;
    v.in_flight = -1;
    v.loop_busy = NAN;
    live_json(&v, &out);
    assert_int_equal(out.at[out.len - 1], '\n');
    yyjson_doc *doc = yyjson_read(out.at, out.len, 0);
    assert_non_null(doc);
#define AT(path) yyjson_ptr_get(yyjson_doc_get_root(doc), path)
    assert_string_equal(yyjson_get_str(AT("/schema")), "chimera.watch/1");
    assert_string_equal(yyjson_get_str(AT("/state")), "measuring");
    assert_string_equal(yyjson_get_str(AT("/run/arm")), "a\"b\x1b");
    assert_int_equal(yyjson_get_int(AT("/runs/complete")), 4);
    assert_int_equal(yyjson_get_int(AT("/runs/SUSPECT")), 1);
    assert_int_equal(yyjson_get_int(AT("/run/requests/outcomes/timeout_idle")), 3);
    assert_int_equal(yyjson_get_int(AT("/run/requests/asked")), 5000);
    assert_true(yyjson_is_null(AT("/run/requests/in_flight")));
    assert_true(yyjson_is_null(AT("/run/loop_busy")));
    assert_true(fabs(yyjson_get_num(AT("/run/ttft/p99")) - 131.5) < 1e-9);
    assert_true(fabs(yyjson_get_num(AT("/run/send_lag/p50")) - 41) < 1e-9);
    assert_true(fabs(yyjson_get_num(AT("/left/seconds")) - 754) < 1e-9);
    assert_true(fabs(yyjson_get_num(AT("/silent_s")) - 1.5) < 1e-9);
    yyjson_doc_free(doc);
    v.arm = NULL;
    str_clear(&out);
    live_json(&v, &out);
    assert_non_null(strstr(out.at, "\"run\":null"));
    str_release(&out);
}

/* ---- the screen ------------------------------------------------------------------------------------------------------ */

static void check_screen(struct screen *s, const char *above, const char *block, size_t columns, const char *expected)
{
    struct str out = STR_INIT;
    screen_show(s, span_z(above), span_z(block), columns, &out);
    assert_string_equal(str_z(&out), expected);
    str_release(&out);
}

static void painted_again(void **state)
{
    struct screen s = {0};
    (void)state;
    check_screen(&s, "", "one\n\x1b[1mtwo\x1b[0m\n", 80, "\rone\x1b[K\n\x1b[1mtwo\x1b[0m\x1b[K\n\x1b[J");
    check_screen(&s, "said\n", "three\n", 80, "\r\x1b[2A\x1b[Jsaid\nthree\x1b[K\n\x1b[J");
    check_screen(&s, "", "", 80, "\r\x1b[1A\x1b[J");
    check_screen(&s, "last\n", "", 80, "\r\x1b[Jlast\n\x1b[J");
}

/* A narrower terminal has broken 12 columns into 2 rows of 8, or 3 of 5; colours take none. */
static void painted_again_narrower(void **state)
{
    struct screen s = {0};
    struct str out = STR_INIT;
    (void)state;
    screen_show(&s, SPAN_NONE, span_z("\x1b[33m012345678901\x1b[0m\nb\n"), 80, &out);
    str_release(&out);
    struct screen t = s;
    check_screen(&s, "", "c\n", 8,
                 "\r\x1b[3A"
                 "c\x1b[K\n\x1b[J");
    check_screen(&t, "", "c\n", 5,
                 "\r\x1b[4A"
                 "c\x1b[K\n\x1b[J");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wide_terminal),
        cmocka_unit_test(eighty_columns),
        cmocka_unit_test(forty_columns),
        cmocka_unit_test(no_utf8),
        cmocka_unit_test(colour_is_an_addition),
        cmocka_unit_test(hostile_names),
        cmocka_unit_test(a_long_name_is_shortened),
        cmocka_unit_test(few_rows),
        cmocka_unit_test(before_the_first_request),
        cmocka_unit_test(nobody_writes),
        cmocka_unit_test(one_line),
        cmocka_unit_test(as_json),
        cmocka_unit_test(painted_again),
        cmocka_unit_test(painted_again_narrower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
