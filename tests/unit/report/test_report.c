/* The report of results that the store wrote: golden files, and what must hold for any of them. Golden files
 * are made anew by CHIMERA_GOLDEN=write; the difference is for a person to read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "fixture.h"

#define QUESTION "Do two equal agents finish sooner side by side than one after the other?"

/* ---- what a good duet looks like ------------------------------------------------------------------------- */

static void a_duet_of_three_blocks(void **state)
{
    (void)state;
    struct report_view *v = view_of(&(struct study_spec){.question = QUESTION, .blocks = 3});
    check_all(v);
    golden(v, "duet", "terminal");
    golden(v, "duet", "md");
    golden_json(v, "duet");
    yyjson_doc *doc = as_json(v);
    assert_null(at(doc, "/peers")); /* only when asked for */
    yyjson_val *speedup = at(doc, "/arms/2/metrics/speedup");
    assert_string_equal(yyjson_get_str(at(doc, "/arms/2/arm")), "pair");
    assert_string_equal(yyjson_get_str(yyjson_obj_get(speedup, "unit")), "ratio");
    assert_string_equal(yyjson_get_str(yyjson_obj_get(speedup, "id")), "speedup.time");
    assert_string_equal(yyjson_get_str(yyjson_obj_get(speedup, "verdict")), "better");
    assert_string_equal(yyjson_get_str(yyjson_obj_get(speedup, "label")), "n = 3, descriptive");
    assert_true(fabs(yyjson_get_num(yyjson_obj_get(speedup, "value")) - 1.5) < 1e-9);
    assert_int_equal(yyjson_get_int(yyjson_obj_get(speedup, "n_runs")), 3);
    assert_true(yyjson_get_num(yyjson_arr_get_first(yyjson_obj_get(speedup, "ci"))) > 1);
    assert_int_equal(yyjson_arr_size(at(doc, "/blocks")), 3);
    assert_int_equal(yyjson_get_int(at(doc, "/verdicts/VALID")), 9);
    assert_int_equal(yyjson_get_int(at(doc, "/outcomes/completed")), 24);
    assert_string_equal(yyjson_get_str(at(doc, "/host/kernel")), "6.1.0");
    assert_int_equal(yyjson_get_int(at(doc, "/servers/0/threads")), 1);
    assert_string_equal(yyjson_get_str(at(doc, "/servers/1/name")), "b");
    yyjson_doc_free(doc);
    report_view_free(v);
}

static void same_file_same_bytes(void **state)
{
    (void)state;
    struct study_spec spec = {.question = QUESTION, .blocks = 5};
    struct report_view *a = view_of(&spec), *b = view_of(&spec);
    static const char *const formats[] = {"terminal", "md", "json", "ascii", "color"};
    for (size_t i = 0; i < 5; i++) {
        struct str x = rendered(a, formats[i]), y = rendered(b, formats[i]);
        assert_string_equal(str_z(&x), str_z(&y));
        str_release(&x);
        str_release(&y);
    }
    report_view_free(a);
    report_view_free(b);
}

static bool crossing_one(struct run *r, int arm)
{
    if (arm == 2)
        r->sessions[0].ended_ns = at_s(18 * (drift(r->block) > 1 ? 1.3 : drift(r->block) < 1 ? 0.75 : 1));
    return true;
}

static bool shared_processor(struct run *r, int arm)
{
    if (arm == 2) {
        r->sessions[0].ended_ns = at_s(24 * drift(r->block));
        r->sessions[1].ended_ns = at_s(23 * drift(r->block));
    }
    return true;
}

static bool longer_text(struct run *r, int arm)
{
    if (arm == 2)
        r->requests[0].usage.completion_tok = 150;
    return true;
}

static bool no_counts(struct run *r, int arm)
{
    (void)arm;
    for (size_t i = 0; i < r->n_requests; i++)
        r->requests[i].usage.completion_tok = -1;
    return true;
}

static void answers_do_not_claim_too_much(void **state)
{
    (void)state;
    struct report_view *v = view_of(&(struct study_spec){.blocks = 3, .change = crossing_one});
    assert_true(answer_has(v, "It cannot be told") && answer_has(v, "includes 1") &&
                answer_has(v, "n = 3, descriptive"));
    check_all(v);
    report_view_free(v);
    v = view_of(&(struct study_spec){.blocks = 6, .change = shared_processor});
    assert_true(answer_has(v, "slower than one after the other") && answer_has(v, "n = 6)"));
    assert_true(v->duets[0].overlap.median > 97 && v->duets[0].time.median < 0.8); /* what the original could not see */
    report_view_free(v);
    v = view_of(&(struct study_spec){.blocks = 1});
    assert_true(answer_has(v, "One block only") && answer_has(v, "n = 1"));
    check_all(v);
    report_view_free(v);
    v = view_of(&(struct study_spec){.blocks = 3, .change = longer_text});
    assert_int_equal(v->duets[0].headline, SPEEDUP_BY_TOKENS);
    assert_true(answer_has(v, "speedup.tokens"));
    report_view_free(v);
    v = view_of(&(struct study_spec){.blocks = 3, .change = no_counts});
    assert_true(answer_has(v, "not shown to be equal"));
    check_all(v);
    yyjson_doc *doc = as_json(v);
    assert_true(yyjson_is_null(at(doc, "/arms/2/metrics/speedup/value")));
    yyjson_doc_free(doc);
    report_view_free(v);
}

