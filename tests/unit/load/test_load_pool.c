/* The pool of a plain load: what it asks, when it stops, and that nothing is asked of the tokenizer inside the window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "load/pool.h"

static int calls;

/* A tokenizer for which every four bytes are a token. */
static int quarter(void *user, const char *text, int64_t *tokens, struct err *e)
{
    (void)user;
    (void)e;
    calls++;
    *tokens = (int64_t)(strlen(text) + 3) / 4;
    return 0;
}

static int broken(void *user, const char *text, int64_t *tokens, struct err *e)
{
    (void)user;
    (void)text;
    (void)tokens;
    return err_set(e, ERR_SERVER, "no tokenizer today");
}

static struct pool_spec spec_of(int64_t n)
{
    struct pool_spec s = {.route = ROUTE_CHAT, .stream = true, .n = n, .talk.seed = 7, .salt = 11};
    assert_int_equal(amount_parse("40", "input_len", 1, &s.talk.input_tok, NULL), 0);
    assert_int_equal(amount_parse("8..12", "output_len", 1, &s.talk.output_tok, NULL), 0);
    assert_int_equal(amount_parse("1", "turns", 1, &s.talk.turns, NULL), 0);
    return s;
}

static int32_t dialogues; /* begun by all pools of a test */

/* As the driver asks: who begins a dialogue is told its number. */
static enum session_next asked(struct pool *p, const struct request *last, struct ask *a, const char **stage,
                               mono_ns *at, const char **why)
{
    enum session_next n = pool_ops.next(p, last, a, stage, at, why);
    if (n == SESSION_ANEW)
        pool_ops.begun(p, dialogues++);
    return n;
}

static bool ask_at(struct pool *p, mono_ns when, struct ask *a)
{
    const char *stage = NULL, *why = NULL;
    mono_ns at = when;
    enum session_next n = asked(p, NULL, a, &stage, &at, &why);
    assert_true(n == SESSION_ASK || n == SESSION_FINISHED);
    if (n == SESSION_ASK) {
        assert_string_equal(stage, "load");
        assert_int_equal(at, when); /* at once */
    }
    return n == SESSION_ASK;
}

static bool ask(struct pool *p, struct ask *a)
{
    return ask_at(p, 0, a);
}

static void it_asks_its_number_and_no_prompt_twice(void **state)
{
    struct pool_spec s = spec_of(50);
    struct pool *p;
    struct ask a;
    char first[50][24];
    (void)state;
    assert_int_equal(pool_new(&p, &s, NULL), 0);
    for (int i = 0; i < 50; i++) {
        assert_true(ask(p, &a));
        assert_true(a.options.set & OPTION_NUM_PREDICT);
        assert_true(a.options.num_predict >= 8 && a.options.num_predict <= 12);
        assert_true(a.stream && a.route == ROUTE_CHAT);
        memcpy(first[i], a.prompt, 24); /* the salt stands first: no prefix cache holds it */
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(first[i], first[k], 24);
    }
    assert_false(ask(p, &a));
    assert_int_equal(pool_estimated(p), 50);
    pool_free(p);
}

static void the_questions_of_the_warm_up_do_not_count(void **state)
{
    struct pool_spec s = spec_of(2);
    struct pool *p;
    struct ask a;
    (void)state;
    assert_int_equal(pool_new(&p, &s, NULL), 0);
    for (mono_ns at = -5; at < 0; at++)
        assert_true(ask_at(p, at, &a));
    assert_true(ask_at(p, 0, &a) && ask_at(p, 1, &a));
    assert_false(ask_at(p, 2, &a));
    pool_free(p);
}

static void a_stopped_pool_asks_nothing(void **state)
{
    struct pool_spec s = spec_of(9);
    struct pool *p;
    struct ask a;
    (void)state;
    assert_int_equal(pool_new(&p, &s, NULL), 0);
    assert_true(ask(p, &a));
    pool_stop(p);
    assert_false(ask(p, &a));
    pool_free(p);
}

static void lengths_are_counted_before_the_window_only(void **state)
{
    struct pool_spec s = spec_of(POOL_COUNTED + 20);
    struct pool *p;
    struct ask a;
    int64_t tokens, off = 0;
    (void)state;
    s.count = quarter;
    calls = 0;
    assert_int_equal(pool_new(&p, &s, NULL), 0);
    assert_true(calls >= POOL_COUNTED);
    int before = calls;
    assert_int_equal(pool_estimated(p), 0);
    for (int i = 0; i < POOL_COUNTED + 20; i++) {
        assert_true(ask(p, &a));
        assert_int_equal(calls, before);
        quarter(NULL, a.prompt, &tokens, NULL);
        before = calls;
        if (i < POOL_COUNTED)
            assert_true(tokens >= 39 && tokens <= 41);
        off += i < POOL_COUNTED ? 0 : tokens - 40;
    }
    assert_int_equal(pool_estimated(p), 20); /* those behind: of about the length, by the words learnt */
    assert_true(off > -100 && off < 100);
    assert_false(ask(p, &a));
    pool_free(p);
}

