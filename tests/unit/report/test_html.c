/* The page and its figures: what holds for any result. Whether it works in a browser is tested in tests/browser. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "fixture.h"
#include "format/json.h"
#include "loads.h"
#include "record/verdict.h"
#include "report/series.h"
#include "report/svg.h"

#define QUESTION "Do two equal agents finish sooner side by side than one after the other?"

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *z = text; (z = strstr(z, what)); z++)
        n++;
    return n;
}

/* Elements open and close in order, attributes are quoted, no control characters: enough to find what an escape missed. */
static void check_elements(const char *text, size_t len)
{
    const char *open[64];
    size_t sizes[64], depth = 0;
    for (const char *z = text; *z; z++) {
        assert_true((unsigned char)*z >= 0x20 || *z == '\n');
        if (*z != '<' || !strncmp(z, "<!doctype", 9))
            continue;
        bool end = z[1] == '/';
        const char *name = z + 1 + end, *close = name;
        size_t n = strcspn(name, " >/\n");
        for (char quote = 0; *close && (quote || *close != '>'); close++)
            quote = *close == '"' ? quote ? 0 : '"' : quote;
        assert_true(*close && isalpha((unsigned char)*name));
        if (end) {
            assert_true(depth > 0);
            depth--;
            if (sizes[depth] != n || strncmp(open[depth], name, n) != 0)
                fail_msg("%.*s closes %.*s near %.80s", (int)n, name, (int)sizes[depth], open[depth], z);
        } else if (close[-1] != '/' && strncmp(name, "meta", n) != 0) {
            assert_true(depth < 64);
            open[depth] = name;
            sizes[depth++] = n;
        }
        z = close;
        if (!end && (!strncmp(name, "script", n) || !strncmp(name, "style", n))) /* no markup inside */
            z = strstr(z, !strncmp(name, "script", n) ? "</script" : "</style") - 1;
    }
    assert_int_equal(depth, 0);
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = utf8_next(text + i, len - i, &c);
        assert_true(n > 0);
        i += n;
    }
}

static struct str page_of(const struct report_view *v)
{
    struct str page = STR_INIT;
    report_html(v, &page);
    check_elements(page.at, page.len);
    bool series = strstr(page.at, "id=\"series\"") != NULL;
    assert_int_equal(count(page.at, "<script"), series ? 2 : 1);
    assert_non_null(strstr(page.at, "content=\"default-src 'none'; style-src 'sha256-"));
    assert_int_equal(count(page.at, "http://www.w3.org/2000/svg"), count(page.at, "<svg class"));
    return page;
}

static void a_page_of_a_duet(void **state)
{
    (void)state;
    struct report_view *v = view_of(&(struct study_spec){.question = QUESTION, .blocks = 3});
    struct str page = page_of(v), again = page_of(v);
    assert_int_equal(page.len, again.len);
    assert_memory_equal(page.at, again.at, page.len);
    const char *question = strstr(page.at, "<h1>" QUESTION "</h1>"), *answer = strstr(page.at, "<p class=\"answer\">"),
               *figure = strstr(page.at, "<figure>"), *on = strstr(page.at, "Example CPU @ 2.00GHz, 2 cores");
    assert_true(question && answer && figure && on && question < answer && answer < figure && figure < on);
    assert_non_null(strstr(page.at, "class=\"v better\">pair: better"));
    assert_non_null(strstr(page.at, "title=\"makespan, s: median of 3 values;"));
    assert_non_null(strstr(page.at, "<a href=\"#def-jain\">jain</a>"));
    assert_non_null(strstr(page.at, "id=\"def-jain\""));
    assert_non_null(strstr(page.at, "chimera run duet.yaml</pre>"));
    assert_int_equal(strlen(v->raw_sha256), 64);
    assert_non_null(strstr(page.at, v->raw_sha256));
    str_release(&page);
    str_release(&again);
    report_view_free(v);
}

#define NASTY "</title><script>alert(1)</script>\" onload=\"x\xE2\x80\xAE\x1B[1m'"

