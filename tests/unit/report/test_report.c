/* The report of results that the store wrote: golden files, and what must hold for any of them. Golden files
 * are made anew by CHIMERA_GOLDEN=write; the difference is for a person to read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "fixture.h"
#include "format/json.h"
#include "format/width.h"

#define QUESTION "Do two equal agents finish sooner side by side than one after the other?"

static struct str rendered(const struct report_view *v, const char *format)
{
    struct str out = STR_INIT;
    struct report_style color = {.color = true}, ascii = {.ascii = true}, narrow = {.columns = 80};
    if (!strcmp(format, "md"))
        report_md(v, &out);
    else if (!strcmp(format, "json"))
        report_json(v, &out);
    else
        report_terminal(v,
                        !strcmp(format, "color")    ? &color
                        : !strcmp(format, "ascii")  ? &ascii
                        : !strcmp(format, "narrow") ? &narrow
                                                    : NULL,
                        &out);
    return out;
}

static struct str golden_path(const char *name, const char *end)
{
    struct str path = STR_INIT;
    str_addf(&path, "%s/unit/report/golden/%s.%s", TESTS_DIR, name, end);
    return path;
}

static bool writing(void)
{
    const char *mode = getenv("CHIMERA_GOLDEN");
    return mode && !strcmp(mode, "write");
}

/* Definitions are the metric table's business: they are cut off. */
static void golden(const struct report_view *v, const char *name, const char *format)
{
    struct str got = rendered(v, format), want = STR_INIT,
               path = golden_path(name, strcmp(format, "md") ? "txt" : "md");
    struct err e = ERR_INIT;
    char *definitions = strstr(str_z(&got), "## Definitions");
    if (definitions)
        got.len = (size_t)(definitions - got.at);
    if (writing())
        assert_int_equal(file_write(str_z(&path), got.at, got.len, &e), 0);
    if (file_read(str_z(&path), 1 << 22, &want, &e))
        fail_msg("%s", e.text);
    if (got.len != want.len || memcmp(got.at, want.at, got.len) != 0)
        fail_msg("%s differs from the report:\n%.*s", str_z(&path), (int)got.len, str_z(&got));
    str_release(&got);
    str_release(&want);
    str_release(&path);
}

/* Valid UTF-8, no controls but line ends (and our own SGR when asked for), at most 100 columns. */
static void check_terminal(const struct report_view *v, const char *format)
{
    struct str s = rendered(v, format);
    size_t columns = 0;
    for (size_t i = 0; i < s.len;) {
        uint32_t c;
        size_t n = utf8_next(s.at + i, s.len - i, &c);
        assert_true(n > 0);
        if (c == 0x1B && !strcmp(format, "color")) {
            i += strcspn(s.at + i, "m") + 1;
            continue;
        }
        assert_true(c == '\n' || (c >= 0x20 && (c < 0x7F || c >= 0xA0) && c != 0x202E));
        assert_true(c < 0x80 || strcmp(format, "ascii") != 0);
        columns = c == '\n' ? 0 : columns + (size_t)width_of(c);
        if (columns > 100)
            fail_msg("a line of more than 100 columns: %.*s", 120, s.at + (i > 100 ? i - 100 : 0));
        i += n;
    }
    str_release(&s);
}

static yyjson_doc *as_json(const struct report_view *v)
{
    struct str s = rendered(v, "json");
    struct err e = ERR_INIT;
    yyjson_doc *doc = json_read(s.at, s.len, NULL, &e);
    if (!doc)
        fail_msg("%s", e.text);
    assert_int_equal(s.at[s.len - 1], '\n');
    str_release(&s);
    return doc;
}

static yyjson_val *at(yyjson_doc *doc, const char *pointer)
{
    return yyjson_doc_ptr_get(doc, pointer);
}

