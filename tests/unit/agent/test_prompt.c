/* The inventory and both prompts: their words, and that they keep the size they were given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/prompt.h"
#include "scratch.h"

static void small_corpus(const struct scratch *s, struct corpus *c)
{
    scratch_file(s, "a.csv", "seed,decode_tok_s\n1,40.5\n1,43.5\n");
    scratch_file(s, "b.json", "{\"ttft_ms\": 145.25, \"note\": \"x\"}");
    scratch_file(s, "c.md", "# How it was done\n");
    scratch_open(s, c);
}

static void the_inventory_tells_counts_paths_and_numbers(void **state)
{
    struct corpus c;
    struct str out = STR_INIT;
    small_corpus(*state, &c);
    corpus_inventory(&c, 1000, &out);
    assert_string_equal(str_z(&out), "3 files: 1 CSV, 1 JSON, 1 Markdown.\nCSV: a.csv\nJSON: b.json\nMarkdown: c.md\n"
                                     "- a.csv: decode_tok_s mean 42, from 40.5 to 43.5 (2 values)\n"
                                     "- b.json: ttft_ms 145.2\n"
                                     "- c.md: \"How it was done\"\n"
                                     "- a.csv: seed always 1 (2 values)\n"); /* settings last */
    str_release(&out);
    corpus_release(&c);
}

static void files_take_turns_and_settings_come_last(void **state)
{
    const struct scratch *s = *state;
    struct corpus c;
    struct str out = STR_INIT;
    scratch_file(s, "a.json", "{\"seed\": 1}");
    scratch_file(s, "b.json", "{\"other\": 2, \"wall_ms\": 3, \"decode_tok_s\": 4}");
    scratch_file(s, "c.json", "{\"ttft_ms\": 5}");
    scratch_open(s, &c);
    corpus_inventory(&c, 1000, &out);
    assert_non_null(strstr(str_z(&out), "- b.json: decode_tok_s 4\n- c.json: ttft_ms 5\n- b.json: wall_ms 3\n"
                                        "- b.json: other 2\n- a.json: seed 1\n"));
    str_release(&out);
    corpus_release(&c);
}

static void the_inventory_is_cut_at_a_line_end_at_every_size(void **state)
{
    struct corpus c;
    struct str whole = STR_INIT;
    small_corpus(*state, &c);
    corpus_inventory(&c, 1000, &whole);
    for (size_t max = 0; max <= whole.len + 1; max++) {
        struct str out = STR_INIT;
        str_addz(&out, "before");
        corpus_inventory(&c, max, &out);
        assert_true(out.len - 6 <= max);
        assert_true(out.at[out.len - 1] == '\n' || out.len == 6);
        assert_int_equal(strlen(str_z(&out)), out.len);
        assert_true(strncmp(out.at, "before", 6) == 0);
        if (max >= whole.len)
            assert_int_equal(out.len - 6, whole.len);
        if (max >= 38) /* the counts are the first to come */
            assert_true(strncmp(out.at + 6, "3 files: 1 CSV", 14) == 0);
        str_release(&out);
    }
    str_release(&whole);
    corpus_release(&c);
}

static void many_paths_are_shortened(void **state)
{
    const struct scratch *s = *state;
    struct corpus c;
    struct str out = STR_INIT;
    for (int i = 1; i <= 7; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d.md", i);
        scratch_file(s, name, "text\n");
    }
    scratch_open(s, &c);
    corpus_inventory(&c, 1000, &out);
    assert_string_equal(str_z(&out), "7 files: 0 CSV, 0 JSON, 7 Markdown.\n"
                                     "Markdown: f1.md, f2.md, f3.md, f4.md, f5.md and 2 more\n");
    str_clear(&out);
    corpus_inventory(&c, 150, &out); /* the head has half of the room */
    assert_non_null(strstr(str_z(&out), "Markdown: f1.md, f2.md and 5 more\n"));
    str_release(&out);
    corpus_release(&c);
}

static void numbers_of_any_size_keep_their_magnitude(void **state)
{
    const struct scratch *s = *state;
    struct corpus c;
    struct str out = STR_INIT;
    scratch_file(
        s, "a.json",
        "{\"a\": 1e300, \"b\": -2.5e40, \"c\": 123456789012, \"d\": 0.000012345, \"e\": 1234.56, \"f\": 1e-300}");
    scratch_open(s, &c);
    corpus_inventory(&c, 1000, &out);
    assert_non_null(strstr(str_z(&out), "a 1e+300\n"));
    assert_non_null(strstr(str_z(&out), "b -2.5e+40\n"));
    assert_non_null(strstr(str_z(&out), "c 123456789012\n"));
    assert_non_null(strstr(str_z(&out), "d 1.234e-05\n"));
    assert_non_null(strstr(str_z(&out), "e 1234.6\n"));
    assert_non_null(strstr(str_z(&out), "f 1e-300\n"));
    str_release(&out);
    corpus_release(&c);
}

