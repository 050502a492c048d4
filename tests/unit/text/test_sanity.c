/* Sanity: each rule of its table on both sides of its limit, with shares worked by hand; what is unfinished. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "text/sanity.h"

static struct sanity check(const struct str *s)
{
    return sanity_check((struct span){str_z(s), s->len});
}

/* n words that no loop, 4-gram or line repeats. */
static void add_distinct(struct str *s, int n)
{
    static int next = 1000;
    for (int i = 0; i < n; i++)
        str_addf(s, "w%d ", next++);
}

static void add_times(struct str *s, const char *text, int n)
{
    for (int i = 0; i < n; i++)
        str_addz(s, text);
}

static void expect(const struct sanity *s, enum sanity_rule rule, double figure)
{
    if (fabs(s->figure[rule] - figure) > 1e-9)
        fail_msg("%s is %g, not %g", sanity_row((int)rule).word, s->figure[rule], figure);
}

static void expect_why(const struct sanity *s, enum sanity_rule rule)
{
    assert_true(s->degenerate);
    assert_string_equal(sanity_row((int)s->why).word, sanity_row((int)rule).word);
}

static void a_good_report_is_sane(void **state)
{
    (void)state;
    static const char text[] =
        "# Report\n\n## Summary\n\nThe engine answers first: its time to the first token is 145 ms, against 133 ms of "
        "llama-server and 211 ms of Ollama.\n\n| server | ttft | rate |\n|---|---:|---:|\n| engine | 145 | 46.6 |\n"
        "| llama-server | 133 | 47.9 |\n| ollama | 211 | 37.8 |\n\n1. Use the engine → it is fast.\n2. Measure \xC2\xB5s.\n";
    struct sanity s = sanity_check(span_z(text));
    assert_false(s.degenerate);
    assert_false(s.unfinished);
    assert_int_equal(s.bytes, sizeof text - 1);
    assert_int_equal(s.chars, sizeof text - 1 - 3); /* the arrow has 3 bytes, the micro sign 2 */
    assert_int_equal(s.raw_tokens, 0);
    for (int i = 0; i < SANITY_RULE_COUNT; i++)
        assert_true(s.figure[i] < sanity_row(i).limit);
}

static void words_and_lines_are_counted(void **state)
{
    (void)state;
    struct sanity s = sanity_check(span_z("one two - ** three\n\n1. four!\nab\n2. \xC3\xA9\n"));
    assert_int_equal(s.words, 6); /* signs and list numbers are none */
    assert_int_equal(s.lines, 2); /* of at least three letters */
}

static void an_empty_answer_is_empty(void **state)
{
    (void)state;
    static const char *const empty[] = {"", " \n\t ", "***", "---\n| |\n"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        struct sanity s = sanity_check(span_z(empty[i]));
        expect_why(&s, SANITY_EMPTY);
    }
    assert_false(sanity_check(span_z("a")).degenerate);
    assert_false(sanity_check(span_z("5")).degenerate);
    assert_false(sanity_check(span_z("\xC3\xA9")).degenerate);
}

