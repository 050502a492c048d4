/* The arms of a study against the first of them, in results that the test writes: every run's value is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check.h"
#include "format/csv.h"
#include "report/compare_view.h"
#include "report/figure.h"
#include "report/study_view.h"

#define SERVER(name, flag) "{\"kind\":\"cmd\",\"flags\":[\"" flag "\"],\"model\":\"m\",\"name\":\"" name "\"}"

struct arms {
    int n; /* named arm 0, arm 1, …; each with one request in a run */
    int32_t blocks;
    double factor[4]; /* of the times of the first arms; 0: 1 */
    double wave;      /* arm 1 is faster and slower in turn by this share */
    const char *plan; /* what its JSON has more; "" */
    int other_server; /* this arm uses server b, which differs; 0: none */
    int void_arm;     /* its runs are VOID; 0: none */
    bool failed;      /* before the first run there is an aborted attempt, of which there is no session */
};

static struct run run_of(struct arena *a, const struct arms *s, int32_t block, int arm)
{
    struct run r = make_run(a, arena_printf(a, "arm %d", arm), block, 1);
    double f = arm < 4 && s->factor[arm] > 0 ? s->factor[arm] : 1;
    double ttft = 0.1 * (1 + 0.01 * block) * f * (arm == 1 && s->wave > 0 ? 1 + (block % 2 ? 1 : -1.1) * s->wave : 1);
    add_session(&r, "load", 2)->server = arm && arm == s->other_server ? "b" : "a";
    struct request *q = add_request(&r, "load", 1, 64, 9, 1);
    q->stamp[STAMP_PLANNED] = q->stamp[STAMP_SENT] = at_s(0);
    q->stamp[STAMP_FIRST_TOKEN] = at_s(ttft);
    q->stamp[STAMP_LAST_TOKEN] = q->stamp[STAMP_DONE] = at_s(ttft + 0.08 * f);
    r.position = block * s->n + arm;
    r.wall_ns = 1790000000LL * NS_PER_S + (int64_t)r.position * 20 * NS_PER_S;
    r.ended_ns = at_s(3);
    r.health = quiet();
    r.start_state = "{}";
    if (arm && arm == s->void_arm) {
        r.verdict = VERDICT_VOID;
        r.verdict_why = "send_lag: late";
    }
    return r;
}

static struct report_view *view_of_arms(struct arms s)
{
    char path[] = "/tmp/chimera-comparisons-XXXXXX", stratum[65];
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct store *store = NULL;
    size_t n = (size_t)s.n * (size_t)s.blocks;
    struct plan_row *rows = arena_alloc(&a, (n + 1) * sizeof *rows);
    struct str plan = STR_INIT;
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct plan_row){(int32_t)i, (int32_t)i / s.n, arena_printf(&a, "arm %d", (int)i % s.n)};
    str_addz(&plan, "{\"arms\":[");
    for (int i = 0; i < s.n; i++)
        str_addf(&plan, "%s{\"load\":\"l\",\"name\":\"arm %d\"}", i ? "," : "", i);
    str_addf(&plan, "]%s}", s.plan ? s.plan : "");
    struct store_study study = {.name = "arms",
                                .question = "Which is the fastest?",
                                .source = "",
                                .plan_json = str_z(&plan),
                                .plan_sha256 = "0123",
                                .chimera_version = "1",
                                .chimera_commit = "c",
                                .command = "test",
                                .rows = rows,
                                .n_rows = n};
    new_path(path);
    unlink(path);
    if (store_create(&store, path, &study, &e) || store_host(store, HOST_FACTS, stratum, &e) ||
        store_server(store, "a", SERVER("a", "x"), &e) || store_server(store, "b", SERVER("b", "y"), &e))
        fail_msg("%s", e.text);
    if (s.failed) {
        struct run r = run_of(&a, &s, 0, 0);
        r.state = RUN_ABORTED;
        r.n_sessions = r.n_requests = 0;
        write_run(store, &r, stratum);
    }
    for (size_t i = 0; i < n; i++) {
        struct run r = run_of(&a, &s, (int32_t)i / s.n, (int)i % s.n);
        write_run(store, &r, stratum);
    }
    if (store_close(store, &e))
        fail_msg("%s", e.text);
    str_release(&plan);
    arena_release(&a);
    return view_at(path);
}