/* ---- what goes wrong ------------------------------------------------------------------------------------- */

static bool half_done(struct run *r, int arm)
{
    if (r->block == 1 && arm == 2) {
        r->state = RUN_ABORTED;
        r->n_sessions = 0;
        r->requests[3].outcome = OUTCOME_CANCELLED;
    }
    if (r->block == 0 && arm == 0) {
        r->verdict = VERDICT_VOID;
        r->verdict_why = "steal: the hypervisor took CPU time (4 %, limit 1 %)";
    }
    if (r->block == 2 && arm == 1) {
        r->verdict = VERDICT_SUSPECT;
        r->verdict_why = "barrier_spread: sessions did not start together (2 ms, limit 1 ms)";
        r->requests[1].flags = REQUEST_DEGENERATE | REQUEST_LENGTH;
    }
    return r->block < 3;
}

static void an_unfinished_study(void **state)
{
    (void)state;
    struct report_view *v = view_of(&(struct study_spec){.question = QUESTION, .blocks = 4, .change = half_done});
    check_all(v);
    golden(v, "unfinished", "terminal");
    yyjson_doc *doc = as_json(v);
    assert_int_equal(yyjson_arr_size(at(doc, "/arms/2/runs")), 2);
    assert_int_equal(yyjson_arr_size(at(doc, "/arms/2/aborted")), 1);
    assert_int_equal(yyjson_arr_size(at(doc, "/blocks")), 1);
    assert_true(yyjson_arr_size(at(doc, "/excluded")) >= 4);
    assert_false(yyjson_get_bool(at(doc, "/study/complete")));
    assert_int_equal(yyjson_get_int(at(doc, "/verdicts/VOID")), 1);
    yyjson_doc_free(doc);
    report_view_free(v);
}

static bool never(struct run *r, int arm)
{
    (void)r;
    (void)arm;
    return false;
}

static bool all_failed(struct run *r, int arm)
{
    (void)arm;
    for (size_t i = 0; i < r->n_sessions; i++) {
        r->sessions[i].ok = false;
        r->sessions[i].error = "connection refused";
    }
    for (size_t i = 0; i < r->n_requests; i++) {
        struct request *q = &r->requests[i];
        request_init(q);
        q->seq = (int64_t)i;
        q->outcome = OUTCOME_CONNECT_ERROR;
    }
    return true;
}

static void nothing_to_show(void **state)
{
    (void)state;
    struct report_view *v = view_of(&(struct study_spec){.question = QUESTION, .blocks = 2, .change = never});
    check_all(v);
    golden(v, "empty", "terminal");
    assert_true(answer_has(v, "Nothing can be concluded"));
    report_view_free(v);
    v = view_of(&(struct study_spec){.blocks = 2, .change = all_failed});
    check_all(v);
    assert_true(answer_has(v, "no block has a counted run"));
    assert_int_equal(v->counts.by_outcome[OUTCOME_CONNECT_ERROR], 16);
    report_view_free(v);
    v = view_of(&(struct study_spec){.blocks = 0});
    check_all(v);
    report_view_free(v);
}

#define HOSTILE "\x1b]8;;http://x\x07|`<script>alert(1)</script>\u202e\n# [a](b)"

static bool hostile_names(struct run *r, int arm)
{
    for (size_t i = 0; i < r->n_sessions; i++)
        if (!strcmp(r->sessions[i].agent, "beta"))
            r->sessions[i].agent = HOSTILE;
    r->verdict = VERDICT_SUSPECT;
    r->verdict_why = HOSTILE;
    r->sessions[0].error = "bytes \xff\xfe\x9b" HOSTILE;
    r->sessions[0].quality_json = arm ? "[1,2" : "{\"keyword_score\":\"high\",\"grounding\":[],\"supported\":-5}";
    r->health = (struct health){.loop_busy = NAN,
                                .send_lag_p99_us = NAN,
                                .steal = -1,
                                .chunks = -1,
                                .merged = -1,
                                .client_rss_bytes = -1,
                                .dropped_chunks = -1,
                                .retransmits = -1,
                                .clock_steps = -1,
                                .ctx_involuntary = -1,
                                .host_busy = INFINITY,
                                .psi_cpu_some = -1};
    r->requests[0].stamp[STAMP_DONE] = MONO_NONE;
    return true;
}