static bool nasty(struct run *r, int arm)
{
    (void)arm;
    r->verdict_why = NASTY;
    for (size_t i = 0; i < r->n_sessions; i++)
        r->sessions[i].quality_json =
            "{\"grounding\":{\"contradicted\":1,\"list\":[{\"class\":\"contradicted\",\"sentence\":\"<b>3 files</b>\","
            "\"fact\":\"files\",\"fact_value\":12},{\"class\":\"supported\",\"sentence\":\"not this\"},{\"class\":\"contradicted\"},7]}}";
    for (size_t i = 0; i < r->n_requests; i++)
        r->requests[i].stage = NASTY;
    return true;
}

static void hostile_text(void **state)
{
    (void)state;
    struct report_view *v = view_of(&(struct study_spec){.question = NASTY, .blocks = 2, .change = nasty});
    struct str page = page_of(v);
    assert_null(strstr(page.at, "<script>alert"));
    assert_null(strstr(page.at, "\" onload="));
    assert_null(strstr(page.at, "\xE2\x80\xAE"));
    assert_non_null(strstr(page.at, "&lt;b&gt;3 files&lt;/b&gt;"));
    assert_null(strstr(page.at, "not this"));
    assert_int_equal(v->contradicted, 16); /* two of 8 sessions' four entries */
    assert_int_equal(v->n_claims, 8);
    str_release(&page);
    report_view_free(v);
}

static bool never(struct run *r, int arm)
{
    (void)r, (void)arm;
    return false;
}

static bool all_void(struct run *r, int arm)
{
    (void)arm;
    r->verdict = VERDICT_VOID;
    r->verdict_why = "send_lag: requests left late";
    return true;
}

static void nothing_to_rely_on(void **state)
{
    (void)state;
    struct report_view *v = view_of(&(struct study_spec){.blocks = 2, .change = never});
    struct str page = page_of(v);
    assert_null(strstr(page.at, "<figure>"));
    assert_non_null(strstr(page.at, "Nothing can be concluded"));
    assert_null(strstr(page.at, "uPlot"));
    str_release(&page);
    report_view_free(v);
    v = view_of(&(struct study_spec){.blocks = 2, .change = all_void});
    page = page_of(v);
    assert_non_null(strstr(page.at, "<b class=\"v VOID\">6 runs VOID</b>"));
    assert_int_equal(count(page.at, "<tr class=\"no\">"), 6);
    str_release(&page);
    report_view_free(v);
}

static void a_page_of_loads(void **state)
{
    (void)state;
    struct report_view *v = view_of_loads(&(struct load_spec){.blocks = 2, .n_closed = 1000, .n_open = 30});
    struct str page = page_of(v);
    assert_non_null(strstr(page.at, "Permission is hereby granted")); /* uPlot's licence goes with it */
    assert_non_null(strstr(page.at, "UNRESOLVED: it is at least this"));
    assert_non_null(strstr(page.at, "aria-label=\"Distribution of ttft, ms within each run\""));
    str_release(&page);
    report_view_free(v);
}

