/* Prompts against counters that behave like tokenizers, and ones that misbehave; amounts; conversations. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "load/conversation.h"
#include "load/prompt.h"
#include "load/prompt_words.h"

/* A tokenizer: a begin token, `per_word` tokens a word, one for a full stop. */
struct counter {
    int64_t begin, per_word, constant, calls;
    bool fail;
};

static int count(void *user, const char *text, int64_t *tokens, struct err *e)
{
    struct counter *c = user;
    int64_t words = 0, dots = 0;
    c->calls++;
    if (c->fail)
        return err_set(e, ERR_TIMEOUT, "no answer");
    for (const char *p = text; *p; p++) {
        words += *p != ' ' && *p != '.' && (p == text || p[-1] == ' ');
        dots += *p == '.';
    }
    *tokens = c->constant ? c->constant : c->begin + words * c->per_word + dots;
    return 0;
}

static struct prompt made(struct prompt_maker *m, uint64_t number, int64_t want_tok)
{
    struct prompt p;
    struct err e = ERR_INIT;
    if (prompt_make(m, number, want_tok, &p, &e))
        fail_msg("%s", e.text);
    return p;
}

static void the_list_has_256_different_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROMPT_WORDS; i++) {
        assert_true(strlen(prompt_words[i]) > 0 && !strchr(prompt_words[i], ' '));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(prompt_words[i], prompt_words[k]);
    }
}

static void a_wanted_length_is_met_exactly_in_a_few_calls(void **state)
{
    (void)state;
    struct counter c = {.begin = 1, .per_word = 1};
    struct prompt_maker m = {.count = count, .user = &c, .seed = 1, .salt = 2};
    const int64_t wants[] = {2, 3, 7, 100, 1000, 8192};
    for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++) {
        struct prompt p = made(&m, i, wants[i]);
        int64_t again;
        assert_true(p.got_tok == wants[i] && p.want_tok == wants[i] && !p.estimated && p.calls <= 3);
        assert_int_equal(count(&c, str_z(&p.text), &again, NULL), 0);
        assert_int_equal(again, wants[i]); /* the text kept is the text counted */
        prompt_release(&p);
    }
    struct prompt p = made(&m, 9, 1); /* the begin token is all */
    assert_true(p.got_tok == 1 && p.text.len == 0);
    prompt_release(&p);
}

/* Three tokens a word and one of the full stop: 100 = 33 words and a stop. 101 is between two: the nearer is 100. */
static void what_words_can_not_meet_is_filled_or_missed_by_the_least(void **state)
{
    (void)state;
    struct counter c = {.per_word = 3};
    struct prompt_maker m = {.count = count, .user = &c, .seed = 1, .salt = 2};
    struct prompt p = made(&m, 0, 100);
    assert_true(p.got_tok == 100 && p.text.at[p.text.len - 1] == '.' && p.calls <= PROMPT_MAX_CALLS);
    prompt_release(&p);
    p = made(&m, 0, 101);
    assert_true(p.want_tok == 101 && p.got_tok == 102); /* 34 words: one over; 33 words: two under, one with the stop */
    prompt_release(&p);
    c = (struct counter){.per_word = 2, .begin = 4};
    p = made(&m, 0, 1); /* less than the least possible */
    assert_true(p.got_tok == 4 && p.text.len == 0);
    prompt_release(&p);
    assert_true(m.words_per_tok > 0.3 && m.words_per_tok <= 4);
}

static void the_ratio_learnt_saves_calls(void **state)
{
    (void)state;
    struct counter c = {.per_word = 2, .begin = 2};
    struct prompt_maker m = {.count = count, .user = &c};
    struct prompt first = made(&m, 0, 2000), later = made(&m, 1, 2000);
    assert_true(first.got_tok == 2000 && later.got_tok == 2000 && later.calls < first.calls && later.calls <= 2);
    prompt_release(&first);
    prompt_release(&later);
}

