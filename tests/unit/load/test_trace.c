/* Traces: each format from a few rows as they are published, its unit of time, window and scaling, and the errors with
 * their lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "load/trace_scan.h"

static struct trace read_with(const char *text, const struct trace_spec *spec)
{
    struct trace t;
    struct err e = ERR_INIT;
    if (trace_read_bytes(&t, "t", text, strlen(text), spec, &e))
        fail_msg("%s", e.text);
    return t;
}

static struct trace read_text(const char *text)
{
    return read_with(text, &(struct trace_spec){0});
}

static void expect_row(const struct trace *t, size_t i, int64_t at_ns, int64_t input_tok, int64_t output_tok)
{
    assert_true(i < t->n);
    if (t->rows[i].at_ns != at_ns || t->rows[i].input_tok != input_tok || t->rows[i].output_tok != output_tok)
        fail_msg("row %zu: %lld ns, %lld in, %lld out", i, (long long)t->rows[i].at_ns, (long long)t->rows[i].input_tok,
                 (long long)t->rows[i].output_tok);
}

static void mooncake_rows_have_times_in_ms_blocks_and_sessions(void **state)
{
    (void)state;
    struct trace t = read_text(
        "{\"timestamp\": 27482, \"input_length\": 1025, \"output_length\": 52, \"hash_ids\": [46, 47, 2353]}\n"
        "\n"
        "{\"timestamp\": 30535, \"input_length\": 512, \"output_length\": 26, \"hash_ids\": [46], "
        "\"session_id\": \"s-1\"}\r\n"
        "{\"timestamp\": 30536.5, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": [-9], \"session_id\": 12}");
    assert_int_equal(t.format, TRACE_MOONCAKE);
    assert_string_equal(str_z(&t.format_why), "JSON lines with \"input_length\"");
    assert_int_equal(t.unit, TRACE_UNIT_MS);
    assert_non_null(strstr(str_z(&t.unit_why), "mooncake files say ms"));
    assert_int_equal(t.n, 3);
    assert_true(t.has_times && t.kept_bytes == 5 * sizeof(int64_t) + 4 + 3 && t.block_tok == 512 && t.n_outside == 0 &&
                t.n_empty == 0 && t.n_out_of_order == 0);
    expect_row(&t, 0, 0, 1025, 52);
    expect_row(&t, 1, 3053 * NS_PER_MS, 512, 26);
    expect_row(&t, 2, 3054500 * NS_PER_US, 1, 1);
    assert_true(t.rows[0].n_hash_ids == 3 && t.rows[0].hash_ids[2] == 2353 && t.rows[2].hash_ids[0] == -9);
    assert_null(t.rows[0].session);
    assert_string_equal(t.rows[1].session, "s-1");
    assert_string_equal(t.rows[2].session, "12");
    assert_int_equal(t.rows[1].line, 3);
    trace_release(&t);
}

static void the_length_of_a_block_is_known_only_when_every_row_agrees(void **state)
{
    (void)state;
    struct trace t = read_text("{\"timestamp\":0,\"input_length\":33,\"output_length\":1,\"hash_ids\":[1,2,3]}");
    assert_int_equal(t.block_tok, 16);
    trace_release(&t);
    t = read_text("{\"timestamp\":0,\"input_length\":0,\"output_length\":1}\n"
                  "{\"timestamp\":0,\"input_length\":5,\"output_length\":0}\n"
                  "{\"timestamp\":0,\"input_length\":5,\"output_length\":1}");
    assert_true(t.n == 1 && t.n_empty == 2);
    trace_release(&t);
    t = read_text("{\"timestamp\":0,\"input_length\":64,\"output_length\":1,\"hash_ids\":[1]}\n"
                  "{\"timestamp\":0,\"input_length\":65,\"output_length\":1,\"hash_ids\":[1,2]}");
    assert_int_equal(t.block_tok, 64);
    trace_release(&t);
    t = read_text("{\"timestamp\":0,\"input_length\":33,\"output_length\":1,\"hash_ids\":[1,2,3,4]}");
    assert_int_equal(t.block_tok, 0);
    trace_release(&t);
    t = read_text("{\"timestamp\":0,\"input_length\":33,\"output_length\":1}");
    assert_int_equal(t.block_tok, 0);
    trace_release(&t);
}

static void azure_rows_have_dates_in_both_years_and_as_json(void **state)
{
    (void)state;
    struct trace t = read_text("TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
                               "2023-11-16 18:17:03.9799600,4808,10\r\n"
                               "2023-11-16 18:17:04.0319601,3180,8\r\n");
    assert_int_equal(t.format, TRACE_AZURE);
    assert_string_equal(str_z(&t.format_why), "CSV with \"ContextTokens\"");
    assert_int_equal(t.unit, TRACE_UNIT_ISO);
    expect_row(&t, 0, 0, 4808, 10);
    expect_row(&t, 1, 52000100, 3180, 8); /* seven digits, nothing cut */
    trace_release(&t);
    t = read_text("TIMESTAMP,NumImages,ContextTokens,GeneratedTokens\n"
                  "2024-05-10 23:59:59.999999+00:00,3,2162,5\n"
                  "2024-05-11T02:00:01.000001+02:00,0,9,7\n");
    expect_row(&t, 0, 0, 2162, 5);
    expect_row(&t, 1, 1000002000, 9, 7);
    trace_release(&t);
    t = read_text("{\"TIMESTAMP\": \"2024-05-10T00:00:00Z\", \"ContextTokens\": 5, \"GeneratedTokens\": 6}");
    assert_string_equal(str_z(&t.format_why), "JSON lines with \"ContextTokens\"");
    expect_row(&t, 0, 0, 5, 6);
    trace_release(&t);
}