/* Request 0 of the closed loop runs from 1 to 1.12 s beside request 1; the run of 4 requests ends with the second pair. */
static void series_count_what_was_in_flight(void **state)
{
    (void)state;
    const struct run *runs[SERIES_RUNS];
    struct report_view *v = view_of_loads(&(struct load_spec){.blocks = 1, .n_closed = 4, .n_open = 0});
    struct str json = STR_INIT;
    size_t n = series_runs(v, runs);
    assert_int_equal(n, 1);
    series_json(v, runs, n, &json);
    struct err e = ERR_INIT;
    yyjson_doc *doc = json_read(json.at, json.len, NULL, &e);
    if (!doc)
        fail_msg("%s", e.text);
    yyjson_val *one = yyjson_arr_get(yyjson_doc_get_root(doc), 0), *x;
    double step = yyjson_get_num(yyjson_obj_get(one, "step_s")), flight = 0, tokens = 0, most = 0;
    size_t i, max;
    yyjson_arr_foreach (yyjson_obj_get(one, "flight"), i, max, x)
        flight += step * yyjson_get_num(x);
    yyjson_arr_foreach (yyjson_obj_get(one, "rate"), i, max, x)
        tokens += step * yyjson_get_num(x);
    yyjson_arr_foreach (yyjson_obj_get(one, "most"), i, max, x)
        most = fmax(most, yyjson_get_num(x));
    double want = 0;
    for (size_t k = 0; k < runs[0]->n_requests; k++)
        want += (double)(runs[0]->requests[k].stamp[STAMP_DONE] - runs[0]->requests[k].stamp[STAMP_SENT]) / 1e9;
    assert_true(fabs(flight - want) < 0.002 * want); /* the integral is the time spent in flight */
    assert_true(most == 2);
    assert_int_equal(max, SERIES_STEPS);
    assert_true(tokens >= 0);
    yyjson_doc_free(doc);
    str_release(&json);
    report_view_free(v);
}

/* ---- scales ------------------------------------------------------------------------------------------------ */

static void scales_hold_what_they_are_given(void **state)
{
    (void)state;
    static const double pairs[][2] = {{0, 1},          {0.3, 0.31}, {1e-9, 1e9}, {5, 5},
                                      {0, 0},          {-3, -2},    {40, 1990},  {1e300, 1e308},
                                      {-1e308, 1e308}, {NAN, 1},    {3, 2},      {INFINITY, -INFINITY}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct scale s = scale_of(pairs[i][0], pairs[i][1], 10, 110);
        assert_true(s.hi > s.lo);
        if (pairs[i][0] <= pairs[i][1]) {
            double a = scale_at(&s, pairs[i][0]), b = scale_at(&s, pairs[i][1]);
            assert_true(a >= 10 && b <= 110 + 1e-9 && a <= b);
            assert_true(s.lo <= fmax(fmin(pairs[i][0], 1e300), -1e300) && s.hi >= fmin(pairs[i][1], 1e300));
        }
    }
    struct scale s = scale_of(1, 10, 0, 100);
    assert_true(!s.log && s.lo == 0 && s.hi == 10 && scale_at(&s, 5) == 50);
    s = scale_of(1, 1000, 0, 100);
    assert_true(s.log && fabs(scale_at(&s, sqrt(s.lo * s.hi)) - 50) < 1e-9);
}

/* ---- files of their own ------------------------------------------------------------------------------------- */

static void figures_alone(void **state)
{
    (void)state;
    static const char *const words[] = {"answer", "sessions", "ttft", "makespan", "session.duration"};
    struct report_view *v = view_of(&(struct study_spec){.question = QUESTION, .blocks = 2});
    struct err e = ERR_INIT;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct str svg = STR_INIT;
        assert_int_equal(report_svg(v, words[i], &svg, &e), 0);
        check_elements(svg.at, svg.len);
        assert_true(!strncmp(svg.at, "<svg ", 5) && strstr(svg.at, "<style>") && !strstr(svg.at, "nan") &&
                    !strstr(svg.at, "inf\""));
        str_release(&svg);
    }
    struct str none = STR_INIT;
    assert_int_equal(report_svg(v, "ttfl", &none, &e), ERR_USAGE);
    assert_non_null(strstr(e.text, "did you mean 'ttft'?"));
    err_clear(&e);
    assert_int_equal(report_svg(v, "engine.queue", &none, &e), ERR_USAGE);
    assert_true(!none.len && strstr(e.text, "nothing to draw"));
    report_view_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_of_a_duet),
        cmocka_unit_test(hostile_text),
        cmocka_unit_test(nothing_to_rely_on),
        cmocka_unit_test(a_page_of_loads),
        cmocka_unit_test(series_count_what_was_in_flight),
        cmocka_unit_test(scales_hold_what_they_are_given),
        cmocka_unit_test(figures_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