static void hostile_text(void **state)
{
    (void)state;
    struct report_view *v = view_of(&(struct study_spec){.question = HOSTILE, .blocks = 2, .change = hostile_names});
    check_all(v);
    assert_int_equal(v->n_duets, 1);
    struct str md = rendered(v, "md");
    for (const char *p = md.at; (p = strstr(p, "alert(1)")); p++)
        assert_true(p - md.at > 4 && !memcmp(p - 4, "&gt;", 4));
    str_release(&md);
    report_view_free(v);
}

/* ---- one agent, plain load ------------------------------------------------------------------------------- */

static bool only_one(struct run *r, int arm)
{
    return arm == 0 && r->block == 0;
}

static bool only_load(struct run *r, int arm)
{
    for (size_t i = 0; i < r->n_sessions; i++) {
        r->sessions[i].agent = "load";
        r->sessions[i].quality_json = NULL;
    }
    return arm == 2;
}

static void without_a_pair(void **state)
{
    (void)state;
    struct report_view *v = view_of(
        &(struct study_spec){.question = "How long does one agent take?", .blocks = 1, .change = only_one});
    check_all(v);
    golden(v, "single", "terminal");
    assert_true(answer_has(v, "one run says nothing about the next"));
    report_view_free(v);
    v = view_of(&(struct study_spec){.blocks = 3, .change = only_load});
    check_all(v);
    assert_true(v->n_duets == 0 && v->speedup.n_multi == 0 && answer_has(v, "median over 3 runs, descriptive"));
    report_view_free(v);
}

/* ---- other tools' definitions ---------------------------------------------------------------------------- */

/* A role chunk 0.4 s after `sent`, three text chunks, usage 2 ms and the end 3 ms after the last. */
static bool streamed(struct run *r, int arm)
{
    static struct chunk pool[256];
    static size_t used;
    for (size_t i = 0; i < r->n_requests; i++) {
        struct request *q = &r->requests[i];
        mono_ns first = q->stamp[STAMP_FIRST_TOKEN], last = q->stamp[STAMP_LAST_TOKEN];
        const struct {
            mono_ns t;
            enum chunk_kind kind;
        } events[] = {{q->stamp[STAMP_SENT] + 400 * NS_PER_MS, CHUNK_ROLE},
                      {first, CHUNK_TEXT},
                      {first + (last - first) / 4, CHUNK_TEXT},
                      {last, CHUNK_TEXT},
                      {last + 2 * NS_PER_MS, CHUNK_USAGE},
                      {last + 3 * NS_PER_MS, CHUNK_DONE}};
        assert_true(used + 6 <= sizeof pool / sizeof pool[0]);
        q->chunks = (struct chunk_list){.at = &pool[used], .n = 6, .cap = 6}; /* borrowed: nobody releases it here */
        for (size_t k = 0; k < 6; k++)
            pool[used++] = (struct chunk){events[k].t, events[k].t, 100, (uint8_t)events[k].kind, 0, 8};
        q->stamp[STAMP_FIRST_CHUNK] = events[0].t;
        q->stamp[STAMP_FIRST_ANSWER] = first;
        q->stamp[STAMP_DONE] = events[5].t;
    }
    if (r->block == 1 && arm == 0)
        r->verdict = VERDICT_VOID;
    if (r->block == 0 && arm == 1)
        r->requests[0].usage.completion_tok = -1;
    return true;
}

static yyjson_val *peer_row(yyjson_doc *doc, const char *arm, const char *id)
{
    size_t i, max;
    yyjson_val *row;
    yyjson_arr_foreach (at(doc, "/peers"), i, max, row) {
        if (!strcmp(yyjson_get_str(yyjson_obj_get(row, "arm")), arm) &&
            !strcmp(yyjson_get_str(yyjson_obj_get(row, "id")), id))
            return row;
    }
    fail_msg("no %s of %s", id, arm);
    return NULL;
}

/* The section fits an old terminal, and no tool's name is broken there. */
static void fits_80_columns(const struct report_view *v)
{
    struct str s = rendered(v, "narrow");
    char *line = strstr(str_z(&s), "By other tools"), *end = line ? strstr(line, " Runs ") : NULL;
    assert_non_null(end);
    *end = '\0';
    assert_non_null(strstr(line, "\nMLPerf Endpoints "));
    for (char *next; (next = strchr(line, '\n')); line = next + 1)
        assert_true(width_columns(line, (size_t)(next - line)) <= 80);
    str_release(&s);
}