static void the_seed_gives_the_work_and_the_salt_the_start(void **state)
{
    struct pool_spec s = spec_of(3), other = s;
    struct pool *p, *q;
    struct ask a, b;
    (void)state;
    other.salt = 12;
    assert_int_equal(pool_new(&p, &s, NULL), 0);
    assert_int_equal(pool_new(&q, &other, NULL), 0);
    for (int i = 0; i < 3; i++) {
        assert_true(ask(p, &a) && ask(q, &b));
        assert_string_not_equal(a.prompt, b.prompt);
        assert_true(a.options.num_predict == b.options.num_predict);
        const char *x = a.prompt, *y = b.prompt;
        for (int w = 0; w < PROMPT_SALT_WORDS; w++) {
            x = strchr(x, ' ') + 1;
            y = strchr(y, ' ') + 1;
        }
        assert_string_equal(x, y);
    }
    pool_free(p);
    pool_free(q);
}

static void a_shared_prefix_stands_before_every_salt(void **state)
{
    struct pool_spec s = spec_of(5);
    struct pool *p;
    struct ask a;
    char head[256] = "";
    (void)state;
    s.shared_tok = 20;
    s.count = quarter;
    assert_int_equal(pool_new(&p, &s, NULL), 0);
    for (int i = 0; i < 5; i++) {
        assert_true(ask(p, &a));
        if (!i)
            memcpy(head, a.prompt, 70); /* 20 tokens of 4 bytes, nearly */
        assert_memory_equal(head, a.prompt, 70);
    }
    pool_free(p);
}

static void time_ends_it_and_errors_come_before_the_window(void **state)
{
    struct pool_spec s = spec_of(INT64_MAX);
    struct pool *p = NULL;
    struct err e = ERR_INIT;
    struct ask a;
    (void)state;
    s.duration_ns = 1000;
    assert_int_equal(pool_new(&p, &s, NULL), 0);
    assert_true(ask_at(p, -1, &a) && ask_at(p, 0, &a) && ask_at(p, 999, &a));
    assert_false(ask_at(p, 1000, &a));
    pool_free(p);
    s.count = broken;
    p = NULL;
    assert_int_equal(pool_new(&p, &s, &e), ERR_SERVER);
    assert_null(p);
    assert_non_null(strstr(e.text, "no tokenizer today"));
}

/* What a conversation asks, with the answer that came before; *at becomes when. */
static enum session_next turn(struct pool *p, int32_t session, const char *answer, enum outcome outcome, struct ask *a,
                              mono_ns *at)
{
    const char *stage = NULL, *why = NULL;
    struct request last;
    request_init(&last);
    last.session = session;
    last.outcome = outcome;
    str_addz(&last.text, answer);
    enum session_next n = asked(p, &last, a, &stage, at, &why);
    request_release(&last);
    return n;
}

static struct pool *talking(struct pool_spec *s, const char *turns, const char *think_ms)
{
    struct pool *p;
    dialogues = 0;
    assert_int_equal(amount_parse(turns, "turns", 1, &s->talk.turns, NULL), 0);
    assert_int_equal(amount_parse(think_ms, "think_ms", 0, &s->talk.think_ms, NULL), 0);
    assert_int_equal(pool_new(&p, s, NULL), 0);
    return p;
}

static void expect_messages(const struct ask *a, int n, const char *has)
{
    const char *at = a->extra_body_json;
    for (int i = 0; i < n; i++) {
        at = strstr(at, "\"role\":");
        assert_non_null(at++);
    }
    assert_null(strstr(at, "\"role\":"));
    assert_non_null(strstr(a->extra_body_json, has));
    const char *line = strrchr(a->prompt, '\n');
    assert_non_null(strstr(a->extra_body_json, line ? line + 1 : a->prompt));
}

