/* Each rule finds its planted defect, and nothing in the clean twin. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analysis/audit.h"
#include "runs.h"

enum { MOST = 512 };

static struct arena arena;
static struct audit_row rows[MOST];
static struct run runs[MOST];
static yyjson_doc *docs[MOST];
static struct audit_place plan[MOST];
static struct audit_input in;
static struct audit found;

static int begin(void **state)
{
    (void)state;
    in = (struct audit_input){.name = "own.db", .runs = runs, .rows = rows, .plan = plan};
    return 0;
}

static int end(void **state)
{
    (void)state;
    audit_release(&found);
    for (size_t i = 0; i < in.n_rows; i++)
        yyjson_doc_free(docs[i]);
    arena_release(&arena);
    return 0;
}

/* The clean twin begins: nothing of before is there. */
static void afresh(void)
{
    end(NULL);
    begin(NULL);
}

/* A record of list.jsonl. */
static struct audit_row *add_row(const char *format, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static struct audit_row *add_row(const char *format, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    assert_true(in.n_rows < MOST);
    docs[in.n_rows] = yyjson_read(str_z(&s), s.len, 0);
    assert_non_null(docs[in.n_rows]);
    struct audit_row *r = &rows[in.n_rows];
    *r = (struct audit_row){.file = "list.jsonl",
                            .line = (int64_t)in.n_rows + 1,
                            .origin = arena_printf(&arena, "results/some/cell%zu/run_1/metrics.json", in.n_rows),
                            .format = format,
                            .json = yyjson_doc_get_root(docs[in.n_rows])};
    in.n_rows++;
    str_release(&s);
    return r;
}

static struct run *add_run(struct run r)
{
    assert_true(in.n_runs < MOST);
    r.id = (int64_t)in.n_runs + 1;
    runs[in.n_runs] = r;
    return &runs[in.n_runs++];
}

/* The findings of one rule; the last of them in *f. */
static size_t look(const char *rule, const struct audit_finding **f)
{
    size_t n = 0;
    audit_release(&found);
    audit_look(&in, &found);
    assert_non_null(audit_rule_find(rule));
    for (size_t i = 0; i < found.n; i++)
        if (!strcmp(found.findings[i].rule->id, rule)) {
            *f = &found.findings[i];
            n++;
        }
    return n;
}

static void finds(const char *rule, size_t points, const char *words)
{
    const struct audit_finding *f = NULL;
    assert_int_equal(look(rule, &f), 1);
    if (!strstr(f->sentence, words))
        print_message("%s\n", f->sentence);
    assert_non_null(strstr(f->sentence, words));
    assert_int_equal(f->n_points, points);
}

static void silent(const char *rule)
{
    const struct audit_finding *f = NULL;
    if (look(rule, &f))
        print_message("%s\n", f->sentence);
    assert_null(f);
}

/* ---- pairs ------------------------------------------------------------------------------------------------------------ */

static struct audit_row *add_pair(double a, double b, double wall, double percent)
{
    return add_row(
        "rust-pair",
        "{\"summary\":{\"concurrent_wall_time_s\":%f,\"sequential_estimated_s\":%f,\"concurrency_speedup\":%f,"
        "\"efficiency_percent\":%f},\"collector\":{\"execution_time_s\":%f,\"aggregate\":{"
        "\"total_tokens_generated\":100}},\"insight\":{\"execution_time_s\":%f,\"aggregate\":{"
        "\"total_tokens_generated\":100}}}",
        wall, a + b, percent / 50, percent, a, b);
}

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

/* A study of pairs with their runs; the last answer of the last one has this outcome and flags. */
static void pairs_with(enum outcome outcome, unsigned flags)
{
    for (size_t i = 0; i < 3; i++) {
        bool last = i == 2;
        struct audit_row *row = last ? add_pair(10, 5, 10, 75) : add_pair(10, 9, 10, 95);
        struct run *r = add_run(make_run(&arena, "cell", (int32_t)i, 2));
        for (int k = 0; k < 2; k++) {
            add_session(r, k ? "insight" : "collector", 10);
            struct request *q = add_request(r, "report", 1, 100, 500, 4);
            q->outcome = last && k ? outcome : OUTCOME_OK;
            q->flags = last && k ? flags : 0;
        }
        row->run_id = r->id;
        row->runs = 1;
    }
}

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

static void truncated(void **state)
{
    (void)state;
    static const int contexts[] = {512, 512, 2048};
    for (size_t i = 0; i < 3; i++)
        add_row(
            "rust-single",
            "{\"baseline\":{\"configuration\":{\"num_ctx\":%d},\"calls\":[{\"stage\":\"report\",\"prompt_chars\":%d,"
            "\"m\":{\"prompt_eval_duration_ms\":%d,\"tokens_generated\":9}}]}}",
            contexts[i], i ? 4000 : 3000, i < 2 ? 200 : 400);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(overlap),        TEST(no_overlap), TEST(serialised),
        TEST(not_serialised), TEST(numerators), TEST(degenerate),
        TEST(unfinished),     TEST(finished),   TEST(rate_of_nothing),
        TEST(our_degenerate), TEST(truncated),  TEST(our_truncated),
        TEST(empty_corpus),   TEST(no_solo),    TEST(clean_study),
        TEST(met_twice),      TEST(names),      TEST(files_of_one_record),
        TEST(table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
