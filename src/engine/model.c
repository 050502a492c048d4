/* model.c: see model.h. */
#include "engine/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/template.h"

enum { DEFAULT_CTX = 4096 };

/* ---- backends ------------------------------------------------------------------------------------------------- */

static bool holds_backends(const char *dir)
{
    static const char *const names[] = {"libggml-cpu-x64.so", "libggml-cpu.so", "libggml-cpu-armv8.0_1.so"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++) {
        struct str path = STR_INIT;
        path_join(&path, dir, names[i]);
        found = file_exists(str_z(&path));
        str_release(&path);
    }
    return found;
}

static void own_dir(struct str *out)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return;
    path[n] = 0;
    path_dir(out, path);
}

int model_backends(struct err *e)
{
    const char *dir = getenv("CHIMERA_GGML_DIR");
    struct str own = STR_INIT;
    own_dir(&own);
    if (!dir || !*dir)
        dir = holds_backends(str_z(&own)) ? str_z(&own) : CHIMERA_GGML_DIR;
    ggml_backend_load_all_from_path(dir);
    int rc = 0;
    if (!ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU))
        rc = err_set(e, ERR_NOTFOUND, "no CPU backend (libggml-cpu-*.so) in %s: set CHIMERA_GGML_DIR", dir);
    str_release(&own);
    return rc;
}

/* Which of the CPU variants the loader chose is only to be seen in the memory map. */
static void find_backend(struct model *m)
{
    FILE *f = fopen("/proc/self/maps", "r");
    char line[4352];
    while (f && fgets(line, sizeof line, f)) {
        const char *name = strstr(line, "libggml-cpu");
        if (name)
            snprintf(m->backend, sizeof m->backend, "%.*s", (int)strcspn(name, "\n"), name);
    }
    if (f)
        fclose(f);
}

/* ---- loading -------------------------------------------------------------------------------------------------- */

static bool go_on_loading(float progress, void *stop)
{
    (void)progress;
    return !atomic_load((const atomic_bool *)stop);
}

/* Without a pool of our own libggml makes one for every graph, whose threads spin; poll 0 makes idle ones sleep. */
static void attach_pool(struct model *m, int threads)
{
    ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    ggml_backend_reg_t reg = ggml_backend_dev_backend_reg(cpu);
    void *make = ggml_backend_reg_get_proc_address(reg, "ggml_threadpool_new");
    void *unmake = ggml_backend_reg_get_proc_address(reg, "ggml_threadpool_free");
    struct ggml_threadpool *(*pool_new)(struct ggml_threadpool_params *);
    if (!make || !unmake)
        return;
    memcpy(&pool_new, &make, sizeof make); /* ISO C has no cast from object to function pointer */
    memcpy(&m->pool_free, &unmake, sizeof unmake);
    struct ggml_threadpool_params p = ggml_threadpool_params_default(threads);
    p.poll = 0;
    m->pool = pool_new(&p);
    if (m->pool)
        llama_attach_threadpool(m->ctx, m->pool, m->pool);
}

static int open_context(struct model *m, const struct options *o, struct err *e)
{
    int per_seq = o->ctx_size ? o->ctx_size : m->n_ctx_train < DEFAULT_CTX ? m->n_ctx_train : DEFAULT_CTX;
    struct llama_context_params p = llama_context_default_params();
    p.n_ctx = (uint32_t)per_seq * (uint32_t)o->parallel;
    p.n_batch = (uint32_t)(o->batch_size > o->parallel ? o->batch_size : o->parallel);
    p.n_ubatch = p.n_batch < 512 ? p.n_batch : 512;
    p.n_seq_max = (uint32_t)o->parallel;
    p.n_outputs_max = (uint32_t)o->parallel; /* one row of logits per sequence, not one per token of the batch */
    p.n_threads = p.n_threads_batch = o->threads;
    p.no_perf = true;
    m->ctx = llama_init_from_model(m->weights, p);
    if (!m->ctx)
        return err_set(e, ERR_IO, "cannot make a context of %d x %d tokens: see --log-level debug", o->parallel,
                       per_seq);
    m->n_ctx = (int)llama_n_ctx_seq(m->ctx);
    attach_pool(m, o->threads);
    return 0;
}

/* Gathered once: looking through the vocabulary takes a third of a millisecond. */
static void find_ends(struct model *m)
{
    m->no_ends = xcalloc((size_t)m->n_vocab, sizeof *m->no_ends);
    for (int32_t t = 0; t < m->n_vocab; t++)
        if (llama_vocab_is_eog(m->vocab, t))
            m->no_ends[m->n_ends++] = (llama_logit_bias){t, -INFINITY};
    m->no_ends = xrealloc(m->no_ends, (size_t)m->n_ends * sizeof *m->no_ends);
}

