/* The report of plain load: golden files, and what must hold for any of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check.h"

/* ---- plain load --------------------------------------------------------------------------------------------- */

#define LOAD_PLAN                                                                                                            \
    "{\"arms\":[{\"name\":\"closed\",\"load\":\"two\"},{\"name\":\"open\",\"load\":\"ten\"}],\"loads\":[{\"name\":\"two\","  \
    "\"max_concurrency\":2,\"stages\":[]},{\"name\":\"ten\",\"max_concurrency\":0,\"arrival\":\"poisson\",\"burstiness\":1," \
    "\"stages\":[10,10,9223372036854775807]}]}"

struct load_spec {
    const char *plan; /* NULL: LOAD_PLAN */
    int32_t blocks;
    size_t n_closed, n_open; /* requests of a run of each arm */
    bool (*change)(struct run *r, int arm);
};

/* Request i: ttft 40 … 59 ms in an order that mixes, eight steps of 10 ms, every 20th with a stall of 600 ms. */
static void load_request(struct run *r, size_t i, double sent_s, double lag_s)
{
    struct request *q = add_request(r, "load", 1, 64, 9, 1);
    double ttft = 0.040 + 0.001 * (double)(i * 7 % 20), stall = i % 20 == 13 ? 0.6 : 0;
    q->usage = USAGE_NONE;
    q->usage.prompt_tok = 64;
    q->usage.completion_tok = 9;
    q->stamp[STAMP_PLANNED] = at_s(sent_s - lag_s);
    q->stamp[STAMP_SENT] = at_s(sent_s);
    q->stamp[STAMP_FIRST_TOKEN] = at_s(sent_s + ttft);
    q->stamp[STAMP_LAST_TOKEN] = q->stamp[STAMP_DONE] = at_s(sent_s + ttft + 0.08 + stall);
    chunk_list_init(&q->chunks, 9);
    for (int k = 0; k < 9; k++) {
        mono_ns t = at_s(sent_s + ttft + 0.01 * k + (k > 4 ? stall : 0));
        chunk_list_add(&q->chunks, (struct chunk){.t_ns = t, .app_ns = t, .kind = CHUNK_TEXT, .text_bytes = 5});
    }
}

/* Closed: two requests every 0.25 s. Open: one every 0.1 s, the third of each ten 3 ms late; request 5 breaks off. */
static struct run a_load_run(struct arena *a, const struct load_spec *spec, int32_t block, int arm)
{
    size_t n = arm ? spec->n_open : spec->n_closed;
    struct run r = make_run(a, arm ? "open" : "closed", block, n / 4 + 1);
    double drifted = drift(block);
    add_session(&r, "load", arm ? 0.1 * (double)n + 1 : 0.125 * (double)n * drifted + 1);
    for (size_t i = 0; i < n; i++)
        load_request(&r, i, arm ? 0.1 * (double)i : 0.25 * (double)(i / 2) * drifted, arm && i % 10 == 2 ? 0.003 : 0);
    if (arm && n > 5) {
        r.requests[5].outcome = OUTCOME_RESET;
        r.requests[5].stamp[STAMP_LAST_TOKEN] = MONO_NONE;
    }
    r.position = 2 * block + arm;
    r.wall_ns = 1790000000LL * NS_PER_S + (int64_t)r.position * 20 * NS_PER_S;
    r.ended_ns = r.sessions[0].ended_ns;
    r.health = quiet();
    r.start_state = "{}";
    return r;
}

static void write_loads(const char *path, const struct load_spec *spec)
{
    static const char *const names[] = {"closed", "open"};
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct store *s = NULL;
    char stratum[65];
    size_t n = 2 * (size_t)spec->blocks;
    struct plan_row *rows = arena_alloc(&a, (n + 1) * sizeof *rows);
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct plan_row){(int32_t)i, (int32_t)(i / 2), names[i % 2]};
    struct store_study study = {.name = "loads",
                                .question = "What does the server do under this load?",
                                .source = "study: loads\n",
                                .plan_json = spec->plan ? spec->plan : LOAD_PLAN,
                                .plan_sha256 = "0123456789abcdef",
                                .seed = 7,
                                .chimera_version = "0.1.0",
                                .chimera_commit = "abcdef123456",
                                .command = "chimera run loads.yaml",
                                .rows = rows,
                                .n_rows = n};
    unlink(path);
    if (store_create(&s, path, &study, &e) || store_host(s, HOST_FACTS, stratum, &e) ||
        store_server(s, "a", SERVER_FACTS, &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < n; i++) {
        struct run r = a_load_run(&a, spec, (int32_t)(i / 2), (int)(i % 2));
        if (!spec->change || spec->change(&r, (int)(i % 2)))
            write_run(s, &r, stratum);
        for (size_t k = 0; k < r.n_requests; k++)
            chunk_list_release(&r.requests[k].chunks);
    }
    if (store_close(s, &e))
        fail_msg("%s", e.text);
    arena_release(&a);
}

static struct report_view *view_of_loads(const struct load_spec *spec)
{
    char path[] = "/tmp/chimera-report-XXXXXX";
    new_path(path);
    write_loads(path, spec);
    return view_at(path);
}

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
    assert_non_null(strstr(v->answers[1], "10.0 of 10.0 requests/s sent, "));
    assert_non_null(strstr(v->answers[1], "p99 (UNRESOLVED)"));
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
