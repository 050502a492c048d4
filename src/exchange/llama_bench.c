/* llama_bench.c: see llama_bench.h. All samples are in memory, 40 bytes each: rows are sorted, and a row has its mean. */
#include "exchange/llama_bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/asked.h"

struct sample {
    size_t arm; /* number of the first run of that arm */
    size_t model;
    int64_t n_prompt, n_gen; /* one of them is 0 */
    int64_t ns;
};

enum { MAX_MODELS = 64 };

struct bench {
    struct arena arena;
    struct sample *at; /* owned */
    size_t n, cap;
    size_t arm; /* of the run that is read */
    const char *models[MAX_MODELS];
    size_t n_models;
    const char *cpu;
};

static size_t model_of(struct bench *b, const char *name)
{
    size_t i = 0;
    name = name ? name : "";
    while (i < b->n_models && strcmp(b->models[i], name) != 0)
        i++;
    if (i == b->n_models && i < MAX_MODELS)
        b->models[b->n_models++] = arena_dupz(&b->arena, name);
    return i < MAX_MODELS ? i : MAX_MODELS - 1;
}

static void add_sample(struct bench *b, const struct request *r, int64_t n_prompt, int64_t n_gen, int64_t ns)
{
    if (n_prompt + n_gen <= 0 || ns <= 0)
        return;
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 256;
        b->at = xrealloc(b->at, b->cap * sizeof *b->at);
    }
    b->at[b->n++] = (struct sample){b->arm, model_of(b, r->model), n_prompt, n_gen, ns};
}

static int take(void *user, const struct run *run, const struct request *r)
{
    struct bench *b = user;
    const struct usage *u = &r->usage;
    (void)run;
    if (r->outcome != OUTCOME_OK)
        return 0;
    if (!(r->flags & REQUEST_CACHED_PREFIX) && u->cached_tok <= 0 && u->prompt_tok > 0)
        add_sample(b, r, u->prompt_tok, 0, u->prompt_eval_ns);
    if (u->completion_tok > 0)
        add_sample(b, r, 0, u->completion_tok, u->eval_ns);
    return 0;
}

static int sign(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int same_row(const struct sample *x, const struct sample *y)
{
    int c = sign((int64_t)x->arm, (int64_t)y->arm);
    c = c ? c : sign((int64_t)x->model, (int64_t)y->model);
    c = c ? c : sign(x->n_gen, y->n_gen); /* prompts first */
    return c ? c : sign(x->n_prompt, y->n_prompt);
}

static int by_row(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    int c = same_row(x, y);
    return c ? c : sign(x->ns, y->ns);
}

static double rate_of(const struct sample *x)
{
    return (double)(x->n_prompt + x->n_gen) * 1e9 / (double)x->ns;
}

static double time_of(const struct sample *x)
{
    return (double)x->ns;
}

/* Mean and sample standard deviation (0 of one). */
static void put_moments(struct json_writer *w, const char *avg_key, const char *sd_key, const struct sample *at,
                        size_t n, double (*of)(const struct sample *))
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += of(&at[i]);
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (of(&at[i]) - mean) * (of(&at[i]) - mean);
    json_kdouble(w, avg_key, mean);
    json_kdouble(w, sd_key, n > 1 ? sqrt(squares / (double)(n - 1)) : 0);
}

/* What a row says of the machine and the build. */
static void put_setting(struct json_writer *w, const struct bench *b, const struct run *run, const struct sample *at)
{
    static const char *const
        texts[] = {"model_type", "cpu_mask", "type_k", "type_v", "split_mode", "tensor_split", "tensor_buft_overrides",
                   "load_mode"},
        *const numbers[] = {"model_size", "model_n_params", "n_batch",   "n_ubatch",      "n_threads",  "cpu_strict",
                            "poll",       "n_gpu_layers",   "main_gpu",  "no_kv_offload", "flash_attn", "use_mmap",
                            "embeddings", "no_op_offload",  "n_cpu_moe", "fit_target",    "fit_min_ctx"};
    json_kz(w, "build_commit", run->arm);
    json_kint(w, "build_number", 0);
    json_kz(w, "cpu_info", b->cpu ? b->cpu : "");
    json_kz(w, "gpu_info", "");
    json_kz(w, "backends", "");
    json_kz(w, "model_filename", b->models[at->model]);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        json_kz(w, texts[i], i ? "" : b->models[at->model]);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        json_kint(w, numbers[i], 0);
}

static void put_samples(struct json_writer *w, const struct sample *at, size_t n)
{
    json_key(w, "samples_ns");
    json_array(w);
    for (size_t i = 0; i < n; i++)
        json_int(w, at[i].ns);
    json_array_end(w);
    json_key(w, "samples_ts");
    json_array(w);
    for (size_t i = 0; i < n; i++)
        json_double(w, rate_of(&at[i]));
    json_array_end(w);
}

static void put_row(struct json_writer *w, const struct bench *b, const struct run *run, const struct sample *at,
                    size_t n)
{
    char time[32];
    clock_wall_text(wall_of(run, MONO_NONE), time);
    json_object(w);
    put_setting(w, b, run, at);
    json_kint(w, "n_prompt", at->n_prompt);
    json_kint(w, "n_gen", at->n_gen);
    json_kint(w, "n_depth", 0);
    json_kz(w, "test_time", time);
    put_moments(w, "avg_ns", "stddev_ns", at, n, time_of);
    put_moments(w, "avg_ts", "stddev_ts", at, n, rate_of);
    put_samples(w, at, n);
    json_object_end(w);
}

static int put_rows(struct bench *b, const struct run *runs, struct out *o)
{
    int rc = 0;
    qsort(b->at, b->n, sizeof *b->at, by_row);
    json_array(&o->w);
    for (size_t i = 0, end; !rc && i < b->n; i = end) {
        for (end = i + 1; end < b->n && !same_row(&b->at[i], &b->at[end]);)
            end++;
        put_row(&o->w, b, &runs[b->at[i].arm], &b->at[i], end - i);
        rc = out_spill(o);
    }
    json_array_end(&o->w);
    str_addc(&o->text, '\n');
    return rc;
}

static int read_cpu(struct bench *b, struct store *s, struct err *e)
{
    struct named_json *hosts;
    size_t n;
    int rc = store_hosts(s, &b->arena, &hosts, &n, e);
    yyjson_doc *doc = !rc && n == 1 ? json_read_z(hosts[0].json) : NULL;
    struct span cpu = json_get_text(yyjson_doc_get_root(doc), "cpu");
    b->cpu = cpu.at ? arena_dup(&b->arena, cpu.at, cpu.len) : NULL;
    yyjson_doc_free(doc);
    return rc;
}

int export_llama_bench(struct store *s, const struct run *runs, size_t n, FILE *out, struct err *e)
{
    struct bench b = {0};
    struct out o;
    out_init(&o, out, e);
    int rc = read_cpu(&b, s, e);
    for (size_t i = 0; !rc && i < n; i++) {
        for (b.arm = 0; strcmp(runs[b.arm].arm, runs[i].arm) != 0;)
            b.arm++;
        rc = store_run_requests(s, &runs[i], take, &b, e);
    }
    if (!rc && !b.n)
        rc = err_set(e, ERR_INPUT,
                     "no completed request has the server's own times, of which llama-bench's rows are made");
    rc = rc ? rc : put_rows(&b, runs, &o);
    free(b.at);
    arena_release(&b.arena);
    return out_end(&o, rc);
}
