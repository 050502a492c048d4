/* Latency laws: what they parse, what they draw, and that equal seeds draw equal delays. Rules of faults, words and
 * requests' bodies besides. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <string.h>

#include "base/file.h"
#include "stub/ask.h"
#include "stub/fault.h"
#include "stub/law.h"
#include "stub/words.h"

enum { DRAWS = 40000 };

static struct law parsed(const char *text)
{
    struct law l;
    struct err e = ERR_INIT;
    if (law_parse(&l, text, &e))
        fail_msg("%s: %s", text, e.text);
    return l;
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mono_ns ns;
    } good[] = {{"50ms", 50000000}, {"1.5s", 1500000000}, {"200us", 200000}, {"7ns", 7}, {"2", 2000000},
                {"0", 0},           {".5ms", 500000}};
    static const char *const bad[] = {"", "ms", "-1ms", "1 ms", "1h", "3601s", "nan", "inf", "1e999", "5msx", "0x"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        mono_ns ns = -1;
        assert_int_equal(duration_parse(span_z(good[i].text), &ns, NULL), 0);
        assert_int_equal(ns, good[i].ns);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e = ERR_INIT;
        mono_ns ns;
        if (duration_parse(span_z(bad[i]), &ns, &e) != ERR_USAGE || !e.text[0])
            fail_msg("'%s' was taken for a duration", bad[i]);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"expo:5ms", "did you mean 'exp'"}, {"lognormal:50ms", "MEDIAN,SIGMA"}, {"lognormal:50ms,-1", "MEDIAN"},
        {"bursty:0,5ms", "CHUNKS,PAUSE"},   {"bursty:1.5,5ms", "CHUNKS"},       {"const:", "no duration"},
        {"file:/no/such", "/no/such"},      {"lognormal:50ms,0.3x", "MEDIAN"},  {"bursty:8,", "no duration"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct law l;
        struct err e = ERR_INIT;
        assert_int_not_equal(law_parse(&l, rows[i].text, &e), 0);
        if (!strstr(e.text, rows[i].says))
            fail_msg("%s: '%s' does not say '%s'", rows[i].text, e.text, rows[i].says);
    }
}

static void test_const_and_bursty(void **state)
{
    (void)state;
    struct rng r = rng_stream(1, "x");
    struct law l = parsed("const:50ms"), bare = parsed("50ms"), b = parsed("bursty:3,200ms");
    for (uint64_t i = 0; i < 7; i++) {
        assert_int_equal(law_draw(&l, &r, i), 50 * NS_PER_MS);
        assert_int_equal(law_draw(&bare, &r, i), 50 * NS_PER_MS);
        assert_int_equal(law_draw(&b, &r, i), i % 3 ? 0 : 200 * NS_PER_MS);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The mean of n exponential draws has a standard error of 1/sqrt(n): 0.5 %; the median of an exponential is ln 2. */
static void test_exp(void **state)
{
    (void)state;
    static double v[DRAWS];
    struct rng r = rng_stream(1, "x");
    struct law l = parsed("exp:50ms");
    double sum = 0;
    for (int i = 0; i < DRAWS; i++)
        sum += v[i] = (double)law_draw(&l, &r, (uint64_t)i) / 50e6;
    qsort(v, DRAWS, sizeof *v, by_size);
    assert_true(v[0] >= 0);
    assert_true(fabs(sum / DRAWS - 1) < 0.025);
    assert_true(fabs(v[DRAWS / 2] - 0.6931) < 0.025);
}

static void test_lognormal(void **state)
{
    (void)state;
    static double v[DRAWS];
    struct rng r = rng_stream(1, "x");
    struct law l = parsed("lognormal:50ms,0.3");
    double sum = 0, squares = 0;
    for (int i = 0; i < DRAWS; i++) {
        v[i] = log((double)law_draw(&l, &r, (uint64_t)i) / 50e6);
        sum += v[i];
        squares += v[i] * v[i];
    }
    assert_true(fabs(sum / DRAWS) < 0.01);
    assert_true(fabs(sqrt(squares / DRAWS) - 0.3) < 0.01);
}

