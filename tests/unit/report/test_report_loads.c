/* The report of plain load: golden files, and what must hold for any of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check.h"
#include "loads.h"

/* ---- plain load, with what it asked for ------------------------------------------------------------------------ */

static struct report_view *with_goodput(struct report_view *v, const char *limits)
{
    struct goodput g;
    struct err e = ERR_INIT;
    if (goodput_parse(limits, &g, &e))
        fail_msg("%s", e.text);
    assert_true(report_view_add_goodput(v, &g));
    return v;
}

/* Every 20th of the hundred closed ones stalls; so does 13 of the open ones, and 5 broke off. */
static void a_closed_and_an_open_loop(void **state)
{
    (void)state;
    struct report_view *v = view_of_loads(&(struct load_spec){.blocks = 1, .n_closed = 1000, .n_open = 30});
    check_all(v);
    with_goodput(v, "ttft:58.5,tpot:50,gap:500,e2e:5000");
    check_all(v);
    golden(v, "load", "terminal");
    golden(v, "load", "md");
    golden_json(v, "load");
    assert_string_equal(v->arms[0].load->asked, "closed loop of 2");
    assert_string_equal(v->arms[1].load->asked, "poisson arrivals at 10.0/s");
    assert_true(answer_has(v, "closed, closed loop of 2: ") && answer_has(v, "at p99 (OK)"));
    assert_true(answer_has(v, "10.0 of 10.0 requests/s sent, ") && answer_has(v, "p99 (UNRESOLVED)"));
    const struct load_arrivals *x = &v->arms[1].load->arrivals[0]; /* nearly constant gaps are not Poisson */
    assert_true(x->tested && x->p < 0.01 && x->cv2_law == 1 && x->cv2 < 0.1 && !v->arms[0].load->arrivals);
    const struct goodput_run *g = &v->arms[1].load->goodput[0];
    assert_int_equal(g->planned, 30);
    assert_int_equal(g->not_completed, 1);
    assert_int_equal(g->missed[2], 1);
    yyjson_doc *doc = as_json(v);
    assert_int_equal(yyjson_get_int(at(doc, "/arms/1/load/runs/0/late")), 3);
    assert_true(fabs(yyjson_get_num(at(doc, "/arms/1/load/runs/0/late_limit_ms")) - 1.28) < 1e-9);
    assert_int_equal(yyjson_get_int(at(doc, "/arms/0/load/runs/0/stalled")), 50);
    assert_string_equal(yyjson_get_str(at(doc, "/arms/0/load/runs/0/latency/0/tails/2/state")), "OK");
    assert_true(yyjson_get_bool(at(doc, "/arms/0/load/runs/0/counted")));
    yyjson_doc_free(doc);
    report_view_free(v);
}

static bool second_is_void(struct run *r, int arm)
{
    if (arm == 1 || r->block == 1) {
        r->verdict = VERDICT_VOID;
        r->verdict_why = "send_lag: requests left late";
    }
    return true;
}

static void loads_that_are_void(void **state)
{
    (void)state;
    struct report_view *v = view_of_loads(
        &(struct load_spec){.blocks = 3, .n_closed = 40, .n_open = 12, .change = second_is_void});
    check_all(v);
    golden(v, "load-void", "terminal");
    assert_int_equal(report_view_void_runs(v), 4);
    assert_int_equal(v->n_answers, 1); /* the open arm has nothing to say */
    assert_true(answer_has(v, "median over 2 runs, descriptive"));
    yyjson_doc *doc = as_json(v);
    assert_string_equal(yyjson_get_str(at(doc, "/arms/0/load/runs/1/verdict")), "VOID");
    assert_false(yyjson_get_bool(at(doc, "/arms/0/load/runs/1/counted")));
    yyjson_doc_free(doc);
    report_view_free(v);
}

static bool void_and_short(struct run *r, int arm)
{
    if (arm == 0 && r->block == 1 && second_is_void(r, arm))
        while (r->n_requests > 12)
            chunk_list_release(&r->requests[--r->n_requests].chunks);
    return arm == 0;
}

