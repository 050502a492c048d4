/* What a study is, and rules on agents, their answers and our own record: each finds its planted defect, and nothing in the
 * clean twin. */
#include "audit_fixture.h"

/* ---- pairs ------------------------------------------------------------------------------------------------------------ */

static void overlap(void **state)
{
    (void)state;
    add_pair(10, 8, 10, 90);
    add_pair(10, 6, 10, 80);
    finds("A1", 2, "its mean of 85.000 %");
    finds("A1", 2, "Both agents together made 20.0 tok/s");
}

/* Times measured alone give an efficiency of another size. */
static void no_overlap(void **state)
{
    (void)state;
    add_pair(10, 8, 10, 60);
    silent("A1");
}

static void serialised(void **state)
{
    (void)state;
    add_pair(5, 5, 10, 50);
    add_pair(10, 9, 10, 95);
    finds("A3", 1, "In 1 of 2 runs");
    finds("A3", 1, "they made 20.0 tok/s, the 1 other runs 20.0 tok/s");
    finds("A1", 1, "in 1 of 2 runs");
}

static void not_serialised(void **state)
{
    (void)state;
    add_pair(10, 5, 10, 75);
    silent("A3");
}

static void numerators(void **state)
{
    (void)state;
    add_row("python-call-pair",
            "{\"collector\":{\"metrics\":{\"wall_clock_ms\":9000}},\"insight\":{\"metrics\":{\"wall_clock_ms\":10000}},"
            "\"concurrent_wall_time_ms\":10000,\"sequential_estimate_ms\":12000,\"concurrency_speedup\":1.2,"
            "\"efficiency_percent\":60}");
    finds("A4", 1, "60.00 % were published where the agents' own wall times give 95.00 %");
    afresh();
    add_pair(10, 9, 10, 95);
    silent("A4");
}

/* ---- answers ---------------------------------------------------------------------------------------------------------- */

static void degenerate(void **state)
{
    (void)state;
    pairs_with(OUTCOME_OK, REQUEST_DEGENERATE);
    finds("A5", 1, "1 of 6 answers");
    finds("A5", 1, "88.333 % (sd 11.547, n 3), without the one degenerate or unfinished 95.000 %");
    silent("A23");
}

static void unfinished(void **state)
{
    (void)state;
    pairs_with(OUTCOME_NO_DONE, 0);
    finds("A23", 1, "1 of 6 calls");
    silent("A5");
}

static void finished(void **state)
{
    (void)state;
    pairs_with(OUTCOME_OK, REQUEST_LENGTH);
    silent("A5");
    silent("A23");
}

static void rate_of_nothing(void **state)
{
    (void)state;
    static const double mean[] = {20, 37};
    for (size_t i = 0; i < 2; i++) {
        afresh();
        add_row("python-pair",
                "{\"collector\":{\"aggregate\":{\"total_requests\":2,\"average_tokens_per_second\":%f,"
                "\"p95_tokens_per_second\":40}}}",
                mean[i]);
        if (i)
            silent("A23");
        else
            finds("A23", 1, "1 of 2 calls");
    }
}

/* Of our own: counted only in runs that count. */
static void our_degenerate(void **state)
{
    (void)state;
    struct run *r = add_run(make_run(&arena, "arm", 0, 1));
    add_session(r, "writer", 5);
    add_request(r, "report", 1, 10, 20, 2)->flags = REQUEST_DEGENERATE;
    finds("A5", 1, "1 of 1 answers");
    r->verdict = VERDICT_VOID;
    silent("A5");
}

/* The last call never ended: its timer says nothing. */
static void truncated(void **state)
{
    static const struct {
        int num_ctx, chars, ms, tok;
    } call[] = {{512, 3000, 200, 9}, {512, 4000, 200, 9}, {2048, 4000, 400, 9}, {512, 3000, 1, 0}};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        add_row(
            "rust-single",
            "{\"baseline\":{\"configuration\":{\"num_ctx\":%d},\"calls\":[{\"stage\":\"report\",\"prompt_chars\":%d,"
            "\"m\":{\"prompt_eval_duration_ms\":%d,\"tokens_generated\":%d}}]}}",
            call[i].num_ctx, call[i].chars, call[i].ms, call[i].tok);
    finds("A6", 1, "report 200.0 ms (n 2) at 512 tokens, 400.0 ms (n 1) at 2048 tokens");
    afresh();
    add_row("rust-single", "{\"baseline\":{\"configuration\":{\"num_ctx\":512},\"calls\":[{\"prompt_chars\":3000}]},"
                           "\"chimera\":{\"calls\":[{\"prompt_chars\":30000}]}}");
    silent("A6");
}

static void our_truncated(void **state)
{
    (void)state;
    struct run *r = add_run(make_run(&arena, "arm", 0, 1));
    add_session(r, "writer", 5);
    struct request *q = add_request(r, "report", 1, 10, 20, 2);
    silent("A6");
    q->flags = REQUEST_CONTEXT_TRUNCATED;
    finds("A6", 1, "1 prompts were cut");
}

static void empty_corpus(void **state)
{
    (void)state;
    add_row("rust-pair", "{\"collector\":{\"files\":0},\"insight\":{\"files\":101}}");
    finds("A7", 1, "1 of 2 agents ingested 0 files");
    finds("A7", 1, "read 101");
    afresh();
    add_row("rust-pair", "{\"collector\":{\"files\":null},\"insight\":{\"files\":101}}");
    silent("A7");
}

/* ---- our own record --------------------------------------------------------------------------------------------------- */