static void test_file(void **state)
{
    (void)state;
    static const char text[] = "# delays\n5ms\n\n 1.5s # slow\r\n7ns\n3";
    char path[] = "/tmp/stub-law-XXXXXX", law[64];
    struct err e = ERR_INIT;
    struct rng r = rng_stream(1, "x");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_write(path, text, sizeof text - 1, &e), 0);
    snprintf(law, sizeof law, "file:%s", path);
    struct law l = parsed(law);
    assert_int_equal(l.n_list, 4);
    const mono_ns want[] = {5 * NS_PER_MS, 1500 * NS_PER_MS, 7, 3 * NS_PER_MS};
    for (uint64_t i = 0; i < 9; i++)
        assert_int_equal(law_draw(&l, &r, i), want[i % 4]);
    law_release(&l);
    assert_int_equal(file_write(path, "5ms\nsoon\n", 9, &e), 0);
    assert_int_not_equal(law_parse(&l, law, &e), 0);
    assert_non_null(strstr(e.text, ":2:"));
    err_clear(&e);
    assert_int_equal(file_write(path, "# none\n", 7, &e), 0);
    assert_int_equal(law_parse(&l, law, &e), ERR_INPUT);
    unlink(path);
}

static void test_equal_seeds(void **state)
{
    (void)state;
    static const char *const laws[] = {"exp:5ms", "lognormal:5ms,1"};
    for (size_t k = 0; k < 2; k++) {
        struct law l = parsed(laws[k]);
        struct rng a = rng_stream(7, "x"), b = rng_stream(7, "x"), c = rng_stream(8, "x");
        int other = 0;
        for (uint64_t i = 0; i < 100; i++) {
            mono_ns t = law_draw(&l, &a, i);
            assert_int_equal(t, law_draw(&l, &b, i));
            other += t != law_draw(&l, &c, i);
        }
        assert_true(other > 90);
    }
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

static void test_rules(void **state)
{
    (void)state;
    struct fault_rule rules[3];
    struct rng r = rng_stream(1, "x");
    assert_int_equal(fault_rule_parse(&rules[0], "reset:request=6", NULL), 0);
    assert_int_equal(fault_rule_parse(&rules[1], "stall:every=3", NULL), 0);
    for (uint64_t n = 1; n < 20; n++) {
        const char *want = n == 6 ? "reset" : n % 3 == 0 ? "stall" : NULL;
        const struct fault *f = fault_pick(rules, 2, n, &r);
        assert_true(want ? f && strcmp(f->name, want) == 0 : f == NULL);
    }
    int hits = 0;
    assert_int_equal(fault_rule_parse(&rules[2], "reset:rate=0.25", NULL), 0);
    for (int i = 0; i < DRAWS; i++)
        hits += fault_pick(&rules[2], 1, 1, &r) != NULL;
    assert_true(abs(hits - DRAWS / 4) < 400); /* standard error 87 */
    assert_int_equal(fault_rule_parse(&rules[2], "reset", NULL), 0);
    assert_non_null(fault_pick(&rules[2], 1, 1, &r));
    assert_null(fault_pick(NULL, 0, 1, &r));
    static const char *const bad[] = {
        "rest",        "reset:", "reset:rate=2",  "reset:every=0", "reset:every=x", "reset:request=", "reset:rate=",
        "reset:often", "",       "reset:every=-1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e = ERR_INIT;
        if (fault_rule_parse(&rules[2], bad[i], &e) != ERR_USAGE || !e.text[0])
            fail_msg("'%s' was taken for a rule", bad[i]);
    }
}

static void test_table(void **state)
{
    (void)state;
    size_t n = 0;
    for (; fault_at(n); n++) {
        const struct fault *f = fault_at(n);
        assert_ptr_equal(fault_find(f->name), f); /* no name twice */
        assert_true(f->what && f->what[0]);
        assert_true(f->instead || f->head || f->middle || f->last || f->event || f->type || f->flags);
    }
    assert_true(n > 60);
}

/* ---- words and bodies ---------------------------------------------------------------------------------------------- */

static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t n;
    } rows[] = {{"", 0}, {"  ", 0}, {"a", 1}, {" a b\n\tc ", 3}, {"don't stop", 2}, {"\xC3\xA9t\xC3\xA9", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(words_count(span_z(rows[i].text)), rows[i].n);
    struct str text = STR_INIT, again = STR_INIT;
    struct rng r = rng_stream(1, "w"), q = rng_stream(1, "w");
    for (int i = 0; i < 200; i++) {
        words_add(&text, &r, i == 0);
        words_add(&again, &q, i == 0);
    }
    assert_int_equal(words_count((struct span){text.at, text.len}), 200);
    assert_string_equal(text.at, again.at);
    assert_int_equal(text.len, strspn(text.at, "abcdefghijklmnopqrstuvwxyz "));
    assert_int_equal(words_id(span_z("a")), words_id(span_z("a")));
    assert_int_not_equal(words_id(span_z("a")), words_id(span_z("b")));
    str_release(&text);
    str_release(&again);
}

static void test_bodies(void **state)
{
    (void)state;
    static const struct {
        enum ask_route route;
        const char *body;
        int64_t prompt, max;
        bool stream, nothing, unload;
    } rows[] = {
        {ASK_CHAT, "{\"messages\":[{\"content\":\"a b\"},{\"content\":\"c\"}],\"max_tokens\":7}", 3, 7, false, false,
         false},
        {ASK_CHAT, "{\"messages\":[{\"content\":[{\"type\":\"text\",\"text\":\"a b\"},{}]}],\"stream\":true}", 2, -1,
         true, false, false},
        {ASK_CHAT, "{\"messages\":[],\"max_completion_tokens\":3,\"max_tokens\":-4}", 0, 3, false, false, false},
        {ASK_COMPLETION, "{\"prompt\":\"a b\",\"n_predict\":5}", 2, 5, false, false, false},
        {ASK_COMPLETION, "{\"prompt\":[1,2,3]}", 3, -1, false, false, false},
        {ASK_COMPLETION, "{\"prompt\":[\"a b\",\"c\"]}", 3, -1, false, false, false},
        {ASK_GENERATE, "{\"prompt\":\"a b\",\"system\":\"s\",\"options\":{\"num_predict\":4}}", 3, 4, true, false,
         false},
        {ASK_GENERATE, "{\"model\":\"m\",\"keep_alive\":0}", 0, -1, true, true, true},
        {ASK_GENERATE, "{\"model\":\"m\",\"keep_alive\":\"0s\",\"prompt\":\"\"}", 0, -1, true, true, true},
        {ASK_GENERATE, "{\"prompt\":\"x\",\"keep_alive\":\"5m\",\"options\":{\"num_predict\":0}}", 1, -1, true, false,
         false},
        {ASK_OLLAMA_CHAT, "{\"messages\":[{\"content\":\"a\"}],\"stream\":false}", 1, -1, false, false, false},
        {ASK_OLLAMA_CHAT, "{\"messages\":[]}", 0, -1, true, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ask a;
        struct err e = ERR_INIT;
        if (ask_parse(&a, rows[i].route, span_z(rows[i].body), false, &e))
            fail_msg("%s: %s", rows[i].body, e.text);
        if (a.prompt_tok != rows[i].prompt || a.max_tokens != rows[i].max || a.stream != rows[i].stream ||
            a.nothing != rows[i].nothing || a.unload != rows[i].unload)
            fail_msg("%s: read wrongly", rows[i].body);
        ask_release(&a);
    }
}

static void test_bad_bodies(void **state)
{
    (void)state;
    static const struct {
        enum ask_route route;
        const char *body, *says;
    } rows[] = {
        {ASK_CHAT, "", "not JSON"},
        {ASK_CHAT, "[]", "not a JSON object"},
        {ASK_CHAT, "{}", "messages"},
        {ASK_CHAT, "{\"messages\":[1]}", "messages"},
        {ASK_CHAT, "{\"messages\":[{\"content\":1}]}", "content"},
        {ASK_CHAT, "{\"messages\":[],\"max_tokens\":0}", "max_tokens"},
        {ASK_CHAT, "{\"messages\":[],\"max_tokens\":1.5}", "max_tokens"},
        {ASK_CHAT, "{\"messages\":[],\"stream\":\"yes\"}", "stream"},
        {ASK_COMPLETION, "{\"prompt\":5}", "prompt"},
        {ASK_COMPLETION, "{\"prompt\":[{}]}", "prompt"},
        {ASK_GENERATE, "{\"prompt\":[]}", "prompt"},
        {ASK_OLLAMA_CHAT, "{\"messages\":{}}", "messages"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ask a;
        struct err e = ERR_INIT;
        assert_int_equal(ask_parse(&a, rows[i].route, span_z(rows[i].body), true, &e), ERR_INPUT);
        if (!strstr(e.text, rows[i].says))
            fail_msg("%s: '%s' does not say '%s'", rows[i].body, e.text, rows[i].says);
        ask_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations), cmocka_unit_test(test_refused),   cmocka_unit_test(test_const_and_bursty),
        cmocka_unit_test(test_exp),       cmocka_unit_test(test_lognormal), cmocka_unit_test(test_file),
        cmocka_unit_test(test_rules),     cmocka_unit_test(test_table),     cmocka_unit_test(test_equal_seeds),
        cmocka_unit_test(test_words),     cmocka_unit_test(test_bodies),    cmocka_unit_test(test_bad_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
