/* The workflow without a server: the driver's part is played by hand, request by request; then its quality object and its
 * report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/workflow.h"
#include "format/json.h"
#include "scratch.h"

struct play {
    struct corpus corpus;
    struct workflow_spec spec;
    struct workflow *w;
    /* what `next` said last */
    struct ask ask;
    const char *stage, *why;
    mono_ns at;
};

static void begin(const struct scratch *s, struct play *x)
{
    memset(x, 0, sizeof *x);
    scratch_file(s, "a.csv", "ttft_ms\n145\n155\n");
    scratch_file(s, "b.csv", "ttft_ms\n300\n");
    scratch_open(s, &x->corpus);
    x->spec = (struct workflow_spec){.agent = "ann|e",
                                     .corpus = &x->corpus,
                                     .model = "small",
                                     .route = ROUTE_CHAT,
                                     .stream = true,
                                     .engine_stamps = true,
                                     .options = {.set = OPTION_NUM_PREDICT | OPTION_SEED, .num_predict = 64, .seed = 7},
                                     .inventory_chars = 500,
                                     .carry_chars = 60,
                                     .extra_body_json = "{\"a\":1}"};
    x->w = workflow_new(&x->spec);
}

static void end(struct play *x)
{
    workflow_free(x->w);
    corpus_release(&x->corpus);
}

static enum session_next next(struct play *x, const struct request *last)
{
    x->at = 7;
    x->why = x->stage = NULL;
    return workflow_ops.next(x->w, last, &x->ask, &x->stage, &x->at, &x->why);
}

static enum session_next answer_with(struct play *x, enum outcome outcome, const char *text, const char *error)
{
    struct request r;
    request_init(&r);
    r.outcome = outcome;
    str_addz(&r.text, text);
    str_addz(&r.error, error);
    enum session_next n = next(x, &r);
    request_release(&r); /* what the workflow needs of it, it has copied */
    return n;
}

static enum session_next answer(struct play *x, const char *text)
{
    return answer_with(x, OUTCOME_OK, text, "");
}

static void both_stages_are_asked_in_their_order(void **state)
{
    struct play x;
    begin(*state, &x);
    assert_int_equal(next(&x, NULL), SESSION_ASK);
    assert_string_equal(x.stage, "analysis");
    assert_int_equal(x.at, 7); /* at once: as the driver said */
    assert_non_null(strstr(x.ask.prompt, "2 files: 2 CSV"));
    assert_int_equal(answer(&x, "The engine is fast."), SESSION_ASK);
    assert_string_equal(x.stage, "report");
    assert_int_equal(x.at, 7); /* at once: as the driver said */
    assert_non_null(strstr(x.ask.prompt, "An analysis of them:\nThe engine is fast.\n"));
    assert_int_equal(answer(&x, "# Report"), SESSION_FINISHED);
    assert_int_equal(next(&x, NULL), SESSION_FINISHED); /* and stays so */
    end(&x);
}

static void a_question_carries_the_agents_settings(void **state)
{
    struct play x;
    begin(*state, &x);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(i ? answer(&x, "text") : next(&x, NULL), SESSION_ASK);
        assert_int_equal(x.ask.route, ROUTE_CHAT);
        assert_string_equal(x.ask.model, "small");
        assert_non_null(strstr(x.ask.system, "careful analyst"));
        assert_true(x.ask.stream && x.ask.want_engine_stamps);
        assert_int_equal(x.ask.options.num_predict, 64);
        assert_int_equal(x.ask.options.seed, 7);
        assert_string_equal(x.ask.extra_body_json, "{\"a\":1}");
        assert_null(strstr(x.ask.prompt, "ann"));
    }
    end(&x);
    begin(*state, &x);
    workflow_free(x.w);
    x.spec.route = ROUTE_COMPLETION;
    x.w = workflow_new(&x.spec);
    assert_int_equal(next(&x, NULL), SESSION_ASK);
    assert_int_equal(x.ask.route, ROUTE_COMPLETION);
    assert_null(x.ask.system);
    end(&x);
}