static void a_word_loop_needs_a_share_rounds_and_length(void **state)
{
    (void)state;
    static const struct {
        const char *round;
        int rounds, before;
        double share; /* by hand */
    } rows[] = {
        {"same ", 16, 24, 0.4},    {"same ", 16, 25, 16.0 / 41}, {"same ", 15, 0, 0},   {"a b c d e f ", 4, 6, 0.8},
        {"a b c d e f ", 3, 6, 0}, {"a b c d ", 4, 0, 1},        {"a b c d ", 3, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str t = STR_INIT;
        add_distinct(&t, rows[i].before);
        add_times(&t, rows[i].round, rows[i].rounds);
        struct sanity s = check(&t);
        expect(&s, SANITY_WORD_LOOP, rows[i].share);
        assert_int_equal(s.degenerate, rows[i].share >= 0.4);
        if (s.degenerate)
            assert_int_equal(s.why, SANITY_WORD_LOOP);
        str_release(&t);
    }
}

static void case_punctuation_and_list_numbers_do_not_hide_a_loop(void **state)
{
    (void)state;
    struct str t = STR_INIT;
    for (int i = 1; i <= 16; i++)
        str_addf(&t, "%d. %s\n", i, i % 2 ? "**Same**" : "same.");
    struct sanity s = check(&t);
    expect(&s, SANITY_WORD_LOOP, 1);
    expect(&s, SANITY_REPEATED_LINES, 14.0 / 16); /* two spellings of the line */
    str_release(&t);
}

static void rows_that_differ_in_their_numbers_are_no_loop(void **state)
{
    (void)state;
    struct str t = STR_INIT;
    for (int i = 0; i < 40; i++)
        str_addf(&t, "| run %d | 4%d.%d | ok |\n", i, i, i);
    struct sanity s = check(&t);
    expect(&s, SANITY_WORD_LOOP, 0);
    assert_false(s.degenerate);
    str_release(&t);
}

static void a_long_loop_counts_however_much_stands_before(void **state)
{
    (void)state;
    for (int words = 99; words <= 100; words++) {
        struct str t = STR_INIT;
        add_distinct(&t, 1000);
        add_times(&t, "same ", words);
        struct sanity s = check(&t);
        expect(&s, SANITY_LONG_LOOP, words);
        assert_int_equal(s.degenerate, words == 100);
        if (s.degenerate)
            assert_int_equal(s.why, SANITY_LONG_LOOP);
        str_release(&t);
    }
}

static void a_character_loop_needs_a_share_rounds_and_length(void **state)
{
    (void)state;
    static const struct {
        const char *round;
        int rounds, words_before;
        double share; /* words of 5 characters stand before */
    } rows[] = {
        {"ab", 60, 56, 120.0 / 400},       {"ab", 60, 57, 120.0 / 405},       {"ab", 59, 0, 0},
        {"abcdefghijklmnopqrst", 8, 0, 1}, {"abcdefghijklmnopqrst", 7, 0, 0}, {"=", 120, 0, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str t = STR_INIT;
        add_distinct(&t, rows[i].words_before);
        add_times(&t, rows[i].round, rows[i].rounds);
        str_addz(&t, " word");
        if (rows[i].share > 0)
            t.len -= 5; /* the word keeps the others from being a loop up to the very end */
        struct sanity s = check(&t);
        expect(&s, SANITY_CHAR_LOOP, rows[i].share);
        str_release(&t);
    }
}

static void repeated_sequences_of_four_words(void **state)
{
    (void)state;
    struct str round = STR_INIT, t = STR_INIT;
    add_distinct(&round, 70); /* longer than the longest period that the loops look for */
    add_times(&t, str_z(&round), 4);
    struct sanity s = check(&t);
    expect(&s, SANITY_WORD_LOOP, 0);
    expect(&s, SANITY_REPEATED_4GRAMS, 207.0 / 277); /* 280 words, 70 different sequences */
    expect_why(&s, SANITY_REPEATED_4GRAMS);
    str_clear(&t);
    add_times(&t, str_z(&round), 3);
    s = check(&t);
    expect(&s, SANITY_REPEATED_4GRAMS, 137.0 / 207);
    assert_false(s.degenerate);
    str_release(&round);
    str_release(&t);
}

static void few_words_have_no_repeated_sequences(void **state)
{
    (void)state;
    struct str t = STR_INIT;
    add_times(&t, "a b c d e f g h ", 5);
    str_addz(&t, "a b c d e f g");
    struct sanity s = check(&t);
    assert_int_equal(s.words, 47);
    expect(&s, SANITY_REPEATED_4GRAMS, 0);
    str_addz(&t, " h");
    s = check(&t);
    expect(&s, SANITY_REPEATED_4GRAMS, 37.0 / 45);
    str_release(&t);
}

static void repeated_lines(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "aaa\nbbb\nccc\nddd\naaa\nbbb\nccc\nddd\n",       /* 4 of 8 */
        "aaa\nbbb\nccc\nddd\neee\nbbb\nccc\nddd\n",       /* 3 of 8 */
        "aaa\naaa\naaa\naaa\naaa\naaa\naaa\n",            /* 7 lines are too few */
        "aaa\nbb\nccc\n-\n--\n\n1.\nddd\neee\nfff\nggg\n" /* short lines are none */
    };
    static const double share[] = {0.5, 3.0 / 8, 0, 0};
    for (size_t i = 0; i < 4; i++) {
        struct sanity s = sanity_check(span_z(texts[i]));
        expect(&s, SANITY_REPEATED_LINES, share[i]);
        assert_int_equal(s.degenerate, share[i] >= 0.5);
    }
}

static void non_text_is_a_tenth(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double share;
    } rows[] = {
        {"abcdefghi\x01", 0.1},         {"abcdefghij\x01", 1.0 / 11},
        {"abcdefghi\xFF", 0.1},         {"abcdefghi\xEE\x80\x80", 0.1},
        {"abcdefghi\xEF\xBF\xBD", 0.1}, {"abcd\tefgh\n", 0},
        {"abcdefghi\x7F", 0.1},         {"\xC3(", 0.5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sanity s = sanity_check(span_z(rows[i].text));
        expect(&s, SANITY_NON_TEXT, rows[i].share);
        assert_int_equal(s.degenerate, rows[i].share >= 0.1);
    }
}

static void leaked_tokens_of_a_tokenizer_are_non_text(void **state)
{
    (void)state;
    static const char *const raw[] = {"<unused12>", "<|im_end|>", "<pad>",        "<0x0A>",       "</s>",
                                      "<s>",        "[UNUSED3]",  "<reserved_7>", "<end_of_turn>"};
    static const char *const fine[] = {"<b>",      "a<b", "< pad>", "<|",
                                       "<| end|>", "[7]", "<0x",    "<|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>"};
    for (size_t i = 0; i < sizeof raw / sizeof *raw; i++) {
        struct sanity s = sanity_check(span_z(raw[i]));
        assert_int_equal(s.raw_tokens, 1);
        expect(&s, SANITY_NON_TEXT, 1);
    }
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct sanity s = sanity_check(span_z(fine[i]));
        assert_int_equal(s.raw_tokens, 0);
        expect(&s, SANITY_NON_TEXT, 0);
    }
    struct sanity two = sanity_check(span_z("word <pad><pad> word"));
    assert_int_equal(two.raw_tokens, 2);
    expect(&two, SANITY_NON_TEXT, 0.5);
}

