/* Comparisons of result files that the test writes: 8 blocks of two arms, values known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "../analysis/runs.h"
#include "format/json.h"
#include "format/width.h"
#include "report/compare.h"
#include "report/compare_view.h"
#include "report/noise.h"
#include "store/store.h"
#include "write_run.h"

#define HOST "{\"cores\":2}"
#define FACTS(version, digest)                                                                                         \
    "{\"context\":2048,\"flags\":[\"x\"],\"kind\":\"cmd\",\"model\":\"m\",\"model_digest\":\"" digest                  \
    "\",\"name\":\"s\",\"version\":\"" version "\"}"
#define LONG_FLAGS(last)                                                                                               \
    "{\"flags\":[\"/a/long/path/of/a/server/that/nobody/reads\",\"0123456789\",\"--x\",\"" last "\"]}"
#define LOAD(name, server, c)                                                                                          \
    "{\"max_concurrency\":" c ",\"name\":\"" name "\",\"server\":\"" server "\",\"stages\":[]}"
#define PLAN(kind_b, c, corpus)                                                                                        \
    "{\"agents\":[],\"arms\":[{\"agents\":[],\"load\":\"one\",\"name\":\"one\"},{\"agents\":[],\"load\":\"two\","      \
    "\"name\":\"two\"}],\"corpus\":\"" corpus "\",\"loads\":[" LOAD("one", "a", c) "," LOAD(                           \
        "two", "b",                                                                                                    \
        c) "],"                                                                                                        \
           "\"seed\":7,\"servers\":[{\"kind\":\"cmd:a\",\"model\":\"m\",\"name\":\"a\"},{\"kind\":\"" kind_b           \
           "\",\"model\":\"m\",\"name\":\"b\"}]}"
#define VARIED PLAN("cmd:b", "2", "")

/* What is written; zero: 8 blocks, both arms alike, one server version, interleaved. */
struct pair {
    int32_t blocks;       /* 0: 8 */
    double factor;        /* of the second arm's times; 0: 1 */
    int64_t tok;          /* of the second arm's answers; 0: 9 */
    const char *plan;     /* NULL: VARIED */
    const char *facts[2]; /* of servers a and b; NULL: version 1, digest d */
    const char *later;    /* a second content for server b; NULL */
    const char *host;     /* NULL: HOST */
    int64_t first_s;      /* of wall time */
    bool one_arm;         /* only the first */
    void (*change)(struct run *r, int arm);
};

static const char *const arms[] = {"one", "two"};

/* Two requests: ttft 100 and 102 ms, more by a hundredth in each block; decode of 80 ms; in a run of a second. */
static struct run load_run(struct arena *a, const struct pair *p, int32_t block, int arm)
{
    struct run r = make_run(a, arms[arm], block, 1);
    double f = arm && p->factor ? p->factor : 1;
    struct session *s = add_session(&r, "load", 1 * f);
    s->server = arm ? "b" : "a";
    for (int i = 0; i < 2; i++) {
        struct request *q = add_request(&r, "load", 1, 64, arm && p->tok ? p->tok : 9, 1);
        double sent = 0.1 * i, ttft = (0.1 + 0.002 * i) * (1 + 0.01 * block) * f;
        q->stamp[STAMP_PLANNED] = q->stamp[STAMP_SENT] = at_s(sent);
        q->stamp[STAMP_FIRST_TOKEN] = at_s(sent + ttft);
        q->stamp[STAMP_LAST_TOKEN] = q->stamp[STAMP_DONE] = at_s(sent + ttft + 0.08 * f);
    }
    r.position = p->one_arm ? block : 2 * block + arm;
    r.wall_ns = (p->first_s + 20 * (2 * block + arm)) * NS_PER_S;
    r.ended_ns = at_s(3);
    r.start_state = "{}";
    if (p->change)
        p->change(&r, arm);
    return r;
}