static void a_conversation_carries_its_history_and_pauses(void **state)
{
    struct pool_spec s = spec_of(2);
    struct ask a;
    const char *stage = NULL, *why = NULL;
    mono_ns at = 5;
    (void)state;
    s.extra_body_json = "{\"top_k\":3}";
    s.shared_tok = 20;
    struct pool *p = talking(&s, "3", "40");
    assert_true(pool_converses(p));
    assert_int_equal(asked(p, NULL, &a, &stage, &at, &why), SESSION_ANEW);
    assert_int_equal(at, 5);
    expect_messages(&a, 1, "\"top_k\":3");
    char shared[40];
    memcpy(shared, a.prompt, sizeof shared);
    assert_int_equal(turn(p, 0, "first answer", OUTCOME_OK, &a, &at), SESSION_ASK);
    assert_int_equal(at, 5 + 40 * NS_PER_MS);
    expect_messages(&a, 3, "first answer");
    assert_memory_not_equal(shared, a.prompt, sizeof shared); /* the history holds it */
    assert_int_equal(turn(p, 0, "second answer", OUTCOME_OK, &a, &at), SESSION_ASK);
    expect_messages(&a, 5, "second answer");
    at = 7; /* the third answer ends it, and another conversation begins at once */
    assert_int_equal(turn(p, 0, "third answer", OUTCOME_OK, &a, &at), SESSION_ANEW);
    assert_int_equal(at, 7);
    expect_messages(&a, 1, "\"top_k\":3");
    /* an answer that failed ends it, and two were to be begun */
    assert_int_equal(turn(p, 1, "", OUTCOME_RESET, &a, &at), SESSION_FINISHED);
    pool_free(p);
}

static void arrivals_begin_conversations_in_an_open_loop(void **state)
{
    struct pool_spec s = spec_of(3);
    struct ask a;
    const char *stage = NULL, *why = NULL;
    mono_ns at = 0;
    (void)state;
    s.open = true;
    struct pool *p = talking(&s, "2", "0");
    assert_int_equal(asked(p, NULL, &a, &stage, &at, &why), SESSION_ANEW);
    assert_int_equal(asked(p, NULL, &a, &stage, &at, &why), SESSION_ANEW);
    assert_int_equal(turn(p, 1, "of the second", OUTCOME_OK, &a, &at), SESSION_ASK);
    expect_messages(&a, 3, "of the second");
    assert_int_equal(turn(p, 1, "", OUTCOME_OK, &a, &at), SESSION_FINISHED);
    assert_int_equal(turn(p, 0, "of the first", OUTCOME_OK, &a, &at), SESSION_ASK);
    expect_messages(&a, 3, "of the first");
    pool_stop(p);
    assert_int_equal(turn(p, 0, "", OUTCOME_OK, &a, &at), SESSION_FINISHED);
    pool_free(p);
}

/* Two pools of one load, whose numbers are not one behind the other. */
static void a_conversation_is_the_same_in_any_pool(void **state)
{
    struct pool_spec s = spec_of(5);
    struct ask a, b;
    const char *stage = NULL, *why = NULL;
    mono_ns at = 0;
    int n = 0;
    (void)state;
    struct pool *whole = talking(&s, "2", "0"), *share[2];
    s.step = 2;
    for (s.first = 0; s.first < 2; s.first++)
        share[s.first] = talking(&s, "2", "0");
    for (int32_t i = 0; i < 5; i++) { /* the numbers of the whole's dialogues are 0 and 7 … 10 */
        struct pool *p = share[i % 2];
        assert_int_equal(asked(whole, NULL, &a, &stage, &at, &why), SESSION_ANEW);
        dialogues += i ? 0 : 6;
        assert_int_equal(pool_ops.next(p, NULL, &b, &stage, &at, &why), SESSION_ANEW);
        pool_ops.begun(p, i);
        assert_string_equal(a.prompt, b.prompt);
        assert_int_equal(turn(whole, i ? i + 6 : 0, "yes", OUTCOME_OK, &a, &at), SESSION_ASK);
        assert_int_equal(turn(p, i, "yes", OUTCOME_OK, &b, &at), SESSION_ASK);
        assert_string_equal(a.extra_body_json, b.extra_body_json);
    }
    for (int k = 0; k < 2; k++)
        n += asked(share[k], NULL, &a, &stage, &at, &why) == SESSION_FINISHED;
    assert_int_equal(n, 2);
    pool_free(whole);
    pool_free(share[0]);
    pool_free(share[1]);
}

static const struct trace_turn spoken[] = {{TRACE_SYSTEM, "Be brief."},
                                           {TRACE_USER, "What is a load?"},
                                           {TRACE_ASSISTANT, "Sixteen bytes ok"},
                                           {TRACE_USER, "And then?"},
                                           {TRACE_ASSISTANT, "Eight ok"}};
static const struct trace_turn unanswered[] = {{TRACE_USER, "Hm?"}};
static const struct trace_row talks[] = {{.input_tok = -1, .output_tok = -1, .turns = spoken, .n_turns = 5},
                                         {.input_tok = -1, .output_tok = -1, .turns = unanswered, .n_turns = 1}};