static void the_same_by_other_tools(void **state)
{
    (void)state;
    struct report_view *v = view_of(&(struct study_spec){.question = QUESTION, .blocks = 2, .change = streamed});
    report_view_add_peers(v, &(struct peer_limits){.ttft_ms = 450, .e2e_ms = 4500});
    check_all(v);
    golden(v, "goodput", "terminal");
    yyjson_doc *limited = as_json(v);
    assert_true(fabs(yyjson_get_num(yyjson_obj_get(peer_row(limited, "solo-alpha", "goodput.vllm"), "value")) -
                     2 / 9.203) < 1e-9);
    assert_true(yyjson_get_num(at(limited, "/peer_limits/ttft_ms")) == 450);
    assert_true(yyjson_is_null(at(limited, "/peer_limits/tpot_ms")));
    yyjson_doc_free(limited);
    report_view_add_peers(v, NULL);
    check_all(v);
    fits_80_columns(v);
    golden(v, "peers", "terminal");
    golden(v, "peers", "md");
    golden_json(v, "peers");
    yyjson_doc *doc = as_json(v);
    yyjson_val *role = peer_row(doc, "pair", "ttft.vllm"), *text = peer_row(doc, "pair", "ttft.aiperf"),
               *alone = peer_row(doc, "solo-alpha", "e2e.vllm"), *uncounted = peer_row(doc, "solo-beta", "tpot.vllm");
    assert_true(fabs(yyjson_get_num(yyjson_obj_get(role, "value")) - 400) < 1e-6);
    assert_true(fabs(yyjson_get_num(yyjson_obj_get(text, "value")) - 500) < 1e-6);
    assert_int_equal(yyjson_get_int(yyjson_obj_get(role, "n")), 8);
    assert_int_equal(yyjson_get_int(yyjson_obj_get(alone, "n")), 2); /* the run of block 1 is VOID */
    assert_true(yyjson_is_null(yyjson_obj_get(uncounted, "value")));
    assert_string_equal(yyjson_get_str(yyjson_obj_get(uncounted, "lack")), peer_lack_tokenizer);
    yyjson_doc_free(doc);
    report_view_free(v);
}

static void no_other_tool_has_more(void **state)
{
    (void)state;
    struct report_view *v = view_of(&(struct study_spec){.blocks = 2, .change = never});
    struct str before = rendered(v, "terminal");
    report_view_add_peers(v, NULL);
    struct str after = rendered(v, "terminal");
    assert_string_equal(str_z(&before), str_z(&after)); /* no counted run, no section */
    yyjson_doc *doc = as_json(v);
    assert_true(yyjson_is_arr(at(doc, "/peers")) && !yyjson_arr_size(at(doc, "/peers")));
    yyjson_doc_free(doc);
    str_release(&before);
    str_release(&after);
    report_view_free(v);
    v = view_of(&(struct study_spec){.blocks = 2, .change = hostile_names});
    report_view_add_peers(v, NULL);
    check_all(v);
    report_view_free(v);
    v = view_of(&(struct study_spec){.blocks = 2, .change = all_failed});
    report_view_add_peers(v, NULL);
    check_all(v);
    report_view_free(v);
}

static void every_metric_is_in_the_document(void **state)
{
    (void)state;
    struct str md = STR_INIT;
    const struct metric *m;
    const struct peer *peer;
    report_metrics_md(&md);
    for (size_t i = 0; (peer = peer_at(i)); i++)
        assert_non_null(strstr(md.at, peer->tool->name));
    assert_non_null(strstr(md.at, "| ttft.vllm |"));
    assert_non_null(strstr(md.at, "nearest rank"));
    for (size_t i = 0; (m = metric_at(i)); i++) {
        struct str cell = STR_INIT;
        for (const char *p = m->id; *p; p++)
            str_addf(&cell, *p == '_' ? "\\%c" : "%c", *p);
        assert_non_null(strstr(md.at, str_z(&cell)));
        str_release(&cell);
    }
    str_release(&md);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_duet_of_three_blocks),
        cmocka_unit_test(same_file_same_bytes),
        cmocka_unit_test(answers_do_not_claim_too_much),
        cmocka_unit_test(an_unfinished_study),
        cmocka_unit_test(nothing_to_show),
        cmocka_unit_test(hostile_text),
        cmocka_unit_test(without_a_pair),
        cmocka_unit_test(the_same_by_other_tools),
        cmocka_unit_test(no_other_tool_has_more),
        cmocka_unit_test(every_metric_is_in_the_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