static void what_is_asked_is_what_was_measured(void **state)
{
    struct play x;
    struct str system = STR_INIT, prompt = STR_INIT;
    begin(*state, &x);
    next(&x, NULL);
    workflow_prompt(&x.spec, NULL, &system, &prompt);
    assert_string_equal(x.ask.prompt, str_z(&prompt));
    assert_string_equal(x.ask.system, str_z(&system));
    static const char analysis[] = "A long analysis: of which only the first sixty bytes are carried on.";
    answer(&x, analysis);
    workflow_prompt(&x.spec, analysis, &system, &prompt);
    assert_string_equal(x.ask.prompt, str_z(&prompt));
    assert_null(strstr(x.ask.prompt, "carried on"));
    str_release(&system);
    str_release(&prompt);
    end(&x);
}

static void a_generation_without_a_limit_is_never_asked(void **state)
{
    struct play x;
    begin(*state, &x);
    for (int i = 0; i < 2; i++) {
        workflow_free(x.w);
        x.spec.options.set = i ? OPTION_NUM_PREDICT : 0;
        x.spec.options.num_predict = i ? 0 : 64;
        x.w = workflow_new(&x.spec);
        assert_int_equal(next(&x, NULL), SESSION_FAILED);
        assert_string_equal(x.why, "no num_predict: every generation has a limit");
    }
    end(&x);
}

static void an_answer_that_is_no_good_ends_the_session(void **state)
{
    static const struct {
        enum outcome outcome;
        const char *text, *error, *why;
    } rows[] = {
        {OUTCOME_RESET, "half", "", "ended with "},
        {OUTCOME_API_ERROR, "", "out of memory", ": out of memory"},
        {OUTCOME_OK, "", "", " is empty"},
        {OUTCOME_OK, " \n\t", "", " is empty"},
    };
    for (int stage = 0; stage < WORKFLOW_STAGES; stage++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            struct play x;
            char why[128];
            begin(*state, &x);
            next(&x, NULL);
            if (stage)
                answer(&x, "good");
            assert_int_equal(answer_with(&x, rows[i].outcome, rows[i].text, rows[i].error), SESSION_FAILED);
            snprintf(why, sizeof why, "the %s", workflow_stage_word((enum workflow_stage)stage));
            assert_true(strncmp(x.why, why, strlen(why)) == 0);
            assert_non_null(strstr(x.why, rows[i].why));
            struct str first = STR_INIT;
            str_addz(&first, x.why);
            assert_int_equal(answer(&x, "too late"), SESSION_FAILED); /* and stays so */
            assert_string_equal(x.why, str_z(&first));
            assert_null(strstr(workflow_report(x.w), "too late"));
            str_release(&first);
            end(&x);
        }
}

static void a_stage_that_was_never_answered_fails(void **state)
{
    struct play x;
    begin(*state, &x);
    next(&x, NULL);
    assert_int_equal(next(&x, NULL), SESSION_FAILED);
    assert_string_equal(x.why, "the analysis was never answered");
    end(&x);
}