/* A text's own words behind the salt, the tokens of its recorded answer as the limit; the rows come again. */
static void texts_of_a_trace_are_asked_one_by_one(void **state)
{
    struct pool_spec s = spec_of(3);
    struct pool *p;
    struct ask a;
    char first[64];
    (void)state;
    s.rows = talks;
    s.n_rows = 2;
    s.recorded_limits = true;
    s.count = quarter;
    assert_int_equal(pool_new(&p, &s, NULL), 0);
    assert_true(ask(p, &a));
    assert_string_equal(a.system, "Be brief.");
    assert_string_equal(strchr(a.prompt, '\n'), "\nWhat is a load?");
    assert_int_equal(a.options.num_predict, 4);
    memcpy(first, a.prompt, 16);
    assert_true(ask(p, &a));
    assert_null(a.system);
    assert_string_equal(strchr(a.prompt, '\n'), "\nHm?");
    assert_in_range(a.options.num_predict, 8, 12); /* no answer: as the load says */
    assert_true(ask(p, &a));
    assert_string_equal(strchr(a.prompt, '\n'), "\nWhat is a load?");
    assert_memory_not_equal(a.prompt, first, 16); /* another salt */
    assert_false(ask(p, &a));
    assert_int_equal(pool_estimated(p), 0);
    pool_free(p);
    s.recorded_limits = false;
    assert_int_equal(pool_new(&p, &s, NULL), 0);
    assert_true(ask(p, &a));
    assert_in_range(a.options.num_predict, 8, 12);
    pool_free(p);
}

static void texts_of_a_trace_are_turns(void **state)
{
    struct pool_spec s = spec_of(2);
    struct ask a;
    const char *stage = NULL, *why = NULL;
    mono_ns at = 0;
    (void)state;
    s.rows = talks;
    s.n_rows = 2;
    struct pool *p = talking(&s, "3", "0");
    assert_int_equal(asked(p, NULL, &a, &stage, &at, &why), SESSION_ANEW);
    expect_messages(&a, 2, "Be brief.");
    assert_int_equal(turn(p, 0, "our own answer", OUTCOME_OK, &a, &at), SESSION_ASK);
    assert_string_equal(a.prompt, "And then?");
    expect_messages(&a, 4, "our own answer");
    assert_null(strstr(a.extra_body_json, "Sixteen"));
    /* two turns, not three; the next conversation has one */
    assert_int_equal(turn(p, 0, "", OUTCOME_OK, &a, &at), SESSION_ANEW);
    expect_messages(&a, 1, "Hm?");
    assert_int_equal(turn(p, 1, "", OUTCOME_OK, &a, &at), SESSION_FINISHED);
    pool_free(p);
}

static void lengths_of_a_trace_come_in_its_order_and_again(void **state)
{
    static const struct trace_row rows[] = {{.input_tok = 10, .output_tok = 3}, {.input_tok = 20, .output_tok = 5}};
    struct pool_spec s = spec_of(3);
    struct pool *p;
    struct ask a;
    int64_t tokens;
    (void)state;
    s.rows = rows;
    s.n_rows = 2;
    s.count = quarter;
    assert_int_equal(pool_new(&p, &s, NULL), 0);
    for (int i = 0; i < 3; i++) {
        assert_true(ask(p, &a));
        assert_int_equal(a.options.num_predict, i == 1 ? 5 : 3);
        quarter(NULL, a.prompt, &tokens, NULL);
        assert_int_equal(tokens, i == 1 ? 20 : 10);
    }
    pool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_asks_its_number_and_no_prompt_twice),
        cmocka_unit_test(the_questions_of_the_warm_up_do_not_count),
        cmocka_unit_test(a_stopped_pool_asks_nothing),
        cmocka_unit_test(texts_of_a_trace_are_asked_one_by_one),
        cmocka_unit_test(a_conversation_is_the_same_in_any_pool),
        cmocka_unit_test(texts_of_a_trace_are_turns),
        cmocka_unit_test(lengths_of_a_trace_come_in_its_order_and_again),
        cmocka_unit_test(a_conversation_carries_its_history_and_pauses),
        cmocka_unit_test(arrivals_begin_conversations_in_an_open_loop),
        cmocka_unit_test(lengths_are_counted_before_the_window_only),
        cmocka_unit_test(the_seed_gives_the_work_and_the_salt_the_start),
        cmocka_unit_test(a_shared_prefix_stands_before_every_salt),
        cmocka_unit_test(time_ends_it_and_errors_come_before_the_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
