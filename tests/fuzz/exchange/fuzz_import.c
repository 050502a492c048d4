/* The readers of another lab's files: any bytes give rows that are JSON objects of ours, and runs that the store would take,
 * or a problem in words; never both no format and no problem. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/import_read.h"
#include "exchange/seed.h"
#include "format/json.h"
#include "record/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_run(const struct run *r)
{
    if (!r->arm || r->block < 0 || r->verdict != VERDICT_NONE || !r->n_sessions)
        BUG("a run without arm, block or session");
    for (size_t i = 0; i < r->n_sessions; i++)
        if (r->sessions[i].number != (int32_t)i)
            BUG("a session out of its order");
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        if (q->seq != (int64_t)i || q->session < 0 || (size_t)q->session >= r->n_sessions ||
            (unsigned)q->outcome >= OUTCOME_COUNT || q->usage.completion_tok < -1 || q->usage.eval_ns < -1)
            BUG("a request that makes no sense");
    }
}

static int check_row(void *user, struct import_row *row, struct err *e)
{
    int64_t *rows = user;
    yyjson_doc *doc = json_read(row->json, strlen(row->json), NULL, e);
    if (!yyjson_is_obj(yyjson_doc_get_root(doc)) || row->line < 1)
        BUG("a row that is no object");
    yyjson_doc_free(doc);
    for (size_t i = 0; i < row->runs.n; i++)
        check_run(&row->runs.at[i]);
    ++*rows;
    row->new_runs = (int64_t)row->runs.n;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str bytes = STR_INIT;
    struct arena arena = {0};
    struct err e = ERR_INIT;
    int64_t rows = 0;
    struct import_sink sink = {&rows, check_row};
    struct import_file f = {.path = "a/run_3/data/metrics.json"};
    str_add(&bytes, p, n);
    if (import_read(seed_formats, &f, str_z(&bytes), n, &arena, &sink, &e) != 0)
        BUG("a failure that was not the sink's");
    if (f.rows != rows || (!f.format && !f.problem) || (f.refused && !f.problem))
        BUG("a file that is not accounted for");
    arena_release(&arena);
    str_release(&bytes);
    return 0;
}