static void write_pair(const char *path, const struct pair *p)
{
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct store *s = NULL;
    char stratum[65];
    int32_t blocks = p->blocks ? p->blocks : 8;
    int per = p->one_arm ? 1 : 2;
    struct plan_row *rows = arena_alloc(&a, (size_t)(2 * blocks) * sizeof *rows);
    for (int32_t i = 0; i < blocks * per; i++)
        rows[i] = (struct plan_row){i, i / per, arms[i % per]};
    struct store_study study = {.name = "pair",
                                .question = "?",
                                .source = "",
                                .plan_json = p->plan ? p->plan : VARIED,
                                .plan_sha256 = "0123",
                                .chimera_version = "1",
                                .chimera_commit = "c",
                                .command = "test",
                                .rows = rows,
                                .n_rows = (size_t)(blocks * per)};
    unlink(path);
    if (store_create(&s, path, &study, &e) || store_host(s, p->host ? p->host : HOST, stratum, &e))
        fail_msg("%s", e.text);
    for (int i = 0; i < per; i++)
        if (store_server(s, i ? "b" : "a", p->facts[i] ? p->facts[i] : FACTS("1", "d"), &e))
            fail_msg("%s", e.text);
    if (p->later && store_server(s, "b", p->later, &e))
        fail_msg("%s", e.text);
    for (int32_t i = 0; i < blocks * per; i++) {
        struct run r = load_run(&a, p, i / per, i % per);
        write_run(s, &r, stratum);
    }
    if (store_close(s, &e))
        fail_msg("%s", e.text);
    arena_release(&a);
}

/* ---- comparing ------------------------------------------------------------------------------------------------------ */

static struct compare_view *view;
static struct err err;

/* Builds `view` or fills `err`. b NULL: the second arm of the same file. */
static int compare_files(const char *a, const char *b, const char *arm_a, const char *arm_b, struct compare_spec spec)
{
    struct store *s[2] = {NULL, NULL};
    err = (struct err)ERR_INIT;
    assert_int_equal(store_open(&s[0], a, false, &err), 0);
    if (b)
        assert_int_equal(store_open(&s[1], b, false, &err), 0);
    spec.side[0] = (struct compare_side){s[0], a, arm_a};
    spec.side[1] = (struct compare_side){b ? s[1] : s[0], b ? b : a, arm_b};
    compare_view_free(view);
    int rc = compare_view_build(&spec, &view, &err);
    store_close(s[0], NULL);
    store_close(s[1], NULL);
    return rc;
}

static int compare_pair(const struct pair *p, struct compare_spec spec)
{
    write_pair("compare_view.db", p);
    return compare_files("compare_view.db", NULL, "one", "two", spec);
}

static bool remarked(const char *words)
{
    for (size_t i = 0; i < view->n_remarks; i++)
        if (strstr(view->remarks[i], words))
            return true;
    return false;
}

static const struct comparison *result(const char *id)
{
    for (size_t i = 0; i < view->n; i++)
        if (!strcmp(view->results[i].metric->id, id))
            return &view->results[i];
    fail_msg("no result of %s", id);
    return NULL;
}

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-6)

static void blocks_pair_and_a_slower_arm_is_worse(void **state)
{
    (void)state;
    assert_int_equal(compare_pair(&(struct pair){.factor = 1.05}, (struct compare_spec){0}), 0);
    const struct comparison *c = result("ttft");
    assert_true(view->n == 4 && c->paired && c->n_a == 8 && c->verdict == COMPARE_WORSE);
    NEAR(c->base, 101 * 1.035); /* the blocks' medians are 101 … 108.07 ms */
    NEAR(c->candidate, c->base * 1.05);
    NEAR(c->shift, 0.05 * c->base);
    assert_true(result("output_rate.system")->verdict == COMPARE_WORSE && result("e2e")->verdict == COMPARE_WORSE);
    assert_true(result("tpot")->verdict == COMPARE_WORSE && result("tpot")->shift > 0);
    assert_true(!remarked("interleaved") && !remarked("left out") && !remarked("differ"));
    struct str ids = STR_INIT;
    compare_view_metrics(view, COMPARE_WORSE, &ids);
    assert_string_equal(str_z(&ids), "ttft, tpot, e2e, output_rate.system");
    assert_string_equal(view->answer, "two against one: worse in ttft, tpot, e2e, output_rate.system.");
    str_release(&ids);
}

/* one two, two one, one two, …: the side changes once in each block and never between them. */
static void in_turns(struct run *r, int arm)
{
    if (r->block % 2)
        r->wall_ns += (arm ? -20 : 20) * NS_PER_S;
}

static void blocks_in_any_order_are_interleaved(void **state)
{
    (void)state;
    assert_int_equal(compare_pair(&(struct pair){.change = in_turns}, (struct compare_spec){0}), 0);
    assert_false(remarked("interleaved"));
}