static void symbols_are_two_fifths_of_what_is_seen(void **state)
{
    (void)state;
    struct str t = STR_INIT;
    str_addz(&t, "← ↑ → ↓ ↔ ↕ ↖ ↗ ↘ ↙ ↚ ↛ ↜ ↝ ↞ ↟ "); /* 16, not one twice: no loop */
    str_addz(&t, "abcdefghijklmnopqrstuvwx");         /* 24 */
    struct sanity s = check(&t);
    expect(&s, SANITY_SYMBOLS, 0.4);
    expect_why(&s, SANITY_SYMBOLS);
    str_addc(&t, 'y');
    s = check(&t);
    expect(&s, SANITY_SYMBOLS, 16.0 / 41);
    assert_false(s.degenerate);
    str_clear(&t);
    add_times(&t, "→ ", 15); /* too few to judge */
    s = check(&t);
    expect(&s, SANITY_SYMBOLS, 0);
    str_clear(&t);
    add_times(&t, "─│┌ ", 10); /* boxes make tables */
    s = check(&t);
    expect(&s, SANITY_SYMBOLS, 0);
    str_release(&t);
}

static void four_scripts_in_one_text(void **state)
{
    (void)state;
    struct str t = STR_INIT;
    add_times(&t, "latinxletters ", 7); /* 91 */
    str_addz(&t, "abc ββ жж אא");       /* and 9: each of the others has its 2 of 100 */
    struct sanity s = check(&t);
    expect(&s, SANITY_SCRIPTS, 4);
    expect_why(&s, SANITY_SCRIPTS);
    str_addz(&t, "a"); /* 2 of 101 are less than 2 % */
    s = check(&t);
    expect(&s, SANITY_SCRIPTS, 1);
    str_clear(&t);
    str_addz(&t, "latin ββ жж אא"); /* too few letters to judge */
    s = check(&t);
    expect(&s, SANITY_SCRIPTS, 0);
    str_release(&t);
}