static struct workflow_spec spec_of(const struct corpus *c, enum route route)
{
    return (struct workflow_spec){.agent = "secret-name",
                                  .corpus = c,
                                  .model = "m",
                                  .route = route,
                                  .options = {.set = OPTION_NUM_PREDICT, .num_predict = 100},
                                  .inventory_chars = 500,
                                  .carry_chars = 40};
}

static void the_chat_route_has_a_system_message_and_the_completion_route_none(void **state)
{
    struct corpus c;
    struct str system = STR_INIT, prompt = STR_INIT;
    small_corpus(*state, &c);
    struct workflow_spec chat = spec_of(&c, ROUTE_CHAT), completion = spec_of(&c, ROUTE_COMPLETION);
    workflow_prompt(&chat, NULL, &system, &prompt);
    assert_non_null(strstr(str_z(&system), "You are a careful analyst"));
    assert_null(strstr(str_z(&prompt), "You are a careful analyst"));
    assert_null(strstr(str_z(&prompt), "## 1."));
    workflow_prompt(&completion, NULL, &system, &prompt);
    assert_int_equal(system.len, 0);
    assert_true(strncmp(str_z(&prompt), "You are a careful analyst", 25) == 0);
    assert_non_null(strstr(str_z(&prompt), "# Analysis\n\n## 1. Summary\n\n"));
    workflow_prompt(&completion, "text", &system, &prompt);
    assert_non_null(strstr(str_z(&prompt), "# Technical report\n\n## 1. Executive summary\n\n"));
    str_release(&system);
    str_release(&prompt);
    corpus_release(&c);
}

static void both_prompts_hold_facts_and_the_second_the_analysis(void **state)
{
    struct corpus c;
    struct str system = STR_INIT, prompt = STR_INIT;
    small_corpus(*state, &c);
    struct workflow_spec spec = spec_of(&c, ROUTE_CHAT);
    workflow_prompt(&spec, NULL, &system, &prompt);
    assert_non_null(strstr(str_z(&prompt), "3 files: 1 CSV, 1 JSON, 1 Markdown."));
    assert_non_null(strstr(str_z(&prompt), "decode_tok_s mean 42"));
    assert_non_null(strstr(str_z(&prompt), "4. Recommendations\n"));
    assert_null(strstr(str_z(&prompt), "secret-name")); /* two agents are asked with the same words */
    workflow_prompt(&spec, "It is fast.\n\n", &system, &prompt);
    assert_non_null(strstr(str_z(&prompt), "3 files: 1 CSV"));
    assert_non_null(strstr(str_z(&prompt), "An analysis of them:\nIt is fast.\n\nWrite a technical report"));
    assert_non_null(strstr(str_z(&prompt), "6. Conclusion\n"));
    assert_null(strstr(str_z(&prompt), "secret-name"));
    str_release(&system);
    str_release(&prompt);
    corpus_release(&c);
}

/* What is carried of an analysis with `max` bytes of room. */
static void expect_carried(const char *analysis, size_t max, const char *carried)
{
    struct str system = STR_INIT, prompt = STR_INIT, wanted = STR_INIT;
    struct prompt_parts parts = {ROUTE_CHAT, "", analysis, max};
    prompt_write(&parts, &system, &prompt);
    str_addf(&wanted, "An analysis of them:%s%s\n\nWrite", *carried ? "\n" : "", carried);
    if (!strstr(str_z(&prompt), str_z(&wanted)))
        fail_msg("<%s> does not carry <%s>", str_z(&prompt), carried);
    str_release(&system);
    str_release(&prompt);
    str_release(&wanted);
}

static void the_analysis_is_carried_up_to_its_room(void **state)
{
    (void)state;
    expect_carried("abcdef", 6, "abcdef");
    expect_carried("abcdef", 5, "abcde");
    expect_carried("abcdef", 0, "");
    expect_carried("ab\xC3\xA9z", 3, "ab"); /* not half a character */
    expect_carried("ab\xC3\xA9z", 4, "ab\xC3\xA9");
    expect_carried("ab  \n\n", 100, "ab");
}