static void burstgpt_columns_are_found_by_name_and_failed_rows_are_counted(void **state)
{
    (void)state;
    struct trace t = read_text(
        "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
        "5,u1,2,ChatGPT,472,18,490,Conversation log\n"
        "45.5,,1,\"GPT-4\",1087,230,1317,API log\n"
        "118,u2,1,GPT-4,417,0,417,API log\n"
        "119,u2,1,GPT-4,0,3,3,API log\n");
    assert_true(t.format == TRACE_BURSTGPT && t.unit == TRACE_UNIT_S && t.n == 2 && t.n_empty == 2);
    expect_row(&t, 0, 0, 472, 18);
    expect_row(&t, 1, 40500 * NS_PER_MS, 1087, 230);
    assert_string_equal(t.rows[0].session, "u1");
    assert_null(t.rows[1].session);
    trace_release(&t);
    t = read_text("Request tokens,Response tokens,Timestamp\n100000000,1,0\n");
    expect_row(&t, 0, 0, TRACE_MAX_TOK, 1);
    trace_release(&t);
    t = read_text("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,x\n");
    assert_true(t.n == 1 && t.rows[0].session == NULL);
    trace_release(&t);
}

static void sharegpt_keeps_the_texts_of_both_spellings(void **state)
{
    (void)state;
    struct trace t = read_text(
        "[ {\"id\": \"a\", \"conversations\": [{\"from\": \"human\", \"value\": \"say \\\"[,\\\" \\\\\"},\n"
        "  {\"from\": \"gpt\", \"value\": \"[,\"}]},\n"
        "{\"conversations\": [{\"role\": \"system\", \"content\": \"s\"}, {\"role\": \"user\", \"content\": "
        "\"u\"}]},\n"
        "{\"conversations\": []}, {\"conversations\": [{\"from\": \"tool\", \"value\": \"x\"}]},"
        "{\"conversations\": [{\"from\": \"human\"}]},"
        "{\"conversations\": [{\"from\": \"gpt\", \"value\": \"only me\"}]},"
        "{\"conversations\": [{\"from\": \"human\", \"value\": \"a\\u0000b\"}]},"
        "{\"conversations\": [{\"from\": \"human\", \"value\": \"\"}]}]\n");
    assert_true(t.format == TRACE_SHAREGPT && !t.has_times && t.unit == TRACE_ANY_UNIT && t.n == 2 && t.n_empty == 6);
    assert_string_equal(str_z(&t.format_why), "a JSON array with \"conversations\"");
    assert_true(t.rows[0].n_turns == 2 && t.rows[0].line == 1 && t.rows[1].line == 3);
    assert_string_equal(t.rows[0].turns[0].text, "say \"[,\" \\");
    assert_true(t.rows[0].turns[0].role == TRACE_USER && t.rows[0].turns[1].role == TRACE_ASSISTANT);
    assert_true(t.rows[1].turns[0].role == TRACE_SYSTEM && t.rows[1].turns[1].role == TRACE_USER);
    expect_row(&t, 1, 0, -1, -1);
    struct schedule s;
    struct err e = ERR_INIT;
    assert_int_equal(trace_schedule(&t, &s, &e), ERR_USAGE);
    assert_non_null(strstr(e.text, "give a rate or a concurrency"));
    trace_release(&t);
}

