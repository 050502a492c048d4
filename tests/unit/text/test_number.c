/* Which digits of a line are a stated number, with what unit and precision, and which state nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "text/number.h"

static const char *const unit_words[] = {"", "ns", "us", "ms", "s", "min", "h", "%", "other"};

/* The numbers of a line as "28w 145.3ms": w a whole one, z one spelled out. The line lies alone in memory, without a NUL. */
static void read_line(const char *z, struct str *out)
{
    size_t n = strlen(z), at = 0, before = 0;
    char *copy = xmalloc(n);
    struct span line = {memcpy(copy, z, n), n};
    struct number m;
    while (number_next(line, &at, &m)) {
        assert_true(m.start >= before && m.start < m.digits_end && m.digits_end <= m.end && m.end <= at && at <= n);
        before = m.end;
        str_addf(out, "%s%.10g%s%s%s", out->len ? " " : "", m.value, m.whole ? "w" : "", m.spelled ? "z" : "",
                 unit_words[m.unit]);
    }
    assert_int_equal(at, n);
    free(copy);
}

static void expect(const char *line, const char *numbers)
{
    struct str out = STR_INIT;
    read_line(line, &out);
    if (strcmp(str_z(&out), numbers) != 0)
        fail_msg("<%s> gave <%s>, not <%s>", line, str_z(&out), numbers);
    str_release(&out);
}

static void expect_none(const char *const *lines, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect(lines[i], "");
}

#define NONE(...)                                                                                                      \
    do {                                                                                                               \
        static const char *const lines[] = {__VA_ARGS__};                                                              \
        expect_none(lines, sizeof lines / sizeof *lines);                                                              \
    } while (0)

static void digits_with_point_comma_and_exponent(void **state)
{
    (void)state;
    expect("", "");
    expect("no number", "");
    expect("28 CSV files", "28w");
    expect("145.3", "145.3");
    expect("it is .5 of them", "0.5");
    expect("1,234,567", "1234567w");
    expect("12,345.6", "12345.6");
    expect("1,23", "1w 23w"); /* no group of three */
    expect("1234,567", "1234w 567w");
    expect("1,2345", "1w 2345w");
    expect("6, 7 and 8.", "6w 7w 8w");
    expect("1e5", "100000");
    expect("1.5E-3", "0.0015");
    expect("2e+2", "200");
    expect("3-4", "3w 4w");
    expect("12:", "12w");
    expect("(28)", "28w");
    expect("\"28\"", "28w");
    expect("caf\xC3\xA9 7", "7w");
}

static void exponents_of_any_length_are_read_to_their_end(void **state)
{
    (void)state;
    expect("1e99999999999", "");
    expect("1e400 7", "7w");
    expect("0e99999999999", "0");
    expect("5e-99999999999", "0");
    expect("ends in 1e5", "100000"); /* the last byte there is */
    expect("1e", "");
    expect("1e-", "");
}

static void too_many_digits_are_no_number(void **state)
{
    (void)state;
    expect("999999999999999999999999999999999999999", "1e+39w");
    expect("9999999999999999999999999999999999999999", "");
}

static void a_minus_is_a_sign_only_where_a_number_may_begin(void **state)
{
    (void)state;
    expect("-5", "-5");
    expect("it fell by -7.5 ms", "-7.5ms");
    expect("(-6) [-7] |-8| =-9 :-10", "-6 -7 -8 -9 -10");
    expect("10-20", "10w 20w");
    expect("5 --6", "5w 6w");
}

static void units_stand_at_the_number_or_one_blank_behind(void **state)
{
    (void)state;
    expect("5 ns 6ns 7 nanoseconds", "5ns 6ns 7ns");
    expect("5us 6 \xC2\xB5s 7\xCE\xBCs 8 microseconds", "5us 6us 7us 8us");
    expect("12 ms 13ms 14 milliseconds 15 msec 16 MS", "12ms 13ms 14ms 15ms 16ms");
    expect("1.5 s 1.5s 2 sec 3 secs 1 second 4 seconds", "1.5s 1.5s 2s 3s 1s 4s");
    expect("3 min 4 minutes", "3min 4min");
    expect("2h 3 hours", "2h 3h");
    expect("25% 26 % 27 percent", "25% 26% 27%");
    expect("3x 4\xC3\x97 5 GB 6 tok/s 7 tokens/s 8W", "3other 4other 5other 6other 7other 8other");
    expect("5  ms", "5w"); /* two blanks */
    expect("5 msgs 6 minor 7 strong", "5w 6w 7w");
    expect("5 x 6 h 7 k 8 w", "5w 6w 7w 8w"); /* one letter alone may be anything */
    expect("1.2k 3k", "1200other 3000other");
}

static void half_a_unit_of_the_last_digit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double half;
    } rows[] = {{"28", 0.5},         {"145.3", 0.05}, {"1.50", 0.005},      {"1,234", 0.5},
                {"1e5", 50000},      {"1.5e3", 50},   {"1.5e-3", 5e-5},     {"1.2k", 50},
                {"12.25 ms", 0.005}, {"three", 0.5},  {"5e-99999999999", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct number n;
        size_t at = 0;
        assert_true(number_next(span_z(rows[i].text), &at, &n));
        assert_true(fabs(n.half_unit - rows[i].half) <= 1e-12 * rows[i].half);
    }
}

static void the_place_covers_sign_digits_and_unit(void **state)
{
    (void)state;
    struct number n;
    size_t at = 0;
    assert_true(number_next(span_z("took -12.5 ms."), &at, &n));
    assert_int_equal(n.start, 5);
    assert_int_equal(n.digits_end, 10);
    assert_int_equal(n.end, 13);
    assert_int_equal(at, 13);
}