/* "word word …": the first `n` words of a text. */
static size_t words_len(const char *text, int n)
{
    const char *p = text;
    for (int i = 0; i < n && *p; i++) {
        p += strcspn(p, " ");
        p += *p == ' ';
    }
    return (size_t)(p - text);
}

static void the_salt_comes_first_and_the_rest_depends_on_the_seed_alone(void **state)
{
    (void)state;
    struct prompt_maker m = {.seed = 1, .salt = 2}, salted = {.seed = 1, .salt = 3}, seeded = {.seed = 4, .salt = 2};
    struct prompt a = made(&m, 0, 60), b = made(&salted, 0, 60), c = made(&seeded, 0, 60), next = made(&m, 1, 60);
    size_t at = words_len(str_z(&a.text), PROMPT_SALT_WORDS), bt = words_len(str_z(&b.text), PROMPT_SALT_WORDS);
    assert_string_equal(str_z(&a.text) + at, str_z(&b.text) + bt);
    assert_true(words_len(str_z(&a.text), 60) == a.text.len);
    assert_memory_not_equal(str_z(&a.text), str_z(&b.text), words_len(str_z(&a.text), 3));
    assert_memory_equal(str_z(&a.text), str_z(&c.text), at);
    assert_string_not_equal(str_z(&a.text) + at, str_z(&c.text) + at);
    assert_memory_not_equal(str_z(&a.text), str_z(&next.text), words_len(str_z(&a.text), 3));
    struct prompt again = made(&m, 0, 60);
    assert_string_equal(str_z(&a.text), str_z(&again.text));
    struct prompt *all[] = {&a, &b, &c, &next, &again};
    for (size_t i = 0; i < 5; i++)
        prompt_release(all[i]);
}

static void a_shared_prefix_stands_before_the_salt_and_counts(void **state)
{
    (void)state;
    struct counter c = {.begin = 1, .per_word = 1};
    struct prompt_maker m = {.count = count, .user = &c, .seed = 1, .salt = 2};
    struct prompt shared = made(&m, 1000, 50);
    m.shared = str_z(&shared.text);
    struct prompt a = made(&m, 0, 80), b = made(&m, 1, 80), tight = made(&m, 2, 50), less = made(&m, 3, 20);
    assert_true(a.got_tok == 80 && b.got_tok == 80);
    assert_memory_equal(a.text.at, shared.text.at, shared.text.len);
    assert_memory_equal(b.text.at, shared.text.at, shared.text.len);
    assert_string_not_equal(a.text.at + shared.text.len, b.text.at + shared.text.len);
    assert_true(tight.got_tok == 50 && tight.text.len == shared.text.len);
    assert_true(less.got_tok == 50 && less.want_tok == 20); /* the prefix alone is longer, and it says so */
    struct prompt *all[] = {&shared, &a, &b, &tight, &less};
    for (size_t i = 0; i < 5; i++)
        prompt_release(all[i]);
}

static void without_a_counter_the_length_is_an_estimate(void **state)
{
    (void)state;
    struct prompt_maker m = {.seed = 1, .salt = 2, .shared = "one two three"};
    struct prompt p = made(&m, 0, 10), less = made(&m, 0, 2);
    assert_true(p.estimated && p.got_tok == 10 && p.calls == 0);
    assert_true(words_len(str_z(&p.text), 10) == p.text.len && words_len(str_z(&p.text), 9) < p.text.len);
    assert_true(less.estimated && less.got_tok == 3);
    assert_string_equal(str_z(&less.text), "one two three");
    prompt_release(&p);
    prompt_release(&less);
}