static const char azure5[] = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
                             "2023-01-01 00:00:00,1,1\n2023-01-01 00:00:10,2,1\n2023-01-01 00:00:20,3,1\n"
                             "2023-01-01 00:00:30,4,1\n2023-01-01 00:00:40,5,1\n";

static void a_window_is_half_open_and_speed_and_count_apply_inside(void **state)
{
    (void)state;
    struct trace t = read_with(azure5, &(struct trace_spec){.from_ns = 10 * NS_PER_S, .to_ns = 40 * NS_PER_S});
    assert_true(t.n == 3 && t.n_outside == 2);
    expect_row(&t, 0, 0, 2, 1);
    expect_row(&t, 2, 20 * NS_PER_S, 4, 1);
    trace_release(&t);
    t = read_with(azure5, &(struct trace_spec){.from_ns = 5 * NS_PER_S, .speed = 4, .count = 2});
    assert_true(t.n == 2 && t.n_outside == 1);
    expect_row(&t, 0, 1250 * NS_PER_MS, 2, 1); /* the window begins at `from`, not at the first row in it */
    expect_row(&t, 1, 3750 * NS_PER_MS, 3, 1);
    struct schedule s;
    assert_int_equal(trace_schedule(&t, &s, NULL), 0);
    assert_true(s.n == 2 && s.at_ns[0] == 1250 * NS_PER_MS && s.at_ns[1] == 3750 * NS_PER_MS);
    schedule_release(&s);
    trace_release(&t);
}

static void rows_out_of_order_are_sorted_in_and_counted(void **state)
{
    (void)state;
    struct trace t = read_text("Timestamp,Request tokens,Response tokens\n7,1,1\n5,2,1\n7,3,1\n6,4,1\n");
    assert_true(t.n == 4 && t.n_out_of_order == 2);
    expect_row(&t, 0, 0, 2, 1);
    expect_row(&t, 1, NS_PER_S, 4, 1);
    expect_row(&t, 2, 2 * NS_PER_S, 1, 1); /* equal times in the order of the file */
    expect_row(&t, 3, 2 * NS_PER_S, 3, 1);
    trace_release(&t);
}

static enum trace_unit unit_of(enum trace_format f, double least, double most, size_t n, const char *says)
{
    struct str why = STR_INIT;
    enum trace_unit u = trace_detect_unit(f, least, most, n, &why);
    if (!strstr(str_z(&why), says))
        fail_msg("%s", str_z(&why));
    str_release(&why);
    return u;
}

static void the_unit_follows_the_format_unless_the_rate_would_be_absurd(void **state)
{
    (void)state;
    assert_int_equal(unit_of(TRACE_MOONCAKE, 0, 3537000, 12031, "mooncake files say ms: 3.4 requests/s"),
                     TRACE_UNIT_MS);
    assert_int_equal(unit_of(TRACE_MOONCAKE, 0, 3537, 12031, "would be 3.4e+03 requests/s; in s it is 3.4"),
                     TRACE_UNIT_S);
    assert_int_equal(unit_of(TRACE_BURSTGPT, 5, 5269973, 1404294, "burstgpt files say s"), TRACE_UNIT_S);
    assert_int_equal(unit_of(TRACE_BURSTGPT, 0, 5e9, 1404294, "in ms it is 0.281"), TRACE_UNIT_MS);
    assert_int_equal(unit_of(TRACE_MOONCAKE, 0, 1e9, 1000, "in us it is 0.999"), TRACE_UNIT_US);
    assert_int_equal(unit_of(TRACE_MOONCAKE, 0, 1000, 1101, "in s it is 1.1"), TRACE_UNIT_S);
    assert_int_equal(unit_of(TRACE_MOONCAKE, 0, 1000, 1001, "mooncake files say ms"), TRACE_UNIT_MS);
    assert_int_equal(unit_of(TRACE_MOONCAKE, 0, 9, 9, "too few"), TRACE_UNIT_MS);
    assert_int_equal(unit_of(TRACE_MOONCAKE, 3, 3, 5000, "too few different"), TRACE_UNIT_MS);
    assert_int_equal(unit_of(TRACE_BURSTGPT, 0, 1e16, 20, "no unit makes"), TRACE_UNIT_S);
    assert_int_equal(unit_of(TRACE_MOONCAKE, 1.7e9, 1.7e9 + 60, 100, "since 1970 in s"), TRACE_UNIT_S);
    assert_int_equal(unit_of(TRACE_MOONCAKE, 1.7e12, 1.8e12, 100, "since 1970 in ms"), TRACE_UNIT_MS);
    assert_int_equal(unit_of(TRACE_BURSTGPT, 1.7e15, 1.8e15, 2, "since 1970 in us"), TRACE_UNIT_US);
    assert_int_equal(unit_of(TRACE_BURSTGPT, 1.7e18, 1.8e18, 2, "since 1970 in ns"), TRACE_UNIT_NS);
}