static void degenerate_texts_are_flagged(void **state)
{
    (void)state;
    static const struct {
        enum outcome outcome;
        const char *text;
        bool degenerate;
    } rows[] = {
        {OUTCOME_OK, "A good answer.", false},
        {OUTCOME_OK, "", true},
        {OUTCOME_RESET, "", false}, /* nothing came: its outcome says so */
        {OUTCOME_OK, "no no no no no no no no no no no no no no no no", true},
        {OUTCOME_RESET, "no no no no no no no no no no no no no no no no", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request r;
        request_init(&r);
        r.flags = REQUEST_COLD;
        r.outcome = rows[i].outcome;
        str_addz(&r.text, rows[i].text);
        request_check_text(&r);
        assert_int_equal(r.flags, REQUEST_COLD | (rows[i].degenerate ? REQUEST_DEGENERATE : 0));
        request_release(&r);
    }
}

/* ---- quality --------------------------------------------------------------------------------------------------- */

static yyjson_doc *quality_of(struct play *x)
{
    struct err e = ERR_INIT;
    const char *text = workflow_quality_json(x->w);
    yyjson_doc *doc = json_read(text, strlen(text), NULL, &e);
    if (!doc)
        fail_msg("%s: %s", e.text, text);
    assert_ptr_equal(workflow_quality_json(x->w), text); /* made once */
    return doc;
}

static void the_quality_counts_the_reports_statements(void **state)
{
    struct play x;
    begin(*state, &x);
    next(&x, NULL);
    answer(&x, "There are 9 CSV files.");
    answer(&x, "## Summary\nGood.\n## Key findings\n- The ttft_ms was 300.\n- It has 2 CSV files, 7 JSON files.\n"
               "- Also 145 and 99.5.\n## Recommendations\n- You should wait.\n");
    yyjson_doc *doc = quality_of(&x);
    yyjson_val *root = yyjson_doc_get_root(doc), *ground = yyjson_obj_get(root, "grounding");
    assert_true(json_get_bool(root, "complete", false));
    assert_true(yyjson_is_null(yyjson_obj_get(root, "error")));
    assert_int_equal(json_get_int(ground, "statements", -1), 5);
    assert_int_equal(json_get_int(ground, "supported", -1), 3);
    assert_int_equal(json_get_int(ground, "supported_named", -1), 2); /* the files and ttft_ms; 145 stands alone */
    assert_int_equal(json_get_int(ground, "contradicted", -1), 1);
    assert_int_equal(json_get_int(ground, "not_found", -1), 1);
    assert_true(json_get_double(ground, "supported_share", -1) == 0.6);
    yyjson_val *analysis = yyjson_obj_get(ground, "analysis"), *list = yyjson_obj_get(ground, "list");
    assert_int_equal(json_get_int(analysis, "statements", -1), 1);
    assert_int_equal(json_get_int(analysis, "contradicted", -1), 1);
    assert_int_equal(yyjson_arr_size(list), 6);
    yyjson_val *first = yyjson_arr_get_first(list), *last = yyjson_arr_get_last(list);
    assert_true(span_eq_z(json_get_text(first, "stage"), "report")); /* what the agent delivers comes first */
    assert_true(span_eq_z(json_get_text(first, "class"), "supported"));
    assert_true(span_eq_z(json_get_text(first, "number"), "300"));
    assert_true(span_eq_z(json_get_text(first, "fact"), "ttft_ms"));
    assert_true(json_get_double(first, "fact_value", -1) == 300);
    assert_true(span_eq_z(json_get_text(first, "origin"), "b.csv"));
    assert_true(json_get_bool(first, "named", false));
    assert_true(span_eq_z(json_get_text(last, "stage"), "analysis"));
    assert_true(span_eq_z(json_get_text(last, "class"), "contradicted"));
    assert_true(json_get_double(root, "keyword_score", -1) > 0);
    yyjson_val *extract = yyjson_obj_get(root, "extract");
    assert_true(span_eq_z(json_get_text(extract, "summary"), "Good."));
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(extract, "findings")), 3);
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(yyjson_obj_get(root, "extract_tr109"), "recommendations")), 2);
    yyjson_doc_free(doc);
    end(&x);
}

static void the_quality_of_half_a_session_says_so(void **state)
{
    struct play x;
    begin(*state, &x);
    next(&x, NULL);
    answer_with(&x, OUTCOME_RESET, "no no no no no no no no no no no no no no no no", "");
    yyjson_doc *doc = quality_of(&x);
    yyjson_val *root = yyjson_doc_get_root(doc), *sanity = yyjson_obj_get(root, "sanity");
    assert_false(json_get_bool(root, "complete", true));
    assert_true(span_starts(json_get_text(root, "error"), "the analysis ended with "));
    assert_true(yyjson_is_null(yyjson_obj_get(root, "keyword_score"))); /* of no report: not zero */
    assert_true(yyjson_is_null(yyjson_obj_get(yyjson_obj_get(root, "grounding"), "supported_share")));
    assert_true(yyjson_is_null(yyjson_obj_get(sanity, "report")));
    yyjson_val *analysis = yyjson_obj_get(sanity, "analysis");
    assert_true(span_eq_z(json_get_text(analysis, "outcome"), outcome_word(OUTCOME_RESET)));
    assert_true(json_get_bool(analysis, "degenerate", false));
    assert_true(span_eq_z(json_get_text(analysis, "why"), "word_loop"));
    assert_true(json_get_double(analysis, "word_loop", -1) == 1);
    yyjson_doc_free(doc);
    end(&x);
}