static void a_counter_that_fails_or_lies_is_bounded(void **state)
{
    (void)state;
    struct counter c = {.fail = true};
    struct prompt_maker m = {.count = count, .user = &c};
    struct prompt p;
    struct err e = ERR_INIT;
    assert_int_equal(prompt_make(&m, 0, 10, &p, &e), ERR_TIMEOUT);
    assert_true(p.text.at == NULL && c.calls == 1);
    assert_int_equal(prompt_make(&m, 0, 10, &p, NULL), ERR_TIMEOUT);
    c = (struct counter){.constant = -5};
    err_clear(&e);
    assert_int_equal(prompt_make(&m, 0, 10, &p, &e), ERR_SERVER);
    c = (struct counter){.constant = INT64_MAX};
    err_clear(&e);
    assert_int_equal(prompt_make(&m, 0, 10, &p, &e), ERR_SERVER);
    for (int64_t constant = 3; constant < 40; constant += 30) { /* always too few, always too many */
        c = (struct counter){.constant = constant};
        m.words_per_tok = 0;
        p = made(&m, 0, 10);
        assert_true(p.got_tok == constant && p.calls == c.calls && p.calls <= PROMPT_MAX_CALLS);
        prompt_release(&p);
    }
    m.count = NULL;
    err_clear(&e);
    assert_int_equal(prompt_make(&m, 0, 0, &p, &e), ERR_USAGE);
    assert_int_equal(prompt_make(&m, 0, -1, &p, NULL), ERR_USAGE);
    assert_int_equal(prompt_make(&m, 0, 1000000000000, &p, NULL), ERR_USAGE);
    assert_non_null(strstr(e.text, "1 to 4194304 tokens, not 0"));
}

static struct amount_law law_of(const char *text, int64_t least)
{
    struct amount_law l;
    struct err e = ERR_INIT;
    if (amount_parse(text, "tokens", least, &l, &e))
        fail_msg("%s", e.text);
    return l;
}