/* Everything in `want` is in `got`, numbers to 9 digits; got may hold more keys: the format may grow. */
static bool holds(yyjson_val *got, yyjson_val *want, struct str *where)
{
    size_t i, max, len = where->len;
    yyjson_val *k, *v;
    if (yyjson_is_num(want))
        return yyjson_is_num(got) &&
               fabs(yyjson_get_num(got) - yyjson_get_num(want)) <= 1e-9 * (1 + fabs(yyjson_get_num(want)));
    if (!yyjson_is_ctn(want))
        return yyjson_equals(got, want);
    if (yyjson_get_type(got) != yyjson_get_type(want) ||
        (yyjson_is_arr(want) && yyjson_get_len(got) != yyjson_get_len(want)))
        return false;
    yyjson_arr_foreach (want, i, max, v) {
        str_addf(where, "/%zu", i);
        if (!holds(yyjson_arr_get(got, i), v, where))
            return false;
        where->len = len;
    }
    yyjson_obj_foreach (want, i, max, k, v) {
        str_addf(where, "/%s", unsafe_yyjson_get_str(k));
        if (!holds(yyjson_obj_get(got, unsafe_yyjson_get_str(k)), v, where))
            return false;
        where->len = len;
    }
    return true;
}

static void write_golden_json(yyjson_doc *doc, const char *path)
{
    struct err e = ERR_INIT;
    size_t n;
    yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, NULL);
    yyjson_mut_obj_remove_key(yyjson_mut_doc_get_root(copy), "definitions");
    char *text = yyjson_mut_write(copy, YYJSON_WRITE_PRETTY_TWO_SPACES, &n);
    assert_int_equal(file_write(path, text, n, &e), 0);
    free(text);
    yyjson_mut_doc_free(copy);
}

static void golden_json(const struct report_view *v, const char *name)
{
    struct str path = golden_path(name, "json"), text = STR_INIT, where = STR_INIT;
    struct err e = ERR_INIT;
    yyjson_doc *got = as_json(v);
    if (writing())
        write_golden_json(got, str_z(&path));
    if (file_read(str_z(&path), 1 << 22, &text, &e))
        fail_msg("%s", e.text);
    yyjson_doc *want = json_read(text.at, text.len, NULL, &e);
    assert_non_null(want);
    if (!holds(yyjson_doc_get_root(got), yyjson_doc_get_root(want), &where))
        fail_msg("%s differs at %s", str_z(&path), str_z(&where));
    yyjson_doc_free(got);
    yyjson_doc_free(want);
    str_release(&text);
    str_release(&path);
    str_release(&where);
}

static void check_all(const struct report_view *v)
{
    check_terminal(v, "terminal");
    check_terminal(v, "color");
    check_terminal(v, "ascii");
    yyjson_doc *doc = as_json(v);
    assert_string_equal(yyjson_get_str(at(doc, "/schema")), "chimera.report/1");
    assert_true(yyjson_arr_size(at(doc, "/answers")) > 0);
    yyjson_doc_free(doc);
    struct str md = rendered(v, "md");
    assert_true(md.len > 0 && !strstr(md.at, "<script") && !strchr(md.at, 0x1B));
    str_release(&md);
}

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

static bool answer_has(const struct report_view *v, const char *words)
{
    return strstr(v->answers[0], words) != NULL;
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
    struct str color = rendered(v, "color");
    assert_non_null(strstr(str_z(&color), "\x1b[2m    2  VOID")); /* greyed, not hidden */
    assert_null(strstr(str_z(&color), "\x1b[2m    1  VALID"));
    str_release(&color);
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
    if (strstr(asked, " to ")) /* no one rate, so no law to hold the sends against */
        assert_true(isnan(v->arms[0].load->rate) && !v->arms[0].load->arrivals);
    report_view_free(v);
    return asked;
}

static void odd_loads(void **state)
{
    (void)state;
    struct report_view *v = view_of_loads(&(struct load_spec){.blocks = 1, .n_closed = 30, .change = nothing_came});
    check_all(v);
    with_goodput(v, "e2e:1");
    assert_true(v->arms[0].load->goodput[0].share == 0 && answer_has(v, "no first token"));
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
    v = view_of(&(struct study_spec){.blocks = 1});
    struct goodput g = {.n = 0};
    assert_false(report_view_add_goodput(v, &g)); /* agents */
    assert_true(!v->arms[0].load && !v->arms[2].load);
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
        cmocka_unit_test(a_closed_and_an_open_loop),
        cmocka_unit_test(loads_that_are_void),
        cmocka_unit_test(a_void_run_says_nothing),
        cmocka_unit_test(odd_loads),
        cmocka_unit_test(every_metric_is_in_the_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