static const struct comparison *result(const struct report_view *v, size_t arm, const char *id)
{
    const struct compare_view *pair = v->comparisons.at[arm].pair;
    assert_non_null(pair);
    for (size_t i = 0; i < pair->n; i++)
        if (!strcmp(pair->results[i].metric->id, id))
            return &pair->results[i];
    fail_msg("no %s", id);
    return NULL;
}

static const char *forest(const struct report_view *v, size_t metric)
{
    static struct str out;
    struct arena a = {0};
    struct svg s = {.out = &out, .arena = &a};
    str_clear(&out);
    bool drawn = figure_forest(&s, &v->comparisons, metric);
    arena_release(&a);
    assert_int_equal(drawn, out.len > 0);
    return str_z(&out);
}

static size_t times(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

/* ---- what is concluded ---------------------------------------------------------------------------------------------- */

static const struct arms four = {.n = 4, .blocks = 10, .factor = {1, 1, 1.5, 0.6}, .wave = 0.1};

static void enough_blocks_decide(void **state)
{
    (void)state;
    struct report_view *v = view_of_arms(four);
    assert_string_equal(v->comparisons.base->name, "arm 0");
    assert_int_equal(v->comparisons.n, 3);
    const struct comparison *slower = result(v, 1, "ttft");
    assert_int_equal(slower->verdict, COMPARE_WORSE);
    assert_int_equal(result(v, 2, "ttft")->verdict, COMPARE_BETTER);
    assert_int_equal(result(v, 0, "ttft")->verdict, COMPARE_INCONCLUSIVE);
    /* 50 ms of 100 … 109: Hodges and Lehmann's shift of 50 … 54.5 is 52.25 of a median of 104.5; 2^-9 in twelve */
    assert_true(fabs(slower->shift - 52.25) < 1e-6 && fabs(slower->base - 104.5) < 1e-6);
    assert_true(fabs(slower->p - 1 / 512.0) < 1e-12 && fabs(slower->p_holm - 12 / 512.0) < 1e-12);
    assert_non_null(strstr(v->answers[0], "arm 2 is worse than arm 0 in ttft: +52.2 ms, +50.0 %"));
    assert_non_null(
        strstr(v->answers[1], "1 better (arm 3), 1 worse (arm 2), 1 inconclusive in all (arm 1); 12 comparisons"));
    golden(v, "comparisons", "terminal");
    golden(v, "comparisons", "md");
    check_all(v);
    report_view_free(v);
}

/* Eight blocks are enough for four metrics of one arm, and not for twelve comparisons: the arms are one family. */
static void more_arms_need_more_blocks(void **state)
{
    (void)state;
    struct arms s = four;
    s.blocks = 8;
    struct report_view *v = view_of_arms(s);
    for (size_t i = 0; i < v->comparisons.n; i++)
        assert_int_equal(result(v, i, "ttft")->verdict, COMPARE_INCONCLUSIVE);
    report_view_free(v);
    s.n = 2;
    s.factor[1] = 1.5;
    s.wave = 0;
    v = view_of_arms(s);
    assert_int_equal(result(v, 0, "ttft")->verdict, COMPARE_WORSE);
    assert_null(strstr(v->answers[1], "by metric")); /* one arm needs no count */
    report_view_free(v);
}

static void what_is_not_decided_looks_like_that(void **state)
{
    (void)state;
    struct arms s = four;
    s.blocks = 3;
    struct report_view *v = view_of_arms(s);
    assert_non_null(strstr(v->answers[0],
                           "It cannot be told whether arm 2 differs from arm 0 in ttft (+50.5 ms, +50.0 %): below "
                           "5 blocks nothing is concluded: 2 missing."));
    const char *svg = forest(v, 0);
    assert_int_equal(times(svg, ">inconclusive<"), 3);
    assert_int_equal(times(svg, "class=\"hollow"), 3);
    assert_int_equal(times(svg, "class=\"full"), 0);
    struct str page = STR_INIT;
    report_html(v, &page);
    assert_int_equal(times(str_z(&page), "<b class=\"v inconclusive\">inconclusive</b>"), 12);
    assert_non_null(strstr(str_z(&page), "<b class=\"v inconclusive\">arm 2: inconclusive in ttft</b>"));
    str_release(&page);
    report_view_free(v);
    v = view_of_arms(four);
    svg = forest(v, 0);
    assert_true(times(svg, ">inconclusive<") == 1 && times(svg, ">worse<") == 1 && times(svg, ">better<") == 1);
    assert_true(times(svg, "class=\"hollow") == 1 && times(svg, "class=\"full") == 2);
    report_view_free(v);
    s.blocks = 1; /* one run has no interval to draw */
    v = view_of_arms(s);
    assert_string_equal(forest(v, 0), "");
    report_view_free(v);
}

static void a_brief_one_fits_a_comment(void **state)
{
    (void)state;
    static const struct report_style brief = {.brief = true};
    struct report_view *v = view_of_arms(four);
    struct str text = STR_INIT;
    report_md(v, &brief, &text);
    assert_true(times(str_z(&text), "\n") <= 22);
    const char *rows = strstr(str_z(&text), "|---");
    assert_non_null(rows);
    assert_int_equal(strncmp(strchr(rows, '\n'), "\n| worse | arm 2 | ttft |", 25), 0); /* bad news first */
    assert_true(times(rows, "| worse |") == 3 && times(rows, "| better |") == 2);
    assert_non_null(strstr(rows, "11 more results and cautions are in the whole report"));
    str_clear(&text);
    report_terminal(v, &brief, &text);
    assert_true(times(str_z(&text), "\n") <= 24 && !strstr(str_z(&text), "Load"));
    str_release(&text);
    report_view_free(v);
}

static void a_spreadsheet_gets_a_line_for_each_metric_of_each_arm(void **state)
{
    (void)state;
    static struct csv c;
    struct report_view *v = view_of_arms(four);
    struct str text = STR_INIT;
    struct err e = ERR_INIT;
    size_t lines = 0, found = 0;
    report_csv(v, &text);
    csv_init(&c, "arms", text.at, text.len, ',');
    while (csv_next(&c, &e) > 0) {
        lines++;
        assert_int_equal(c.n_fields, 19);
        if (!span_eq_z(c.field[0], "arm 2") || !span_eq_z(c.field[1], "ttft"))
            continue;
        static const char *const want[] = {"arm 2", "ttft", "ms", "lower", "10", "156.75"};
        for (size_t i = 0; i < 6; i++)
            assert_true(span_eq_z(c.field[i], want[i]));
        assert_true(span_eq_z(c.field[9], "VALID") && span_eq_z(c.field[10], "arm 0") &&
                    span_eq_z(c.field[11], "52.25"));
        assert_true(span_eq_z(c.field[14], "50") && span_eq_z(c.field[16], "0.0234375") &&
                    span_eq_z(c.field[18], "worse"));
        assert_true(span_eq_z(c.field[12], "51") && span_eq_z(c.field[13], "53.5"));
        found++;
    }
    assert_true(!e.code && found == 1 && lines == 1 + 4 * v->arms[0].n_numbers);
    csv_release(&c);
    str_release(&text);
    report_view_free(v);
}

/* ---- on a terminal --------------------------------------------------------------------------------------------------- */

static struct str plot(const struct report_view *v, const char *what, struct report_style style)
{
    struct str out = STR_INIT;
    struct err e = ERR_INIT;
    if (report_plot(v, what, &style, &out, &e))
        fail_msg("%s", e.text);
    return out;
}

/* Where the first mark stands in the line that is `below` the one that begins so. */
static size_t first_mark(const char *text, const char *begins, int below)
{
    const char *line = strstr(text, begins);
    assert_non_null(line);
    while (below--)
        line = strchr(line, '\n') + 1;
    size_t at = strspn(line, " ");
    assert_int_equal(line[at], '*');
    return at;
}

static void curves_of_text_stand_below_each_other(void **state)
{
    (void)state;
    struct report_view *v = view_of_arms(four);
    struct str text = plot(v, "ttft", (struct report_style){.ascii = true, .columns = 50});
    size_t columns = 0;
    for (size_t i = 0; i < text.len; i++) {
        assert_true(text.at[i] == '\n' || (text.at[i] >= 0x20 && text.at[i] < 0x7F));
        columns = text.at[i] == '\n' ? 0 : columns + 1;
        assert_true(columns <= 50);
    }
    assert_non_null(strstr(str_z(&text), "arm 0: median 104 ms, 10 runs\n"));
    /* it begins at the bottom, ends at the top, and the arm that answers later rises later */
    assert_int_equal(first_mark(str_z(&text), "arm 0:", 4), 0);
    for (int row = 4; row > 1; row--) /* without a gap */
        assert_true(first_mark(str_z(&text), "arm 0:", row) <= first_mark(str_z(&text), "arm 0:", row - 1));
    size_t fast = first_mark(str_z(&text), "arm 3:", 1), base = first_mark(str_z(&text), "arm 0:", 1);
    assert_true(0 < fast && fast < base && base < first_mark(str_z(&text), "arm 2:", 1));
    str_release(&text);
    text = plot(v, "ttft", (struct report_style){.color = true});
    assert_int_equal(times(str_z(&text), "\x1b[0m"), 4 * 4);
    assert_non_null(strstr(str_z(&text), "\u28c0")); /* braille: the lowest dots */
    str_release(&text);
    report_view_free(v);
}

static void a_dot_of_text_is_a_run(void **state)
{
    (void)state;
    struct report_view *v = view_of_arms((struct arms){.n = 2, .blocks = 4, .factor = {1, 3}});
    struct str text = plot(v, "makespan", (struct report_style){.ascii = true, .columns = 30});
    assert_non_null(strstr(str_z(&text), "a dot is one run"));
    assert_int_equal(first_mark(str_z(&text), "arm 0:", 1), first_mark(str_z(&text), "arm 1:", 1)); /* both take 2 s */
    str_release(&text);
    static const char *const bad[][2] = {
        {"ttff", "did you mean 'ttft'"}, {"answer", "is an SVG: -o FILE"}, {"speedup.time", "nothing to draw"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err e = ERR_INIT;
        assert_int_equal(report_plot(v, bad[i][0], &(struct report_style){0}, &text, &e), ERR_USAGE);
        assert_non_null(strstr(e.text, bad[i][1]));
    }
    report_view_free(v);
}

/* ---- who is compared ------------------------------------------------------------------------------------------------ */

static void the_plan_names_the_baseline(void **state)
{
    (void)state;
    struct arms s = four;
    s.plan = ",\"compare\":{\"baseline\":\"arm 2\"}";
    struct report_view *v = view_of_arms(s);
    assert_string_equal(v->comparisons.base->name, "arm 2");
    assert_string_equal(v->comparisons.at[0].arm->name, "arm 0");
    assert_int_equal(result(v, 0, "ttft")->verdict, COMPARE_BETTER);
    report_view_free(v);
    s.plan = ",\"compare\":{\"baseline\":\"arm 9\"}";
    v = view_of_arms(s);
    assert_string_equal(v->comparisons.base->name, "arm 0");
    report_view_free(v);
}

static void what_the_study_does_not_vary_refuses_a_comparison(void **state)
{
    (void)state;
    struct arms s = four;
    s.other_server = 2;
    struct report_view *v = view_of_arms(s);
    assert_int_equal(v->comparisons.n, 3);
    assert_int_equal(v->comparisons.n_compared, 2);
    assert_null(v->comparisons.at[1].pair);
    struct str text = rendered(v, "md"), json = rendered(v, "json");
    assert_non_null(
        strstr(str_z(&text), "arm 2 is not compared: arm 0 and arm 2 differ in what the study does not vary"));
    yyjson_doc *doc = json_read(json.at, json.len, NULL, NULL);
    yyjson_val *all = yyjson_obj_get(yyjson_doc_get_root(doc), "comparisons"), *arms = yyjson_obj_get(all, "arms");
    assert_int_equal(json_get_int(all, "family", 0), 8);
    assert_non_null(yyjson_obj_get(yyjson_arr_get(arms, 1), "not_compared"));
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(yyjson_arr_get(arms, 1), "metrics")), 0);
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(yyjson_arr_get(arms, 2), "metrics")), 4);
    yyjson_doc_free(doc);
    str_release(&text);
    str_release(&json);
    report_view_free(v);
}

