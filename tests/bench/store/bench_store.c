/* What storing a request costs, as a ratio to a transaction that writes nothing, on the same machine in the same minute; and
 * what SQLite adds to the memory of the process. Run a release build:
 *
 *     bench_store [FOLDER]        the folder (default /tmp) decides about the disk
 *
 * The request is a usual one of an agent: 128 chunks, a prompt of 2 KB of which half the requests share one, 600 bytes of
 * answer. Medians of batches of PER_BATCH. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "store/db.h"

enum { BATCHES = 21, PER_BATCH = 100, CHUNKS = 128 };

static long status_kib(const char *field)
{
    char line[256];
    long kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, field, strlen(field)))
            kib = strtol(line + strlen(field), NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

static void must(int rc, const struct err *e)
{
    if (rc) {
        fprintf(stderr, "bench_store: %s\n", e->text);
        exit(3);
    }
}

static void fill(struct request *r, struct rng *g, int64_t seq)
{
    mono_ns t = 1000 * NS_PER_S + seq * NS_PER_S;
    request_init(r);
    r->seq = seq;
    r->agent = "A";
    r->stage = "analysis";
    r->server = "server1";
    r->backend = "llama-server";
    r->model = "SmolLM2-135M-Instruct";
    for (int i = 0; i < STAMP_COUNT; i++)
        r->stamp[i] = t + i * NS_PER_MS;
    r->usage = (struct usage){.total_ns = 1, .prompt_tok = 500, .completion_tok = CHUNKS};
    chunk_list_init(&r->chunks, CHUNKS);
    for (int i = 0; i < CHUNKS; i++) {
        t += 8 * NS_PER_MS + (mono_ns)rng_below(g, 1u << 20);
        chunk_list_add(
            &r->chunks,
            (struct chunk){.t_ns = t, .app_ns = t + 9000, .bytes = 210, .kind = CHUNK_TEXT, .text_bytes = 5});
    }
    if (seq % 2)
        str_addf(&r->prompt, "%lld", (long long)rng_u64(g));
    while (r->prompt.len < 2048)
        str_addz(&r->prompt, "The file describes a service that reads its configuration. ");
    while (r->text.len < 600)
        str_addf(&r->text, "word%llu ", (unsigned long long)rng_below(g, 10000));
    str_addz(&r->finish_reason, "stop");
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v)
{
    qsort(v, BATCHES, sizeof *v, by_value);
    return v[BATCHES / 2];
}

struct bench {
    struct store *store;
    struct run run;
    struct request *requests; /* PER_BATCH */
    int64_t seq;
};

static void empty_transactions(struct bench *b)
{
    struct err e = ERR_INIT;
    for (int i = 0; i < PER_BATCH; i++)
        must(db_begin(b->store, &e) || db_commit(b->store, &e), &e);
}

static void samples(struct bench *b)
{
    struct err e = ERR_INIT;
    for (int i = 0; i < PER_BATCH; i++)
        must(store_sample(b->store, b->run.id, i, "{}", &e), &e);
}

static void requests(struct bench *b)
{
    struct err e = ERR_INIT;
    for (int i = 0; i < PER_BATCH; i++) {
        b->requests[i].seq = b->seq++;
        must(store_request(b->store, b->run.id, &b->requests[i], &e), &e);
    }
}

static double us_per_operation(struct bench *b, void (*fn)(struct bench *))
{
    double us[BATCHES];
    struct rng g = rng_stream(1, "bench");
    for (int i = 0; i < BATCHES; i++) {
        for (int k = 0; k < PER_BATCH; k++) { /* new texts for each batch; not part of what is timed */
            request_release(&b->requests[k]);
            fill(&b->requests[k], &g, k + (int64_t)(rng_u64(&g) % 1000) * 2);
        }
        mono_ns start = clock_now(NULL);
        fn(b);
        us[i] = (double)(clock_now(NULL) - start) / 1e3 / PER_BATCH;
    }
    return median(us);
}

static void open_bench(struct bench *b, const char *path)
{
    struct err e = ERR_INIT;
    struct plan_row row = {0, 0, "arm"};
    struct store_study study = {.name = "bench", .plan_json = "{}", .plan_sha256 = "0", .rows = &row, .n_rows = 1};
    *b = (struct bench){.run = {.arm = "arm", .state = RUN_COMPLETE}};
    must(store_create(&b->store, path, &study, &e), &e);
    must(store_run_begin(b->store, &b->run, &e), &e);
    b->requests = xcalloc(PER_BATCH, sizeof *b->requests);
    for (int k = 0; k < PER_BATCH; k++)
        request_init(&b->requests[k]);
}

static void close_bench(struct bench *b, double *end_ms, double *close_ms)
{
    struct err e = ERR_INIT;
    mono_ns start = clock_now(NULL);
    must(store_run_end(b->store, &b->run, &e), &e);
    *end_ms = (double)(clock_now(NULL) - start) / 1e6;
    start = clock_now(NULL);
    must(store_close(b->store, &e), &e);
    *close_ms = (double)(clock_now(NULL) - start) / 1e6;
    for (int k = 0; k < PER_BATCH; k++)
        request_release(&b->requests[k]);
    free(b->requests);
}

/* Everything a small study does with the store, measured before anything else has touched memory. */
static void memory(const char *path)
{
    struct bench b;
    double end_ms, close_ms;
    struct rng g = rng_stream(2, "bench");
    long before = status_kib("VmRSS:");
    open_bench(&b, path);
    for (int k = 0; k < PER_BATCH; k++)
        fill(&b.requests[k], &g, k);
    long without = status_kib("VmRSS:");
    requests(&b);
    close_bench(&b, &end_ms, &close_ms);
    printf(
        "memory: %ld KiB before, %ld KiB with an open store and 100 requests in memory, peak %ld KiB after storing them\n",
        before, without, status_kib("VmHWM:"));
    unlink(path);
}

int main(int argc, char **argv)
{
    struct bench b;
    char path[512];
    double end_ms, close_ms;
    snprintf(path, sizeof path, "%s/bench_store-%ld.db", argc > 1 ? argv[1] : "/tmp", (long)getpid());
    memory(path);
    open_bench(&b, path);
    double empty = us_per_operation(&b, empty_transactions);
    double sample = us_per_operation(&b, samples);
    double alone = us_per_operation(&b, requests);
    store_batching(b.store, true);
    double batched = us_per_operation(&b, requests);
    close_bench(&b, &end_ms, &close_ms);
    printf("empty transaction            %7.1f us     1.0\n", empty);
    printf("a sample of 2 bytes          %7.1f us  %6.1f\n", sample, sample / empty);
    printf("a request, committed alone   %7.1f us  %6.1f\n", alone, alone / empty);
    printf("a request, batched           %7.1f us  %6.1f\n", batched, batched / empty);
    printf("ending a run of %d requests (hash, fsync, log written back): %.1f ms; closing: %.1f ms\n",
           2 * BATCHES * PER_BATCH, end_ms, close_ms);
    unlink(path);
    return 0;
}