static void below_five_blocks_the_missing_are_named(void **state)
{
    (void)state;
    assert_int_equal(compare_pair(&(struct pair){.factor = 2, .blocks = 3}, (struct compare_spec){0}), 0);
    assert_int_equal(result("ttft")->verdict, COMPARE_INCONCLUSIVE);
    assert_true(remarked("ttft, tpot, e2e, output_rate.system: below 5 blocks nothing is concluded: 2 missing."));
    assert_true(remarked("ttft 5 (30 s)")); /* eight pairs for four metrics, and a run of both takes 6 s */
}

static void leave_some_out(struct run *r, int arm)
{
    if (arm == 0 && r->block == 2) {
        r->verdict = VERDICT_VOID;
        r->verdict_why = "steal";
    }
    if (arm == 1 && r->block == 3)
        r->state = RUN_ABORTED;
    if (arm == 1 && r->block == 4) {
        r->verdict = VERDICT_SUSPECT;
        r->verdict_why = "unstamped: few";
    }
}

static void void_and_incomplete_runs_are_left_out_and_suspect_ones_named(void **state)
{
    (void)state;
    assert_int_equal(compare_pair(&(struct pair){.factor = 2, .change = leave_some_out}, (struct compare_spec){0}), 0);
    assert_true(result("ttft")->n_a == 6 && result("ttft")->n_b == 6 && result("ttft")->left_out == 2);
    assert_true(remarked("one: 1 of 8 runs left out: 1 VOID, 0 incomplete."));
    assert_true(remarked("two: 1 of 8 runs left out: 0 VOID, 1 incomplete."));
    assert_true(remarked("2 runs without a partner"));
    assert_true(remarked("two, block 5 counts and is SUSPECT: unstamped: few."));
}

static void only_what_the_study_varies_may_differ(void **state)
{
    (void)state;
    struct compare_spec none = {0};
    struct pair versions = {.facts = {FACTS("1", "d"), FACTS("2", "d")}};
    assert_int_equal(compare_pair(&versions, none), 0); /* the kind varies, and the version follows from it */
    assert_true(view->n_differences == 1 && view->differences[0].declared && remarked("differ in version, which"));
    versions.plan = PLAN("cmd:a", "2", "");
    assert_int_equal(compare_pair(&versions, none), ERR_REFUSED);
    assert_non_null(strstr(err.text, "version (1, 2)"));
    assert_non_null(strstr(err.text, "--across version"));
    const char *across[] = {"flags", "version"};
    assert_int_equal(compare_pair(&versions, (struct compare_spec){.across = across, .n_across = 2}), 0);
    assert_true(!view->differences[0].declared && remarked("Differs, as --across says: version."));
    struct pair models = {.facts = {FACTS("1", "d"), FACTS("1", "e")}}; /* two kinds, but not two models */
    assert_int_equal(compare_pair(&models, none), ERR_REFUSED);
    assert_non_null(strstr(err.text, "model_digest (d, e)"));
    struct pair flags = {.plan = PLAN("cmd:a", "2", ""), .facts = {LONG_FLAGS("1"), LONG_FLAGS("2")}};
    assert_int_equal(compare_pair(&flags, none), ERR_REFUSED);
    assert_non_null(
        strstr(err.text, "(\u2026eads 0123456789 --x 1, \u2026eads 0123456789 --x 2)")); /* where they part */
    struct pair changed = {.later = FACTS("2", "d")}; /* a server that was another one after a resumption */
    assert_int_equal(compare_pair(&changed, none), ERR_REFUSED);
    assert_non_null(strstr(err.text, "version (1, 1|2)"));
}