static void a_void_run_says_nothing(void **state)
{
    (void)state;
    struct report_view *v = view_of_loads(&(struct load_spec){.blocks = 2, .n_closed = 1000, .change = void_and_short});
    assert_int_equal(v->arms[0].load->runs[1].latency[0].tail[2].state, TAIL_UNRESOLVED);
    assert_true(answer_has(v, "at p99 (OK)") && answer_has(v, "one run says nothing"));
    report_view_free(v);
}

/* Every tenth of the open ones ran into a timeout of 2 s, all of the closed ones before their first token. */
static bool timed_out(struct run *r, int arm)
{
    for (size_t i = 0; i < r->n_requests; i++) {
        struct request *q = &r->requests[i];
        if (arm && i % 10 != 7)
            continue;
        q->outcome = arm ? OUTCOME_TIMEOUT_TOTAL : OUTCOME_TIMEOUT_FIRST_BYTE;
        q->stamp[STAMP_DONE] = q->stamp[STAMP_SENT] + 2 * NS_PER_S;
        q->stamp[STAMP_LAST_TOKEN] = MONO_NONE;
        if (!arm)
            q->stamp[STAMP_FIRST_TOKEN] = MONO_NONE;
    }
    return true;
}

static void timeouts_are_in_the_percentiles(void **state)
{
    (void)state;
    struct report_view *v = view_of_loads(
        &(struct load_spec){.blocks = 2, .n_closed = 40, .n_open = 400, .change = timed_out});
    check_all(v);
    golden(v, "load-timeouts", "terminal");
    assert_true(answer_has(v, "closed, closed loop of 2: ") && answer_has(v, "first token > 2.00 s after the plan"));
    struct str s = rendered(v, "terminal");
    assert_non_null(strstr(str_z(&s), "160 requests were ended by a timeout or by us before the end: "));
    assert_non_null(strstr(str_z(&s), "> 2.00 s  \u2265 2000  "));
    str_release(&s);
    yyjson_doc *doc = as_json(v);
    assert_int_equal(yyjson_get_int(at(doc, "/arms/1/load/runs/0/latency/3/cut_off")), 40);
    assert_int_equal(yyjson_get_int(at(doc, "/arms/1/load/runs/0/latency/0/cut_off")), 0);
    assert_true(yyjson_is_null(at(doc, "/arms/1/load/runs/0/latency/3/tails/2/value")));
    assert_true(fabs(yyjson_get_num(at(doc, "/arms/1/load/runs/0/latency/3/tails/2/over")) - 2000) < 1e-6);
    assert_true(yyjson_is_null(at(doc, "/arms/1/load/runs/0/latency/3/tails/0/over")));
    assert_true(fabs(yyjson_get_num(at(doc, "/arms/1/load/runs/0/errors/value")) - 0.1025) < 1e-9);
    yyjson_doc_free(doc);
    report_view_free(v);
}

/* Of every report, in colour: no line is wider than the terminal, and what counts nowhere is faint. */
static void every_report_fits_its_terminal(void **state)
{
    (void)state;
    static const size_t widths[] = {80, 100, 160};
    struct report_view *all[] = {
        view_of(&(struct study_spec){.question = "Faster?", .blocks = 3}),
        with_goodput(
            view_of_loads(&(struct load_spec){.blocks = 3, .n_closed = 40, .n_open = 12, .change = second_is_void}),
            "ttft.planned:58.5,tpot:50,gap:500,e2e.planned:5000"),
        view_of_loads(&(struct load_spec){.blocks = 2, .n_closed = 40, .n_open = 400, .change = timed_out})};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        for (size_t k = 0; k < sizeof widths / sizeof widths[0]; k++) {
            struct str s = STR_INIT;
            report_terminal(all[i], &(struct report_style){.columns = widths[k]}, &s);
            for (const char *line = str_z(&s); *line; line += strcspn(line, "\n") + 1)
                if (width_columns(line, strcspn(line, "\n")) > widths[k])
                    fail_msg("wider than %zu: %.*s", widths[k], (int)strcspn(line, "\n"), line);
            str_release(&s);
        }
        struct str color = rendered(all[i], "color");
        assert_true((strstr(str_z(&color), "\x1b[2m    2  VOID") != NULL) == (i == 1));
        str_release(&color);
        report_view_free(all[i]);
    }
}