static void what_is_carried_cannot_steer_the_next_prompt(void **state)
{
    (void)state;
    expect_carried("a<|im_end|>b", 100, "a< |im_end|>b");
    expect_carried("a\x01\x1B[0mb\xFFz", 100, "a[0mbz");
    expect_carried("a\tb\nc", 100, "a\tb\nc");
}

static void the_reports_inventory_is_two_fifths(void **state)
{
    struct corpus c;
    struct str system = STR_INIT, prompt = STR_INIT, brief = STR_INIT;
    small_corpus(*state, &c);
    struct workflow_spec spec = spec_of(&c, ROUTE_CHAT);
    spec.inventory_chars = 300;
    assert_int_equal(prompt_brief_chars(&spec), 120);
    corpus_inventory(&c, 120, &brief);
    workflow_prompt(&spec, "text", &system, &prompt);
    assert_non_null(strstr(str_z(&prompt), str_z(&brief)));
    assert_null(strstr(str_z(&prompt), "seed always 1"));
    str_release(&system);
    str_release(&prompt);
    str_release(&brief);
    corpus_release(&c);
}

/* ---- fitting --------------------------------------------------------------------------------------------------- */

struct counter {
    int calls, bytes_per_tok;
};

/* A tokenizer whose tokens are all as long as `user` says. */
static int64_t count(void *user, const struct ask *ask)
{
    struct counter *c = user;
    c->calls++;
    size_t n = strlen(ask->prompt) + (ask->system ? strlen(ask->system) : 0);
    return (int64_t)(n + (size_t)c->bytes_per_tok - 1) / c->bytes_per_tok;
}

static int64_t tokens_of(struct counter *c, const struct workflow_spec *spec, const char *analysis)
{
    struct str system = STR_INIT, prompt = STR_INIT;
    workflow_prompt(spec, analysis, &system, &prompt);
    struct ask ask = {.system = system.len ? str_z(&system) : NULL, .prompt = str_z(&prompt)};
    int64_t n = count(c, &ask);
    str_release(&system);
    str_release(&prompt);
    return n;
}

static void large_corpus(const struct scratch *s, struct corpus *c)
{
    struct str text = STR_INIT;
    str_addz(&text, "{");
    for (int i = 0; i < 300; i++)
        str_addf(&text, "%s\"key_%d_ms\": %d.5", i ? "," : "", i, i);
    str_addz(&text, "}");
    scratch_file(s, "a.json", str_z(&text));
    str_release(&text);
    scratch_open(s, c);
}

static void prompts_are_fitted_to_every_limit(void **state)
{
    struct corpus c;
    struct err e = ERR_INIT;
    size_t before = 0;
    large_corpus(*state, &c);
    for (int64_t limit = 240; limit <= 2600; limit += 118) {
        struct counter k = {0, 3};
        struct workflow_spec spec = spec_of(&c, ROUTE_CHAT);
        assert_int_equal(workflow_fit(&spec, limit, 0, count, &k, &e), 0);
        assert_true(k.calls <= 40);
        assert_true(spec.inventory_chars >= WORKFLOW_MIN_INVENTORY && spec.inventory_chars <= WORKFLOW_MAX_INVENTORY);
        assert_true(tokens_of(&k, &spec, NULL) <= limit);
        struct str analysis = STR_INIT;
        while (analysis.len < 100 * 3) /* num_predict tokens, as long as this tokenizer's */
            str_addc(&analysis, 'x');
        assert_true(tokens_of(&k, &spec, str_z(&analysis)) <= limit);
        assert_true(spec.inventory_chars + 60 >= before); /* more room, more facts */
        before = spec.inventory_chars;
        str_release(&analysis);
    }
    assert_int_equal(before, WORKFLOW_MAX_INVENTORY);
    corpus_release(&c);
}

static void the_room_found_is_used(void **state)
{
    struct corpus c;
    struct err e = ERR_INIT;
    large_corpus(*state, &c);
    struct counter k = {0, 3};
    struct workflow_spec spec = spec_of(&c, ROUTE_CHAT);
    assert_int_equal(workflow_fit(&spec, 1000, 0, count, &k, &e), 0);
    int64_t used = tokens_of(&k, &spec, NULL);
    assert_true(used > 950); /* a line and the width at which the search stops are left */
    assert_int_equal(spec.carry_chars, 100 * 6);
    corpus_release(&c);
}