static void numbers_inside_names_state_nothing(void **state)
{
    (void)state;
    NONE("gemma3", "q4_0", "run_3.csv", "run-3.csv", "Llama3.1", "Llama3.1-8B", "8-bit", "v2", "gpt-4", "a/3", "#12",
         "@7", "3rd-party", "4K_M", "int8", "utf8_next", "C:\\1");
    expect("28-file set", "28w");
    expect("gemma3 took 4 files", "4w");
    expect("run-3.csv 5", "5w");
}

static void numbers_of_lists_and_headings_state_nothing(void **state)
{
    (void)state;
    NONE("1. Title", "2) item", "  3. item", "## 3.1 Title", "**1. Title**", "**3.1 Title**", "# 4. Title",
         "> 5. quoted", "6.", "- 7. item");
    expect("1. Read 28 files", "28w");
    expect("## 3.1 ms", "3.1ms"); /* no title behind it */
    expect("3.1 Title", "3.1");   /* no heading */
    expect("**28** files", "28w");
    expect("it has 3. More", "3w"); /* the end of a sentence */
}

static void ordinals_dates_times_and_versions_state_nothing(void **state)
{
    (void)state;
    NONE("the 1st, 2nd, 3rd and 14TH", "2025-11-14", "10/26/2023", "12:30", "12:30:15", "November 3, 2023",
         "14 November", "Sept 5", "1.2.3", "v1.2.3", "in 1990", "in 2039");
    expect("in 1989 and 2040", "1989w 2040w");
    expect("2023 ms", "2023ms");
    expect("2023.5", "2023.5");
    expect("it may 5 times", "5w"); /* a verb */
    expect("1/2", "1w 2w");
}

static void numbers_behind_a_reference_state_nothing(void **state)
{
    (void)state;
    NONE("Section 3", "table 4", "Figure 5", "step **6**", "top 10", "version 2.5", "phase \"7\"", "Recommendation 2");
    expect("sections 3 and 4", "4w");
    expect("the section has 3", "3w");
}

static void addresses_state_nothing(void **state)
{
    (void)state;
    expect("http://10.0.0.1:8080/v1?n=8 then 6", "6w");
    expect("see https://a.b/7", "");
}

static void small_numbers_may_be_spelled(void **state)
{
    (void)state;
    expect("zero one Twenty", "0wz 1wz 20wz");
    expect("three markdown files", "3wz");
    NONE("twenty-eight", "one-shot", "someone", "twentyone", "one_shot", "ten2");
    expect("(three)", "3wz");
}

static void names_carry_units_of_time(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum number_unit unit;
    } rows[] = {
        {"ttft_ms", UNIT_MS},       {"makespan_s", UNIT_S},   {"load_ms mean", UNIT_MS},
        {"wall, seconds", UNIT_S},  {"duration_h", UNIT_H},   {"delay_us p99", UNIT_US},
        {"total_ns", UNIT_NS},      {"minutes", UNIT_MIN},    {"decode_tok_s", UNIT_NONE},
        {"tok/s", UNIT_NONE},       {"req_per_s", UNIT_NONE}, {"gb_s", UNIT_NONE},
        {"latency min", UNIT_NONE}, {"rows", UNIT_NONE},      {"", UNIT_NONE},
        {"items", UNIT_NONE},       {"share %", UNIT_NONE},   {"bench.json: results.0.ttft_ms", UNIT_MS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (number_unit_of_name(rows[i].name) != rows[i].unit)
            fail_msg("%s: %s", rows[i].name, unit_words[number_unit_of_name(rows[i].name)]);
}

static void units_of_time_in_seconds(void **state)
{
    (void)state;
    static const double seconds[] = {
        [UNIT_NONE] = 0, [UNIT_NS] = 1e-9, [UNIT_US] = 1e-6,   [UNIT_MS] = 1e-3, [UNIT_S] = 1,
        [UNIT_MIN] = 60, [UNIT_H] = 3600,  [UNIT_PERCENT] = 0, [UNIT_OTHER] = 0};
    for (int i = 0; i <= UNIT_OTHER; i++)
        assert_true(number_unit_seconds((enum number_unit)i) == seconds[i]);
}

static void the_word_before_a_place(void **state)
{
    (void)state;
    static const char *const words[] = {"first", "last"};
    struct span line = span_z("the **First** 3, x");
    assert_true(span_eq_z(text_word_before(line, 14), "First"));
    assert_true(text_word_in(text_word_before(line, 14), words, 2));
    assert_false(text_word_in(span_z("firs"), words, 2));
    assert_int_equal(text_word_before(line, 17).len, 0); /* a comma between */
    assert_int_equal(text_word_before(line, 0).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_with_point_comma_and_exponent),
        cmocka_unit_test(exponents_of_any_length_are_read_to_their_end),
        cmocka_unit_test(too_many_digits_are_no_number),
        cmocka_unit_test(a_minus_is_a_sign_only_where_a_number_may_begin),
        cmocka_unit_test(units_stand_at_the_number_or_one_blank_behind),
        cmocka_unit_test(half_a_unit_of_the_last_digit),
        cmocka_unit_test(the_place_covers_sign_digits_and_unit),
        cmocka_unit_test(numbers_inside_names_state_nothing),
        cmocka_unit_test(numbers_of_lists_and_headings_state_nothing),
        cmocka_unit_test(ordinals_dates_times_and_versions_state_nothing),
        cmocka_unit_test(numbers_behind_a_reference_state_nothing),
        cmocka_unit_test(addresses_state_nothing),
        cmocka_unit_test(small_numbers_may_be_spelled),
        cmocka_unit_test(names_carry_units_of_time),
        cmocka_unit_test(units_of_time_in_seconds),
        cmocka_unit_test(the_word_before_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