static void a_given_unit_wins(void **state)
{
    (void)state;
    const char *text = "Timestamp,Request tokens,Response tokens\n5,1,1\n1005,2,1\n";
    struct trace t = read_with(text, &(struct trace_spec){.unit = TRACE_UNIT_US});
    assert_string_equal(str_z(&t.unit_why), "given");
    expect_row(&t, 1, NS_PER_MS, 2, 1);
    trace_release(&t);
}

static void dates_are_counted_through_leap_years_and_bad_ones_refused(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t want_s;
    } good[] = {{"1970-01-01T00:00:00Z", 0},
                {"2000-02-29 00:00:00", 951782400},
                {"2100-03-01 00:00:00", 4107542400},
                {"2024-12-31T23:59:59-01:30", 1735694999},
                {"2024-01-01T00:00:60+0000", 1704067260}};
    struct trace_stamp s;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(trace_stamp_parse(span_z(good[i].text), &s) && s.iso);
        if (s.iso_ns != good[i].want_s * NS_PER_S)
            fail_msg("%s: %lld", good[i].text, (long long)(s.iso_ns / NS_PER_S));
    }
    assert_true(trace_stamp_parse(span_z("2024-01-01 00:00:00.1234567899"), &s) && s.iso_ns % NS_PER_S == 123456789);
    assert_true(trace_stamp_parse(span_z("1.5e3"), &s) && !s.iso && s.value == 1500);
    const char *bad[] = {"",
                         "2023-02-29 00:00:00",
                         "2100-02-29 00:00:00",
                         "1969-12-31 00:00:00",
                         "2201-01-01 00:00:00",
                         "-1",
                         "nan",
                         "inf",
                         "0x1",
                         "1e999",
                         "2024-13-01 00:00:00",
                         "2024-00-01 00:00:00",
                         "2024-01-01 00:00:00.Z",
                         "2024-01-00 00:00:00",
                         "2024-01-01 24:00:00",
                         "2024-01-01 00:60:00",
                         "2024-01-01 00:00:00.",
                         "2024-01-01 00:00:00 ",
                         "2024-01-01",
                         "2024-01-01 00:00:00+24:00",
                         "2024-01-01 00:00:00+00:60",
                         "2024-01-01 00:00:00x",
                         "12 ",
                         "1-2",
                         "2024-01-01 00:00:00+0"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (trace_stamp_parse(span_z(bad[i]), &s))
            fail_msg("taken: \"%s\"", bad[i]);
}

static void expect_error(const char *text, const struct trace_spec *spec, int code, const char *says)
{
    struct trace t;
    struct err e = ERR_INIT;
    int rc = trace_read_bytes(&t, "t", text, strlen(text), spec, &e);
    if (rc != code || !strstr(e.text, says))
        fail_msg("wanted %d \"%s\", got %d \"%s\"", code, says, rc, e.text);
    assert_true(t.n == 0 && t.rows == NULL && t.format_why.at == NULL);
}

