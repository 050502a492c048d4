/* Rows and runs to audit, and what was found in them: for tests of rules, each with its planted defect and a clean twin. */
#ifndef TESTS_ANALYSIS_AUDIT_FIXTURE_H
#define TESTS_ANALYSIS_AUDIT_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analysis/audit.h"
#include "format/json.h"
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