static void arms_without_counted_runs_are_not_there(void **state)
{
    (void)state;
    struct arms s = four;
    s.void_arm = 2;
    struct report_view *v = view_of_arms(s);
    assert_int_equal(v->comparisons.n, 2);
    assert_string_equal(v->comparisons.at[1].arm->name, "arm 3");
    report_view_free(v);
    v = view_of(&(struct study_spec){.question = "?", .blocks = 5}); /* a duet: true speedup compares its arms */
    assert_true(v->n_duets == 1 && !v->comparisons.base && !answer_has(v, "solo-beta is"));
    report_view_free(v);
    v = view_of_arms((struct arms){.n = 1, .blocks = 2});
    assert_null(v->comparisons.base);
    struct str json = rendered(v, "json");
    assert_null(strstr(str_z(&json), "\"comparisons\""));
    str_release(&json);
    report_view_free(v);
}

static void a_run_that_could_not_be_made_is_not_an_agents(void **state)
{
    (void)state;
    size_t n;
    struct report_view *v = view_of_arms((struct arms){.n = 2, .blocks = 5, .failed = true});
    const char *const *of_loads = compare_default_metrics(false, &n);
    assert_int_equal(v->n_runs, 11);
    assert_int_equal(v->study->n_metrics, n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(v->study->metrics[i]->id, of_loads[i]);
    report_view_free(v);
}

static void a_great_many_arms_are_bounded(void **state)
{
    (void)state;
    struct report_view *v = view_of_arms((struct arms){.n = 130, .blocks = 2, .factor = {1, 1.1}});
    assert_int_equal(v->comparisons.n, VIEW_COMPARED);
    assert_int_equal(v->comparisons.left_out, 29);
    const char *svg = forest(v, 0);
    assert_int_equal(times(svg, ">inconclusive<"), FIGURE_FOREST);
    assert_non_null(strstr(svg, "80 more arms"));
    struct str page = STR_INIT, again = STR_INIT, text = rendered(v, "terminal");
    report_html(v, &page);
    report_html(v, &again);
    assert_true(page.len == again.len && !memcmp(page.at, again.at, page.len));
    assert_non_null(strstr(str_z(&page), "<details><summary>80 more arms</summary>"));
    assert_non_null(strstr(str_z(&page), "29 more arms are not compared"));
    assert_non_null(strstr(str_z(&text), "90 more arms are in --format md"));
    str_release(&page);
    str_release(&again);
    str_release(&text);
    report_view_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enough_blocks_decide),
        cmocka_unit_test(more_arms_need_more_blocks),
        cmocka_unit_test(what_is_not_decided_looks_like_that),
        cmocka_unit_test(a_brief_one_fits_a_comment),
        cmocka_unit_test(a_spreadsheet_gets_a_line_for_each_metric_of_each_arm),
        cmocka_unit_test(curves_of_text_stand_below_each_other),
        cmocka_unit_test(a_dot_of_text_is_a_run),
        cmocka_unit_test(the_plan_names_the_baseline),
        cmocka_unit_test(what_the_study_does_not_vary_refuses_a_comparison),
        cmocka_unit_test(arms_without_counted_runs_are_not_there),
        cmocka_unit_test(a_run_that_could_not_be_made_is_not_an_agents),
        cmocka_unit_test(a_great_many_arms_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