static void amounts_are_read_and_bad_ones_named(void **state)
{
    (void)state;
    struct amount_law l = law_of("512", 1);
    assert_true(l.kind == AMOUNT_FIXED && l.low == 512 && l.high == 512);
    l = law_of("0..200", 0);
    assert_true(l.kind == AMOUNT_UNIFORM && l.low == 0 && l.high == 200);
    l = law_of("lognormal:100.5,0.8", 1);
    assert_true(l.kind == AMOUNT_LOGNORMAL && l.median == 100.5 && l.sigma == 0.8 && l.low == 1 && l.high == 3216);
    assert_int_equal(law_of("lognormal:100,0,4000", 1).high, 4000);
    assert_int_equal(law_of("lognormal:99999999,1", 1).high, AMOUNT_MAX);
    const char *bad[] = {"",
                         "0",
                         "-1",
                         "1.5",
                         "x",
                         "5..",
                         "9..8",
                         "..5",
                         "0..5",
                         "5 ",
                         "1000000000000",
                         "1..1000000000000",
                         "lognormal:",
                         "lognormal:5",
                         "lognormal:5,",
                         "lognormal:0,1",
                         "lognormal:nan,1",
                         "lognormal:5,inf",
                         "lognormal:5,5.1",
                         "lognormal:5,1,",
                         "lognormal:5,1,4",
                         "lognormal:5,1,9x",
                         "lognormal:5..6,1",
                         "lognormal:-5,1",
                         "99999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err e = ERR_INIT;
        if (amount_parse(bad[i], "input tokens", 1, &l, &e) != ERR_USAGE || !strstr(e.text, "input tokens \""))
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

static int by_amount(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void drawn_amounts_follow_their_law(void **state)
{
    (void)state;
    enum { N = 20001 };
    static int64_t x[N];
    struct rng r = rng_stream(5, "input lengths");
    struct amount_law l = law_of("10..14", 1);
    int seen[15] = {0};
    for (int i = 0; i < 5000; i++)
        seen[amount_draw(&l, &r)]++;
    for (int i = 10; i <= 14; i++)
        assert_in_range(seen[i], 900, 1100);
    l = law_of("lognormal:500,0.7,4000", 1);
    int cut = 0;
    for (int i = 0; i < N; i++) {
        x[i] = amount_draw(&l, &r);
        assert_in_range(x[i], 1, 4000);
        cut += x[i] == 4000;
    }
    qsort(x, N, sizeof x[0], by_amount);
    assert_in_range(x[N / 2], 485, 515);
    assert_in_range(x[(int)(0.8413 * N)], 960, 1060); /* one sigma up: 500 exp(0.7) = 1007 */
    assert_in_range(cut, 10, 60);                     /* P(Z > 2.97) = 0.0015 */
    l = law_of("7", 1);
    struct rng before = r;
    assert_int_equal(amount_draw(&l, &r), 7);
    assert_true(before.state == r.state);
}

static void turns_are_planned_per_session_and_purpose(void **state)
{
    (void)state;
    struct conversation_spec spec = {.input_tok = law_of("10..1000", 1),
                                     .output_tok = law_of("10..1000", 1),
                                     .think_ms = law_of("0..5000", 0),
                                     .seed = 3};
    struct turn_plan a[8], b[3], other[3], longer[8];
    conversation_plan(&spec, 4, a, 8);
    conversation_plan(&spec, 4, b, 3);
    conversation_plan(&spec, 5, other, 3);
    assert_memory_equal(a, b, sizeof b);
    assert_true(other[0].input_tok != a[0].input_tok && a[0].input_tok != a[0].output_tok);
    assert_true(a[0].think_ns == 0 && a[1].think_ns > 0 && a[1].think_ns % NS_PER_MS == 0 &&
                a[1].think_ns <= 5 * NS_PER_S);
    spec.think_ms = law_of("9", 0); /* another pause leaves the lengths where they were */
    conversation_plan(&spec, 4, longer, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_true(longer[i].input_tok == a[i].input_tok && longer[i].output_tok == a[i].output_tok);
        assert_true(longer[i].think_ns == (i ? 9 * NS_PER_MS : 0));
    }
}

static void a_conversation_carries_everything_said(void **state)
{
    (void)state;
    struct conversation c = {0};
    struct str body = STR_INIT;
    conversation_body(&c, NULL, &body);
    assert_string_equal(str_z(&body), "{\"messages\":[]}");
    conversation_say(&c, CONVERSATION_SYSTEM, "be brief", 8);
    conversation_say(&c, CONVERSATION_USER, "say \"a\"\n", 8);
    conversation_say(&c, CONVERSATION_ASSISTANT, "a\xff", 2);
    conversation_body(&c, NULL, &body);
    assert_string_equal(
        str_z(&body),
        "{\"messages\":[{\"role\":\"system\",\"content\":\"be brief\"},"
        "{\"role\":\"user\",\"content\":\"say \\\"a\\\"\\n\"},{\"role\":\"assistant\",\"content\":\"a\xEF\xBF\xBD\"}]}");
    assert_int_equal(c.n, 3);
    conversation_release(&c);
    conversation_say(&c, CONVERSATION_USER, "a", 1);
    conversation_body(&c, " { \"top_k\":3} ", &body);
    assert_string_equal(str_z(&body), "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"top_k\":3} ");
    conversation_body(&c, "{ }", &body);
    assert_string_equal(str_z(&body), "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}");
    conversation_release(&c);
    assert_true(c.n == 0 && c.messages.at == NULL);
    str_release(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_has_256_different_words),
        cmocka_unit_test(a_wanted_length_is_met_exactly_in_a_few_calls),
        cmocka_unit_test(what_words_can_not_meet_is_filled_or_missed_by_the_least),
        cmocka_unit_test(the_ratio_learnt_saves_calls),
        cmocka_unit_test(the_salt_comes_first_and_the_rest_depends_on_the_seed_alone),
        cmocka_unit_test(a_shared_prefix_stands_before_the_salt_and_counts),
        cmocka_unit_test(without_a_counter_the_length_is_an_estimate),
        cmocka_unit_test(a_counter_that_fails_or_lies_is_bounded),
        cmocka_unit_test(amounts_are_read_and_bad_ones_named),
        cmocka_unit_test(drawn_amounts_follow_their_law),
        cmocka_unit_test(turns_are_planned_per_session_and_purpose),
        cmocka_unit_test(a_conversation_carries_everything_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