static void the_first_rule_that_fired_is_the_reason(void **state)
{
    (void)state;
    struct str t = STR_INIT;
    add_times(&t, "same ", 200);
    struct sanity s = check(&t);
    assert_true(s.figure[SANITY_LONG_LOOP] >= 100);
    assert_true(s.figure[SANITY_REPEATED_4GRAMS] >= 0.7);
    expect_why(&s, SANITY_WORD_LOOP);
    str_release(&t);
}

static void a_very_long_text_is_judged_by_its_end(void **state)
{
    (void)state;
    struct str t = STR_INIT;
    add_times(&t, "same ", 300);
    for (int i = 0; t.len < (1 << 20) + 2000; i++)
        str_addf(&t, "unlike%dothers ", i);
    struct sanity s = check(&t);
    assert_int_equal(s.bytes, t.len);
    assert_false(s.degenerate);
    add_times(&t, "same ", 300);
    s = check(&t);
    expect_why(&s, SANITY_LONG_LOOP);
    str_release(&t);
}

static void unfinished_is_what_ends_in_the_middle(void **state)
{
    (void)state;
    static const char *const done[] = {"It is.",
                                       "Is it?\n\n",
                                       "(so)",
                                       "- a\n- b",
                                       "- a.\n- b.",
                                       "1. a\n2. b",
                                       "| a | b |",
                                       "```\nx\n```",
                                       "\xE2\x80\x9Cquoted\xE2\x80\x9D",
                                       "**bold**",
                                       "text: `x`",
                                       "- a\n  - b\n",
                                       "\xE5\xAE\x8C\xE3\x80\x82"};
    static const char *const cut[] = {"It is the",  "# Title",         "It is.\n## Next", "- a.\n- b",
                                      "It is.\n2.", "It is.\n-",       "```\nx.",         "It is.\n```\n",
                                      "First,",     "A list:\n- only", "- a\nthen",       ""};
    for (size_t i = 0; i < sizeof done / sizeof *done; i++)
        if (sanity_check(span_z(done[i])).unfinished)
            fail_msg("<%s> is finished", done[i]);
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++)
        if (!sanity_check(span_z(cut[i])).unfinished)
            fail_msg("<%s> is not finished", cut[i]);
}

static void rules_have_rows(void **state)
{
    (void)state;
    assert_string_equal(sanity_row(SANITY_EMPTY).word, "empty");
    assert_string_equal(sanity_row(SANITY_SCRIPTS).word, "scripts");
    assert_null(sanity_row(-1).word);
    assert_null(sanity_row(SANITY_RULE_COUNT).word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_report_is_sane),
        cmocka_unit_test(words_and_lines_are_counted),
        cmocka_unit_test(an_empty_answer_is_empty),
        cmocka_unit_test(a_word_loop_needs_a_share_rounds_and_length),
        cmocka_unit_test(case_punctuation_and_list_numbers_do_not_hide_a_loop),
        cmocka_unit_test(rows_that_differ_in_their_numbers_are_no_loop),
        cmocka_unit_test(a_long_loop_counts_however_much_stands_before),
        cmocka_unit_test(a_character_loop_needs_a_share_rounds_and_length),
        cmocka_unit_test(repeated_sequences_of_four_words),
        cmocka_unit_test(few_words_have_no_repeated_sequences),
        cmocka_unit_test(repeated_lines),
        cmocka_unit_test(non_text_is_a_tenth),
        cmocka_unit_test(leaked_tokens_of_a_tokenizer_are_non_text),
        cmocka_unit_test(symbols_are_two_fifths_of_what_is_seen),
        cmocka_unit_test(four_scripts_in_one_text),
        cmocka_unit_test(the_first_rule_that_fired_is_the_reason),
        cmocka_unit_test(a_very_long_text_is_judged_by_its_end),
        cmocka_unit_test(unfinished_is_what_ends_in_the_middle),
        cmocka_unit_test(rules_have_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