static void read_facts(struct model *m, const char *path)
{
    const struct llama_model *w = m->weights;
    m->vocab = llama_model_get_vocab(w);
    m->n_vocab = llama_vocab_n_tokens(m->vocab);
    m->n_ctx_train = llama_model_n_ctx_train(w);
    m->n_embd = llama_model_n_embd(w);
    m->n_layer = llama_model_n_layer(w);
    m->n_params = llama_model_n_params(w);
    m->size_bytes = llama_model_size(w);
    llama_model_meta_val_str(w, "general.architecture", m->arch, sizeof m->arch);
    llama_model_meta_val_str(w, "general.name", m->name, sizeof m->name);
    const char *ftype = llama_ftype_name(llama_model_ftype(w));
    snprintf(m->ftype, sizeof m->ftype, "%s", ftype ? ftype : "unknown");
    FILE *f = fopen(path, "rb");
    if (f && fseek(f, 0, SEEK_END) == 0)
        m->file_bytes = (uint64_t)ftell(f);
    if (f)
        fclose(f);
    find_backend(m);
    find_ends(m);
}

static int warm_up(struct model *m, struct err *e)
{
    llama_token one = llama_vocab_bos(m->vocab) >= 0 ? llama_vocab_bos(m->vocab) : 0;
    if (llama_decode(m->ctx, llama_batch_get_one(&one, 1)) != 0)
        return err_set(e, ERR_IO, "the model cannot run a single token");
    llama_memory_clear(llama_get_memory(m->ctx), true);
    return 0;
}

int model_load(struct model *m, const struct options *o, const atomic_bool *stop, struct err *e)
{
    *m = (struct model){.load_start_ns = clock_now(NULL)};
    llama_backend_init();
    int rc = model_backends(e);
    if (rc)
        return rc;
    struct llama_model_params p = llama_model_default_params();
    p.progress_callback = go_on_loading;
    p.progress_callback_user_data = (void *)(uintptr_t)stop;
    m->weights = llama_model_load_from_file(o->model, p);
    if (!m->weights)
        return err_set(e, ERR_INPUT, "%s: libllama cannot load it: its own words are above", o->model);
    read_facts(m, o->model);
    if (!llama_model_has_decoder(m->weights) || llama_model_has_encoder(m->weights))
        return err_set(e, ERR_INPUT, "%s: a model of architecture %s is not a text generator", o->model, m->arch);
    rc = template_choose(m, o->chat_template, e);
    rc = rc ? rc : open_context(m, o, e);
    rc = rc || !o->warmup ? rc : warm_up(m, e);
    m->load_end_ns = clock_now(NULL);
    return rc;
}

void model_release(struct model *m)
{
    if (m->ctx) {
        llama_detach_threadpool(m->ctx);
        llama_free(m->ctx);
    }
    if (m->pool)
        m->pool_free(m->pool);
    if (m->weights)
        llama_model_free(m->weights);
    str_release(&m->default_system);
    free(m->no_ends);
    *m = (struct model){0};
}

/* ---- text and tokens ------------------------------------------------------------------------------------------ */

int model_tokenize(const struct model *m, struct span text, bool add_special, bool parse_special, struct tokens *out,
                   struct err *e)
{
    if (text.len > INT32_MAX / 2)
        return err_set(e, ERR_LIMIT, "the prompt is too long");
    int32_t cap = (int32_t)text.len + 8; /* a token is at least a byte, but for those that are added */
    for (int i = 0; i < 2; i++) {
        out->at = xrealloc(out->at, (out->n + (size_t)cap) * sizeof *out->at);
        out->cap = out->n + (size_t)cap;
        int32_t n = llama_tokenize(m->vocab, text.at ? text.at : "", (int32_t)text.len, out->at + out->n, cap,
                                   add_special, parse_special);
        if (n >= 0) {
            out->n += (size_t)n;
            return 0;
        }
        if (n == INT32_MIN)
            break;
        cap = -n;
    }
    return err_set(e, ERR_LIMIT, "the prompt cannot be tokenised");
}

void model_piece(const struct model *m, int32_t token, struct str *out)
{
    char piece[256];
    int32_t n = llama_token_to_piece(m->vocab, token, piece, sizeof piece, 0, false);
    if (n >= 0) {
        str_add(out, piece, (size_t)n);
        return;
    }
    str_reserve(out, (size_t)-n);
    n = llama_token_to_piece(m->vocab, token, out->at + out->len, -n, 0, false);
    if (n > 0) {
        out->len += (size_t)n;
        out->at[out->len] = 0;
    }
}

bool model_is_eog(const struct model *m, int32_t token)
{
    return llama_vocab_is_eog(m->vocab, token);
}