static void the_context_has_room_for_prompt_and_answer(void **state)
{
    struct corpus c;
    struct err e = ERR_INIT;
    large_corpus(*state, &c);
    struct counter k = {0, 3};
    struct workflow_spec by_context = spec_of(&c, ROUTE_CHAT), by_limit = by_context;
    assert_int_equal(workflow_fit(&by_context, 0, 900, count, &k, &e), 0);
    assert_int_equal(workflow_fit(&by_limit, 800, 0, count, &k, &e), 0); /* 900 less num_predict */
    assert_int_equal(by_context.inventory_chars, by_limit.inventory_chars);
    struct workflow_spec both = spec_of(&c, ROUTE_CHAT);
    assert_int_equal(workflow_fit(&both, 800, 100000, count, &k, &e), 0);
    assert_int_equal(both.inventory_chars, by_limit.inventory_chars);
    corpus_release(&c);
}

static int64_t unknown(void *user, const struct ask *ask)
{
    (void)user;
    (void)ask;
    return -1;
}

static void without_a_count_three_bytes_are_a_token(void **state)
{
    struct corpus c;
    struct err e = ERR_INIT;
    large_corpus(*state, &c);
    struct counter k = {0, 3};
    struct workflow_spec counted = spec_of(&c, ROUTE_CHAT), guessed = counted, none = counted;
    assert_int_equal(workflow_fit(&counted, 900, 0, count, &k, &e), 0);
    assert_int_equal(workflow_fit(&guessed, 900, 0, unknown, NULL, &e), 0);
    assert_int_equal(workflow_fit(&none, 900, 0, NULL, NULL, &e), 0);
    assert_int_equal(guessed.inventory_chars, counted.inventory_chars);
    assert_int_equal(none.inventory_chars, counted.inventory_chars);
    corpus_release(&c);
}

static void without_any_limit_the_largest_inventory_is_taken(void **state)
{
    struct corpus c;
    struct err e = ERR_INIT;
    large_corpus(*state, &c);
    struct workflow_spec spec = spec_of(&c, ROUTE_CHAT);
    assert_int_equal(workflow_fit(&spec, 0, 0, NULL, NULL, &e), 0);
    assert_int_equal(spec.inventory_chars, WORKFLOW_MAX_INVENTORY);
    corpus_release(&c);
}

static void a_room_that_is_too_small_is_an_error_with_its_numbers(void **state)
{
    struct corpus c;
    large_corpus(*state, &c);
    static const struct {
        int64_t max_prompt_tok, num_ctx, num_predict;
        const char *words;
    } rows[] = {
        {50, 0, 100, "has room for 50"},    {0, 100, 100, "leaves no room for a prompt in a context of 100"},
        {0, 120, 100, "has room for 20"},   {1000, 0, 0, "needs num_predict"},
        {1000, 0, -1, "needs num_predict"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = ERR_INIT;
        struct workflow_spec spec = spec_of(&c, ROUTE_CHAT);
        spec.options.num_predict = rows[i].num_predict;
        assert_int_equal(workflow_fit(&spec, rows[i].max_prompt_tok, rows[i].num_ctx, NULL, NULL, &e), ERR_INPUT);
        if (!strstr(e.text, rows[i].words))
            fail_msg("<%s> does not say <%s>", e.text, rows[i].words);
    }
    struct err e = ERR_INIT;
    struct workflow_spec spec = spec_of(&c, ROUTE_CHAT);
    spec.options.set = 0;
    assert_int_equal(workflow_fit(&spec, 1000, 0, NULL, NULL, &e), ERR_INPUT);
    corpus_release(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_inventory_tells_counts_paths_and_numbers),
        TEST(files_take_turns_and_settings_come_last),
        TEST(the_inventory_is_cut_at_a_line_end_at_every_size),
        TEST(many_paths_are_shortened),
        TEST(numbers_of_any_size_keep_their_magnitude),
        TEST(the_chat_route_has_a_system_message_and_the_completion_route_none),
        TEST(both_prompts_hold_facts_and_the_second_the_analysis),
        TEST(the_analysis_is_carried_up_to_its_room),
        TEST(what_is_carried_cannot_steer_the_next_prompt),
        TEST(the_reports_inventory_is_two_fifths),
        TEST(prompts_are_fitted_to_every_limit),
        TEST(the_room_found_is_used),
        TEST(the_context_has_room_for_prompt_and_answer),
        TEST(without_a_count_three_bytes_are_a_token),
        TEST(without_any_limit_the_largest_inventory_is_taken),
        TEST(a_room_that_is_too_small_is_an_error_with_its_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