static void two_files_are_compared_by_runs(void **state)
{
    (void)state;
    struct compare_spec none = {0};
    struct pair a = {.one_arm = true}, b = {.one_arm = true, .first_s = 10};
    write_pair("compare_a.db", &a);
    write_pair("compare_b.db", &b);
    assert_int_equal(compare_files("compare_a.db", "compare_b.db", NULL, NULL, none), 0);
    assert_true(!result("ttft")->paired && result("ttft")->n_a == 8 && !remarked("interleaved"));
    assert_string_equal(view->side[1].label, "compare_b.db");
    b.first_s = 1000;
    write_pair("compare_b.db", &b);
    assert_int_equal(compare_files("compare_a.db", "compare_b.db", NULL, NULL, none), 0);
    assert_true(remarked("not interleaved (1 change of side in 16 runs)"));
    b.plan = PLAN("cmd:b", "4", "");
    write_pair("compare_b.db", &b);
    assert_int_equal(compare_files("compare_a.db", "compare_b.db", NULL, NULL, none), ERR_REFUSED);
    assert_non_null(strstr(err.text, "max_concurrency (2, 4)"));
    b.plan = PLAN("cmd:b", "2", "feed");
    b.host = "{\"cores\":4}";
    write_pair("compare_b.db", &b);
    assert_int_equal(compare_files("compare_a.db", "compare_b.db", NULL, NULL, none), ERR_REFUSED);
    assert_non_null(strstr(err.text, "corpus (not told, feed)"));
    assert_non_null(strstr(err.text, "--across host,corpus"));
}

static void margins(void **state)
{
    (void)state;
    struct compare_margin m[] = {
        {NULL, 6, MARGIN_PERCENT}, {metric_find("tpot"), 0.4, MARGIN_UNIT}, {metric_find("e2e"), 150, MARGIN_LIMIT}};
    struct compare_spec spec = {.margins = m, .n_margins = 3};
    assert_int_equal(compare_pair(&(struct pair){.factor = 1.05}, spec), 0);
    assert_int_equal(result("ttft")->verdict, COMPARE_EQUIVALENT);
    NEAR(view->questions[0].margin, 0.06 * 101 * 1.035);
    assert_true(view->questions[1].margin == 0.4 && result("tpot")->verdict == COMPARE_WORSE); /* 10 to 10.5 ms */
    assert_true(view->questions[2].margin == 0); /* the baseline is over its limit: nothing is left to lose */
    m[2].value = 200;
    assert_int_equal(compare_pair(&(struct pair){.factor = 1.05}, spec), 0);
    NEAR(view->questions[2].margin, 200 - result("e2e")->base);
    assert_int_equal(result("e2e")->verdict, COMPARE_EQUIVALENT);
}

static void other_amounts_of_work_are_said(void **state)
{
    (void)state;
    assert_int_equal(compare_pair(&(struct pair){.tok = 12}, (struct compare_spec){0}), 0);
    assert_true(remarked("tokens.completion of a request: 9.00 against 12.0"));
    assert_true(!remarked("tokens.prompt"));
}

static void arms_must_be_there_and_two(void **state)
{
    (void)state;
    struct compare_spec none = {0};
    write_pair("compare_view.db", &(struct pair){0});
    assert_int_equal(compare_files("compare_view.db", NULL, NULL, "two", none), ERR_USAGE);
    assert_non_null(strstr(err.text, "has 2 arms (one, two)"));
    assert_int_equal(compare_files("compare_view.db", NULL, "one", "tvo", none), ERR_USAGE);
    assert_non_null(strstr(err.text, "did you mean 'two'?"));
    assert_int_equal(compare_files("compare_view.db", NULL, "one", "one", none), ERR_USAGE);
}

static void all_void(struct run *r, int arm)
{
    r->verdict = arm ? VERDICT_VALID : VERDICT_VOID;
}

static void without_a_run_nothing_is_concluded(void **state)
{
    (void)state;
    struct str out = STR_INIT;
    assert_int_equal(compare_pair(&(struct pair){.change = all_void}, (struct compare_spec){0}), 0);
    assert_true(result("ttft")->verdict == COMPARE_INCONCLUSIVE && remarked("no run of one side has it"));
    compare_terminal(view, NULL, &out);
    assert_non_null(strstr(str_z(&out), "no confidence"));
    str_release(&out);
}

/* ---- noise ----------------------------------------------------------------------------------------------------------- */

static void noise_text(const char *path, struct str *out)
{
    struct store *s = NULL;
    assert_int_equal(store_open(&s, path, false, &err), 0);
    assert_int_equal(noise_of_result(s, out, &err), 0);
    store_close(s, NULL);
}

