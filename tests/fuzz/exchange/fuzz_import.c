/* The readers of other labs' and tools' files, each by its own table: any bytes give rows that are JSON objects of ours, and runs that the store would take,
 * or a problem in words; never both no format and no problem. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/import_read.h"
#include "exchange/peer_import.h"
#include "exchange/seed.h"
#include "format/json.h"
#include "record/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_run(const struct run *r)
{
    if (!r->arm || r->block < -1 || r->verdict != VERDICT_NONE || !r->n_sessions)
        BUG("a run without arm, block or session");
    for (size_t i = 0; i < r->n_sessions; i++)
        if (r->sessions[i].number != (int32_t)i)
            BUG("a session out of its order");
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        if (q->seq != (int64_t)i || q->session < 0 || (size_t)q->session >= r->n_sessions || q->turn < 0 ||
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

static void read_as(const struct import_format *formats, const struct str *bytes)
{
    struct arena arena = {0};
    struct err e = ERR_INIT;
    int64_t rows = 0;
    struct import_sink sink = {&rows, check_row};
    struct import_file f = {.path = "a/run_3/data/metrics.json"};
    if (import_read(formats, &f, str_z(bytes), bytes->len, &arena, &sink, &e) != 0)
        BUG("a failure that was not the sink's");
    if (f.rows != rows || (!f.format && !f.problem) || (f.refused && !f.problem))
        BUG("a file that is not accounted for");
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const struct import_format *const labs[] = {seed_formats, vllm_formats, aiperf_formats, guidellm_formats,
                                                       llama_bench_formats};
    struct str bytes = STR_INIT;
    str_add(&bytes, p, n);
    for (size_t i = 0; i < sizeof labs / sizeof labs[0]; i++)
        read_as(labs[i], &bytes);
    str_release(&bytes);
    return 0;
}