static bool nothing_came(struct run *r, int arm)
{
    (void)arm;
    for (size_t i = 0; i < r->n_requests; i++) {
        r->requests[i].outcome = OUTCOME_CONNECT_ERROR;
        r->requests[i].usage = USAGE_NONE;
        for (int s = STAMP_FIRST_BYTE; s < STAMP_DONE; s++)
            r->requests[i].stamp[s] = MONO_NONE;
    }
    return true;
}

static const char *asked_by(const char *load)
{
    static char asked[200];
    char plan[400];
    snprintf(plan, sizeof plan, "{\"arms\":[{\"name\":\"open\",\"load\":\"x\"}],\"loads\":[{\"name\":\"x\",%s}]}",
             load);
    struct report_view *v = view_of_loads(&(struct load_spec){.plan = plan, .blocks = 1, .n_closed = 2, .n_open = 2});
    check_all(v);
    snprintf(asked, sizeof asked, "%s", view_find(&v->arms[0], "e2e") ? v->arms[0].load->asked : "no run");
    if (strstr(asked, " to ")) /* no one rate, and the law is tested all the same; but no rate is below 0 */
        assert_true(isnan(v->arms[0].load->rate) && !v->arms[0].load->arrivals == (strstr(asked, "-1") != NULL));
    report_view_free(v);
    return asked;
}

static void odd_loads(void **state)
{
    (void)state;
    struct report_view *v = view_of_loads(&(struct load_spec){.blocks = 1, .n_closed = 30, .change = nothing_came});
    check_all(v);
    with_goodput(v, "e2e:1");
    assert_true(v->arms[0].load->goodput[0].share.estimate == 0 && answer_has(v, "no first token"));
    check_all(v);
    report_view_free(v);
    v = view_of_loads(
        &(struct load_spec){.plan = "{\"arms\":3,\"loads\":[[]]}", .blocks = 1, .n_closed = 1, .n_open = 1});
    check_all(v);
    assert_string_equal(v->arms[0].load->asked, "load");
    report_view_free(v);
    assert_string_equal(asked_by("\"arrival\":\"gamma\",\"burstiness\":0.5,\"stages\":[10,10,1000,20,50,2000]"),
                        "gamma (burstiness 0.500) arrivals, 10.0 to 50.0/s in 2 stages");
    assert_string_equal(asked_by("\"arrival\":\"constant\",\"stages\":[0,5,1000]"),
                        "constant arrivals, 0 to 5.00/s in 1 stage");
    assert_string_equal(asked_by("\"arrival\":\"poisson\",\"stages\":[]"), "load");
    assert_string_equal(asked_by("\"arrival\":\"poisson\",\"stages\":[\"a\",{},-1]"), "poisson arrivals at 0/s");
    assert_string_equal(asked_by("\"arrival\":\"poisson\",\"stages\":[-1,5,1000]"),
                        "poisson arrivals, -1.00 to 5.00/s in 1 stage");
    assert_string_equal(asked_by("\"arrival\":\"poisson\",\"turns\":[0,2,2,0,0],\"stages\":[5,5,1000]"),
                        "poisson arrivals of conversations at 5.00/s");
    v = view_of(&(struct study_spec){.blocks = 1});
    struct goodput g = {.n = 0};
    assert_false(report_view_add_goodput(v, &g)); /* agents */
    assert_true(!v->arms[0].load && !v->arms[2].load);
    report_view_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_and_an_open_loop),      cmocka_unit_test(loads_that_are_void),
        cmocka_unit_test(a_void_run_says_nothing),        cmocka_unit_test(timeouts_are_in_the_percentiles),
        cmocka_unit_test(every_report_fits_its_terminal), cmocka_unit_test(odd_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