/* Eight runs, 101, 102.01, … 108.07 ms: one of the 28 differences is 7.07, two are 6.06, and the 95 % quantile is the 27th. */
static void no_change_below_the_noise_floor_is_claimed(void **state)
{
    (void)state;
    struct str one = STR_INIT, again = STR_INIT, kept = STR_INIT, both = STR_INIT;
    struct noise noise;
    write_pair("compare_noise.db", &(struct pair){.one_arm = true});
    noise_text("compare_noise.db", &one);
    noise_text("compare_noise.db", &again);
    assert_string_equal(str_z(&one), str_z(&again));
    assert_int_equal(noise_keep("rubbish", str_z(&one), &kept, &err), 0);
    assert_true(noise_find(str_z(&kept), FACTS("1", "d"), metric_find("ttft"), &noise));
    assert_true(noise.runs == 8 && noise.pairs == 28);
    NEAR(noise.share, 6.06 / (101 * 1.035));
    assert_false(noise_find(str_z(&kept), FACTS("2", "d"), metric_find("ttft"), &noise));
    assert_int_equal(noise_keep(str_z(&kept), str_z(&one), &both, &err), 0);
    assert_string_equal(str_z(&both), str_z(&kept)); /* the same server: in its place */
    assert_int_equal(noise_keep(NULL, "{}", &both, &err), ERR_INPUT);
    struct compare_spec spec = {.noise_json = str_z(&kept)};
    assert_int_equal(compare_pair(&(struct pair){.factor = 1.05}, spec), 0);
    assert_true(result("ttft")->below_floor && result("ttft")->verdict == COMPARE_INCONCLUSIVE);
    assert_true(remarked("below the noise floor of this server, 5.80 %") && remarked("8 runs of the same load"));
    assert_int_equal(compare_pair(&(struct pair){.factor = 1.07}, spec), 0);
    assert_int_equal(result("ttft")->verdict, COMPARE_WORSE);
    str_release(&one);
    str_release(&again);
    str_release(&kept);
    str_release(&both);
}

/* ---- how it looks ---------------------------------------------------------------------------------------------------- */

static void it_fits_80_columns_and_is_json(void **state)
{
    (void)state;
    struct str out = STR_INIT;
    struct report_style narrow = {.columns = 80};
    assert_int_equal(compare_pair(&(struct pair){.factor = 1.05, .change = leave_some_out}, (struct compare_spec){0}),
                     0);
    compare_terminal(view, &narrow, &out);
    char *rest = out.at, *line;
    while ((line = strsep(&rest, "\n")))
        if (width_columns(line, strlen(line)) > 80)
            fail_msg("too wide: %s", line);
    str_clear(&out);
    compare_json(view, &out);
    yyjson_doc *doc = json_read(out.at, out.len, NULL, &err);
    yyjson_val *root = yyjson_doc_get_root(doc), *first = yyjson_arr_get_first(yyjson_obj_get(root, "metrics"));
    assert_true(span_eq_z(json_get_text(root, "schema"), "chimera.compare/1"));
    assert_true(span_eq_z(json_get_text(first, "id"), "ttft") &&
                span_eq_z(json_get_text(first, "verdict"), "inconclusive"));
    NEAR(json_get_double(first, "shift_percent", 0), 100 * result("ttft")->shift / result("ttft")->base);
    assert_true(json_get_int(yyjson_obj_get(root, "baseline"), "void", 0) == 1);
    yyjson_doc_free(doc);
    str_release(&out);
}

static int teardown(void **state)
{
    (void)state;
    static const char *const files[] = {"compare_view.db", "compare_a.db", "compare_b.db", "compare_noise.db"};
    compare_view_free(view);
    for (size_t i = 0; i < 4; i++)
        unlink(files[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_pair_and_a_slower_arm_is_worse),
        cmocka_unit_test(blocks_in_any_order_are_interleaved),
        cmocka_unit_test(below_five_blocks_the_missing_are_named),
        cmocka_unit_test(void_and_incomplete_runs_are_left_out_and_suspect_ones_named),
        cmocka_unit_test(only_what_the_study_varies_may_differ),
        cmocka_unit_test(two_files_are_compared_by_runs),
        cmocka_unit_test(margins),
        cmocka_unit_test(other_amounts_of_work_are_said),
        cmocka_unit_test(arms_must_be_there_and_two),
        cmocka_unit_test(without_a_run_nothing_is_concluded),
        cmocka_unit_test(no_change_below_the_noise_floor_is_claimed),
        cmocka_unit_test(it_fits_80_columns_and_is_json),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