/* Blocks of two solos and a duet, in another order each. */
static void add_study(int32_t blocks, bool solos)
{
    static const char *const arms[] = {"solo a", "solo b", "duet"};
    for (int32_t b = 0; b < blocks; b++)
        for (int32_t k = 0; k < 3; k++) {
            int32_t arm = (k + b) % 3;
            if (!solos && arm < 2)
                continue;
            struct run *r = add_run(make_run(&arena, arms[arm], b, 2));
            plan[in.n_plan++] = (struct audit_place){b, arms[arm]};
            for (int i = 0; i < 2; i++)
                if (arm == i || arm == 2) {
                    add_session(r, i ? "b" : "a", 5);
                    add_request(r, "report", 1, 100, 100, 4);
                }
        }
}

static void no_solo(void **state)
{
    (void)state;
    add_study(3, false);
    finds("no-solo", 3, "3 runs have several agents at once");
}

static void unfilled(void **state)
{
    (void)state;
    add_study(3, true);
    silent("A28");
    runs[in.n_runs - 1].state = RUN_ABORTED;
    finds("A28", 1, "1 of 9 positions of the plan have no complete run");
    runs[in.n_runs - 2].state = runs[in.n_runs - 3].state = RUN_ABORTED;
    silent("A28"); /* a whole block: no arm lacks what another has */
}

static void one_run_each(void **state)
{
    (void)state;
    add_study(1, true);
    finds("few-runs", 3, "3 of 3 arms have one run that counts");
}

/* Four blocks of three arms in one order: by chance in one of 216. */
static void one_order_of_blocks(void **state)
{
    (void)state;
    add_study(4, true);
    silent("one-order");
    for (size_t i = 3; i < in.n_plan; i++)
        plan[i].arm = plan[i % 3].arm;
    finds("one-order", 3, "All 4 blocks have their 3 arms in the same order");
    in.n_plan = 3;
    silent("one-order");
    in.n_plan = 4; /* two blocks of two arms: a draw gives that as often as not */
    plan[1].block = 0;
    plan[2] = (struct audit_place){1, plan[0].arm};
    plan[3] = (struct audit_place){1, plan[1].arm};
    silent("one-order");
}

static void clean_study(void **state)
{
    (void)state;
    add_study(4, true);
    audit_look(&in, &found);
    for (size_t i = 0; i < found.n; i++)
        print_message("%s: %s\n", found.findings[i].rule->id, found.findings[i].sentence);
    assert_int_equal(found.n, 0);
}

/* ---- studies ---------------------------------------------------------------------------------------------------------- */

/* A record in a file of its own and in a list counts in the list alone. */
static void met_twice(void **state)
{
    (void)state;
    pairs_with(OUTCOME_OK, REQUEST_DEGENERATE);
    struct audit_row *again = add_pair(10, 5, 10, 75);
    again->file = "tree/some/run_1/metrics.json";
    again->run_id = 3;
    again->runs = 1;
    finds("A5", 1, "1 of 6 answers");
    finds("A1", 3, "in 3 of 3 runs");
}

/* The same when its own file came first. */
static void met_twice_in_a_list_behind(void **state)
{
    (void)state;
    struct audit_row *alone = add_pair(10, 9, 10, 95);
    alone->file = "tree/some/run_1/metrics.json";
    alone->run_id = alone->runs = 1;
    pairs_with(OUTCOME_OK, REQUEST_DEGENERATE);
    finds("A5", 1, "1 of 6 answers");
    finds("A1", 3, "in 3 of 3 runs");
}

static void names(void **state)
{
    (void)state;
    const struct audit_finding *f = NULL;
    for (size_t i = 0; i < 3; i++)
        add_pair(10, 9, 10, 95)->origin = arena_printf(&arena, "lab/results/x/run_%zu/metrics.json", i + 1);
    assert_int_equal(look("A1", &f), 1);
    assert_string_equal(f->study, "lab/results/x");
}

/* Files of one record each belong together by the folder above their configuration's. */
static void files_of_one_record(void **state)
{
    (void)state;
    const struct audit_finding *f = NULL;
    for (size_t i = 0; i < 4; i++) {
        struct audit_row *r = add_pair(10, 9, 10, 95);
        r->origin = NULL;
        r->file = arena_printf(&arena, "lab/study%zu/scenario/cell%zu/run_1/metrics.json", i / 2, i);
    }
    assert_int_equal(look("A1", &f), 2);
    assert_int_equal(f->n_points, 2);
    assert_string_equal(f->study, "lab/study1/scenario");
}

static void table(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct audit_rule *r; (r = audit_rule_at(n)); n++) {
        assert_ptr_equal(audit_rule_find(r->id), r);
        assert_non_null(r->look);
        assert_int_equal(r->what[strlen(r->what) - 1], '.');
    }
    assert_null(audit_rule_find("A0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(overlap),
        TEST(no_overlap),
        TEST(serialised),
        TEST(not_serialised),
        TEST(numerators),
        TEST(degenerate),
        TEST(unfinished),
        TEST(finished),
        TEST(rate_of_nothing),
        TEST(our_degenerate),
        TEST(truncated),
        TEST(our_truncated),
        TEST(empty_corpus),
        TEST(no_solo),
        TEST(unfilled),
        TEST(one_run_each),
        TEST(one_order_of_blocks),
        TEST(clean_study),
        TEST(met_twice),
        TEST(met_twice_in_a_list_behind),
        TEST(names),
        TEST(files_of_one_record),
        TEST(table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