static void what_a_line_says_wrong_is_an_error_with_its_place(void **state)
{
    (void)state;
    const struct trace_spec none = {0};
    const char *head = "{\"timestamp\":0,\"input_length\":3,\"output_length\":1}\n";
    const struct {
        const char *line, *says;
    } rows[] = {
        {"{\"input_length\":3,\"output_length\":1}", "t:2: no timestamp"},
        {"{\"timestamp\":-1,\"input_length\":3,\"output_length\":1}", "t:2: timestamp is no time"},
        {"{\"timestamp\":\"x\",\"input_length\":3,\"output_length\":1}", "t:2: timestamp is no time"},
        {"{\"timestamp\":1,\"input_length\":1.5,\"output_length\":1}", "t:2: input_length is not a number of tokens"},
        {"{\"timestamp\":1,\"input_length\":-3,\"output_length\":1}", "t:2: input_length is not"},
        {"{\"timestamp\":1,\"input_length\":3,\"output_length\":1000000000000}", "t:2: output_length is not"},
        {"{\"timestamp\":1,\"input_length\":3}", "t:2: output_length is not"},
        {"{\"timestamp\":1,\"input_length\":3,\"output_length\":1,\"hash_ids\":3}", "t:2: hash_ids is no array"},
        {"{\"timestamp\":1,\"input_length\":3,\"output_length\":1,\"hash_ids\":[1.5]}", "t:2: a hash id is not"},
        {"{\"timestamp\":\"2024-01-01 00:00:00\",\"input_length\":3,\"output_length\":1}", "t:2: this time is a date"},
        {"[1]", "t:2: not a JSON object"},
        {"{\"timestamp\":1,", "t:2: the document that begins here: not JSON"},
        {"{\"timestamp\":1e300,\"input_length\":3,\"output_length\":1}", "t:2: its time is more than 31 years"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[400];
        snprintf(text, sizeof text, "%s%s\n", head, rows[i].line);
        expect_error(text, &none, ERR_INPUT, rows[i].says);
    }
    const char *csv = "Timestamp,Request tokens,Response tokens\n";
    expect_error(csv, &none, ERR_INPUT, "no row is left");
    expect_error("Timestamp,Request tokens\n1,2\n", &none, ERR_INPUT, "no column \"Response tokens\"");
    expect_error("Timestamp,Request tokens,Response tokens\n1,2\n", &none, ERR_INPUT,
                 "t:2:1: 2 fields, and the header has at least 3");
    expect_error("Timestamp,Request tokens,Response tokens\n1,2,3\n1,2.5,3\n", &none, ERR_INPUT,
                 "t:3:1: Request tokens");
    expect_error("Timestamp,Request tokens,Response tokens\n1,100000001,3\n", &none, ERR_INPUT, "\"100000001\"");
    expect_error("Timestamp,Request tokens,Response tokens\nsoon,2,3\n", &none, ERR_INPUT, "\"soon\" is no time");
    expect_error("Timestamp,Request tokens,Response tokens\n1,,3\n", &none, ERR_INPUT, "\"\" is not a number");
    expect_error("", &none, ERR_INPUT, "not a trace that is known");
    expect_error("a,b,c\n1,2,3\n", &none, ERR_INPUT, "not a trace that is known");
    expect_error("[]", &none, ERR_INPUT, "not a trace");
    expect_error("[{\"conversations\": [}", &none, ERR_INPUT, "t:1: the array has no end");
    expect_error("[{\"conversations\": []}\n,\n{\"conversations\": 3}]", &none, ERR_INPUT,
                 "t:3: no array conversations");
    expect_error("[{\"conversations\": []}]", &none, ERR_INPUT, "no row is left: 0 outside the asked part, 1 without");
}

static void a_row_before_all_probed_ones_is_refused(void **state)
{
    (void)state;
    struct str text = STR_INIT;
    struct trace t;
    struct err e = ERR_INIT;
    str_addz(&text, "Timestamp,Request tokens,Response tokens\n");
    for (int i = 0; i < 5000; i++)
        str_addf(&text, "%d,1,1\n", 100 + i);
    assert_int_equal(trace_read_bytes(&t, "t", text.at, text.len, &(struct trace_spec){0}, &e), 0);
    assert_true(t.n == 5000 && t.rows[4999].at_ns == 4999 * NS_PER_S);
    trace_release(&t);
    str_addz(&text, "99,1,1\n");
    assert_int_equal(trace_read_bytes(&t, "t", text.at, text.len, &(struct trace_spec){0}, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "t:5002: its time is before the first 4096 rows"));
    str_release(&text);
}

static void a_document_over_its_limit_is_refused(void **state)
{
    (void)state;
    struct str text = STR_INIT;
    struct trace t;
    struct err e = ERR_INIT;
    str_addz(&text, "{\"timestamp\":0,\"input_length\":3,\"output_length\":1,\"x\":\"");
    str_reserve(&text, TRACE_MAX_DOC_BYTES);
    for (size_t i = 0; i < TRACE_MAX_DOC_BYTES / 16; i++)
        str_addz(&text, "0123456789abcdef");
    str_addz(&text, "\"}");
    assert_int_equal(trace_read_bytes(&t, "t", text.at, text.len, &(struct trace_spec){0}, &e), ERR_LIMIT);
    assert_non_null(strstr(e.text, "t:1: a JSON document of more than 16777216 bytes"));
    str_release(&text);
}

static void a_spec_that_does_not_fit_is_a_usage_error(void **state)
{
    (void)state;
    const char *talk = "[{\"conversations\": [{\"from\": \"human\", \"value\": \"q\"}]}]";
    expect_error(azure5, &(struct trace_spec){.speed = -1}, ERR_USAGE, "speed of a trace");
    expect_error(azure5, &(struct trace_spec){.speed = 0.0 / 0.0}, ERR_USAGE, "speed of a trace");
    expect_error(azure5, &(struct trace_spec){.speed = 1e12}, ERR_USAGE, "speed of a trace");
    expect_error(azure5, &(struct trace_spec){.from_ns = 5, .to_ns = 5}, ERR_USAGE, "ends behind its begin");
    expect_error(azure5, &(struct trace_spec){.from_ns = -5}, ERR_USAGE, "begins at 0");
    expect_error(azure5, &(struct trace_spec){.count = -5}, ERR_USAGE, "number of rows");
    expect_error(azure5, &(struct trace_spec){.from_ns = 41 * NS_PER_S}, ERR_INPUT, "5 outside the asked part");
    expect_error(azure5, &(struct trace_spec){.unit = TRACE_UNIT_S}, ERR_USAGE,
                 "its times are dates, not numbers of s");
    expect_error(azure5, &(struct trace_spec){.format = TRACE_SHAREGPT}, ERR_USAGE, "is CSV: that is not sharegpt");
    expect_error(azure5, &(struct trace_spec){.format = TRACE_BURSTGPT}, ERR_INPUT, "no column \"Timestamp\"");
    expect_error(talk, &(struct trace_spec){.speed = 2}, ERR_USAGE, "have no times");
    expect_error(talk, &(struct trace_spec){.unit = TRACE_UNIT_MS}, ERR_USAGE, "have no times");
    expect_error("Timestamp,Request tokens,Response tokens\n1,2,3\n", &(struct trace_spec){.unit = TRACE_UNIT_ISO},
                 ERR_USAGE, "numbers, not dates");
    expect_error("{\"Timestamp\": 1}", &(struct trace_spec){.format = TRACE_BURSTGPT}, ERR_USAGE,
                 "is JSON lines: that is not burstgpt");
    struct trace t = read_with("{\"timestamp\": 1, \"input_length\": 2, \"output_length\": 3}",
                               &(struct trace_spec){.format = TRACE_MOONCAKE});
    assert_string_equal(str_z(&t.format_why), "given");
    trace_release(&t);
    assert_int_equal(trace_format_find("mooncake"), TRACE_MOONCAKE);
    assert_int_equal(trace_format_find("azure"), TRACE_AZURE);
    assert_int_equal(trace_format_find("any"), -1);
    assert_int_equal(trace_unit_find("us"), TRACE_UNIT_US);
}

static void a_file_is_read_like_its_bytes(void **state)
{
    (void)state;
    char path[] = "/tmp/chimera-trace-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, azure5, strlen(azure5)) == (ssize_t)strlen(azure5));
    close(fd);
    struct trace t;
    struct err e = ERR_INIT;
    assert_int_equal(trace_read(&t, path, &(struct trace_spec){0}, &e), 0);
    assert_int_equal(t.n, 5);
    trace_release(&t);
    unlink(path);
    assert_int_equal(trace_read(&t, path, &(struct trace_spec){0}, &e), ERR_NOTFOUND);
    assert_int_equal(t.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mooncake_rows_have_times_in_ms_blocks_and_sessions),
        cmocka_unit_test(the_length_of_a_block_is_known_only_when_every_row_agrees),
        cmocka_unit_test(azure_rows_have_dates_in_both_years_and_as_json),
        cmocka_unit_test(burstgpt_columns_are_found_by_name_and_failed_rows_are_counted),
        cmocka_unit_test(sharegpt_keeps_the_texts_of_both_spellings),
        cmocka_unit_test(a_window_is_half_open_and_speed_and_count_apply_inside),
        cmocka_unit_test(rows_out_of_order_are_sorted_in_and_counted),
        cmocka_unit_test(the_unit_follows_the_format_unless_the_rate_would_be_absurd),
        cmocka_unit_test(a_given_unit_wins),
        cmocka_unit_test(dates_are_counted_through_leap_years_and_bad_ones_refused),
        cmocka_unit_test(what_a_line_says_wrong_is_an_error_with_its_place),
        cmocka_unit_test(a_row_before_all_probed_ones_is_refused),
        cmocka_unit_test(a_document_over_its_limit_is_refused),
        cmocka_unit_test(a_spec_that_does_not_fit_is_a_usage_error),
        cmocka_unit_test(a_file_is_read_like_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