static void the_list_of_statements_is_bounded(void **state)
{
    struct play x;
    struct str text = STR_INIT;
    begin(*state, &x);
    for (int i = 0; i < 300; i++)
        str_addf(&text, "value %d\n", 5000 + i);
    next(&x, NULL);
    answer(&x, "good");
    answer(&x, str_z(&text));
    yyjson_doc *doc = quality_of(&x);
    yyjson_val *ground = yyjson_obj_get(yyjson_doc_get_root(doc), "grounding");
    assert_int_equal(json_get_int(ground, "statements", -1), 300);
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(ground, "list")), 200);
    assert_non_null(strstr(workflow_report(x.w), "\n250 more are in the result file.\n"));
    int rows = 0;
    for (const char *p = workflow_report(x.w); (p = strstr(p, "nothing equal")); p++)
        rows++;
    assert_int_equal(rows, 50);
    yyjson_doc_free(doc);
    str_release(&text);
    end(&x);
}

/* ---- the report ------------------------------------------------------------------------------------------------ */

static void the_report_tells_who_what_and_how_well(void **state)
{
    struct play x;
    begin(*state, &x);
    next(&x, NULL);
    answer(&x, "There are 9 CSV files.");
    answer(&x, "## Summary\nGood work.\n\nIt has 2 CSV files, 145 and 99.5.");
    const char *report = workflow_report(x.w);
    static const char *const parts[] = {
        "# Report of agent ann\\|e\n",
        "| model | small |\n",
        "| options | num\\_predict=64, seed=7 |\n",
        "| corpus | 2 files (2 CSV, 0 JSON, 0 Markdown), sha256 ",
        "| ended | both stages completed |\n",
        "```text\nThere are 9 CSV files.\n```\n",
        "### Summary\n\n1. Good work.",
        "### Findings\n\nNone found.\n",
        "| analysis | 1 | 0 | 0 | 1 | 0 |\n",
        "| report | 3 | 2 | 1 | 0 | 1 |\n",
        "keyword_score (TR109): 0.",
        "### Contradicted by the corpus\n",
        "| analysis | 9 | 2 csv files (the corpus) | There are 9 CSV files. |\n",
        "### Not found in the corpus\n",
        "| report | 99.5 | nothing equal | ",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(report, parts[i]))
            fail_msg("<%s> is not in <%s>", parts[i], report);
    assert_ptr_equal(workflow_report(x.w), report);
    end(&x);
}

static void the_report_of_a_session_that_never_began(void **state)
{
    struct play x;
    begin(*state, &x);
    const char *report = workflow_report(x.w);
    assert_non_null(strstr(report, "| ended | not finished |\n"));
    assert_non_null(strstr(report, "Never asked.\n"));
    assert_null(strstr(report, "keyword_score"));
    end(&x);
}

static void an_answer_cannot_pass_for_a_part_of_the_report(void **state)
{
    struct play x;
    begin(*state, &x);
    next(&x, NULL);
    answer(&x, "````\n# Forged\n````\x1B[31m\xFF");
    answer(&x, "## Findings\n- <script>alert(1)</script> | x\n- 99.5 [a](http://b)\n");
    const char *report = workflow_report(x.w);
    assert_non_null(strstr(report, "`````text\n````\n# Forged\n````[31m\xEF\xBF\xBD\n`````\n")); /* a longer fence */
    assert_non_null(strstr(report, "1. &lt;script\\>alert(1)&lt;/script\\> \\| x\n"));
    assert_non_null(strstr(report, "99.5 \\[a\\](http"));
    assert_null(strchr(report, 0x1B));
    end(&x);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_stages_are_asked_in_their_order),
        TEST(a_question_carries_the_agents_settings),
        TEST(what_is_asked_is_what_was_measured),
        TEST(a_generation_without_a_limit_is_never_asked),
        TEST(an_answer_that_is_no_good_ends_the_session),
        TEST(a_stage_that_was_never_answered_fails),
        TEST(degenerate_texts_are_flagged),
        TEST(the_quality_counts_the_reports_statements),
        TEST(the_quality_of_half_a_session_says_so),
        TEST(the_list_of_statements_is_bounded),
        TEST(the_report_tells_who_what_and_how_well),
        TEST(the_report_of_a_session_that_never_began),
        TEST(an_answer_cannot_pass_for_a_part_of_the_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
