/* slots.c: see slots.h. The order of stamps within one pass: prefill_start, llama_decode, prefill_end of those whose
 * prompt is through, then each sampled token, in the order of the slots. */
#include "engine/slots.h"

#include <stdlib.h>
#include <string.h>

#include "engine/sampler.h"

enum { DECODE_ABORTED = 2 }; /* of llama_decode */

/* Asked by libllama between the nodes of a graph: a pass that nobody waits for any more is broken off. */
static bool is_pointless(void *user)
{
    const struct slots *s = user;
    bool pointless = true;
    for (int i = 0; i < s->n && pointless; i++)
        pointless = !s->list[i].job || atomic_load(&s->list[i].job->cancelled);
    pointless = pointless || atomic_load(s->stop);
    if (pointless)
        atomic_store(s->broken_off, true);
    return pointless;
}

void slots_init(struct slots *s, struct model *m, const struct options *o, const atomic_bool *stop,
                atomic_bool *broken_off)
{
    *s = (struct slots){.model = m, .stop = stop, .broken_off = broken_off, .cache = o->prompt_cache, .n = o->parallel};
    s->list = xcalloc((size_t)s->n, sizeof *s->list);
    for (int i = 0; i < s->n; i++)
        s->list[i].seq = i;
    s->batch_cap = (int)llama_n_batch(m->ctx);
    s->batch = llama_batch_init(s->batch_cap, 0, 1);
    llama_set_abort_callback(m->ctx, is_pointless, s);
}

static void slot_close(struct slot *slot)
{
    if (slot->sampler)
        llama_sampler_free(slot->sampler);
    slot->sampler = NULL;
    gate_release(&slot->gate);
    slot->job = NULL;
    slot->held = 0;
}

void slots_release(struct slots *s)
{
    llama_set_abort_callback(s->model->ctx, NULL, NULL);
    for (int i = 0; i < s->n; i++) {
        slot_close(&s->list[i]);
        tokens_release(&s->list[i].kept);
    }
    free(s->list);
    if (s->batch_cap)
        llama_batch_free(s->batch);
    events_release(&s->out);
    str_release(&s->piece);
    str_release(&s->shown);
}

bool slots_free_one(const struct slots *s)
{
    return s->n_active < s->n;
}

static size_t common_prefix(const struct tokens *a, const struct tokens *b)
{
    size_t n = 0;
    while (n < a->n && n < b->n && a->at[n] == b->at[n])
        n++;
    return n;
}

/* The free slot whose context begins most like the prompt; without the cache, the first free one. */
static struct slot *pick(struct slots *s, const struct job *job, bool cache, size_t *common)
{
    struct slot *best = NULL;
    *common = 0;
    for (int i = 0; i < s->n; i++) {
        struct slot *slot = &s->list[i];
        if (slot->job)
            continue;
        size_t n = cache ? common_prefix(&slot->kept, &job->prompt) : 0;
        if (!best || n > *common) {
            best = slot;
            *common = n;
        }
    }
    return best;
}

void slots_admit(struct slots *s, struct job *job)
{
    size_t common;
    struct slot *slot = pick(s, job, s->cache || job->cache_prompt, &common);
    llama_memory_t memory = llama_get_memory(s->model->ctx);
    if (common >= job->prompt.n)
        common = job->prompt.n - 1; /* the last one must run, its logits are needed */
    if (!llama_memory_seq_rm(memory, slot->seq, (llama_pos)common, -1)) {
        llama_memory_seq_rm(memory, slot->seq, -1, -1);
        common = 0;
    }
    slot->job = job;
    slot->n_read = slot->kept.n = job->n_cached = common;
    slot->row = -1;
    slot->order = s->admitted++;
    slot->gate = (struct gate){.stops = job->stops, .n_stops = job->n_stops};
    slot->sampler = sampler_new(s->model, job);
    s->counts.cached_tokens += common;
    s->n_active++;
}

/* ---- ends ------------------------------------------------------------------------------------------------------ */

static void show(struct slots *s, struct slot *slot, mono_ns stamp)
{
    if (!s->shown.len)
        return;
    events_add(&s->out, slot->job, EVENT_TEXT, slot->held, stamp, (struct span){s->shown.at, s->shown.len});
    slot->held = 0;
    str_clear(&s->shown);
}

static void count_end(struct slots *s, const struct job *job)
{
    if (job->finish == FINISH_CANCELLED)
        s->counts.jobs_cancelled++;
    else if (job->finish == FINISH_ERROR)
        s->counts.jobs_failed++;
    else
        s->counts.jobs_done++;
    if (job->output.n) {
        s->counts.prefill_ns += (uint64_t)(job->prefill_end_ns - job->prefill_start_ns);
        s->counts.decode_ns += (uint64_t)(job->token_ns[job->output.n - 1] - job->prefill_end_ns);
    }
}

static void end(struct slots *s, struct slot *slot, enum finish how)
{
    struct job *job = slot->job;
    job->finish = how;
    if (how != FINISH_STOP && how != FINISH_CANCELLED && job->output.n) {
        gate_end(&slot->gate, &s->shown);
        show(s, slot, job->token_ns[job->output.n - 1]);
    }
    job->done_ns = clock_now(NULL);
    count_end(s, job);
    events_add(&s->out, job, EVENT_END, slot->held, job->done_ns, SPAN_NONE);
    slot_close(slot);
    s->n_active--;
}

static void end_cancelled(struct slots *s)
{
    for (int i = 0; i < s->n; i++)
        if (s->list[i].job && atomic_load(&s->list[i].job->cancelled))
            end(s, &s->list[i], FINISH_CANCELLED);
}

void slots_cancel_all(struct slots *s)
{
    for (int i = 0; i < s->n; i++)
        if (s->list[i].job)
            end(s, &s->list[i], FINISH_CANCELLED);
}

/* ---- one pass -------------------------------------------------------------------------------------------------- */

static void put(struct slots *s, struct slot *slot, int32_t token, bool logits)
{
    struct llama_batch *b = &s->batch;
    int32_t i = b->n_tokens++;
    b->token[i] = token;
    b->pos[i] = (llama_pos)slot->kept.n;
    b->n_seq_id[i] = 1;
    b->seq_id[i][0] = slot->seq;
    b->logits[i] = logits;
    if (logits)
        slot->row = i;
    tokens_add(&slot->kept, token);
}

static void put_prompt(struct slots *s, struct slot *slot, mono_ns now)
{
    struct job *job = slot->job;
    if (!job->prefill_start_ns)
        job->prefill_start_ns = now;
    while (slot->n_read < job->prompt.n && s->batch.n_tokens < s->batch_cap) {
        put(s, slot, job->prompt.at[slot->n_read], slot->n_read + 1 == job->prompt.n);
        slot->n_read++;
        s->counts.prompt_tokens++;
    }
}

static struct slot *oldest_reading(struct slots *s)
{
    struct slot *best = NULL;
    for (int i = 0; i < s->n; i++) {
        struct slot *slot = &s->list[i];
        if (slot->job && slot->n_read < slot->job->prompt.n && (!best || slot->order < best->order))
            best = slot;
    }
    return best;
}

static void build(struct slots *s)
{
    s->batch.n_tokens = 0;
    for (int i = 0; i < s->n; i++) {
        struct slot *slot = &s->list[i];
        slot->row = -1;
        if (slot->job && slot->n_read == slot->job->prompt.n)
            put(s, slot, slot->job->output.at[slot->job->output.n - 1], true);
    }
    mono_ns now = clock_now(NULL);
    for (struct slot *slot; s->batch.n_tokens < s->batch_cap && (slot = oldest_reading(s));)
        put_prompt(s, slot, now);
}

static void sample(struct slots *s, struct slot *slot, mono_ns passed)
{
    struct job *job = slot->job;
    if (!job->output.n)
        job->prefill_end_ns = passed;
    int32_t token = llama_sampler_sample(slot->sampler, s->model->ctx, slot->row);
    mono_ns now = clock_now(NULL);
    job_token(job, token, now);
    s->counts.output_tokens++;
    slot->held++;
    if (model_is_eog(s->model, token) && !job->sampling.ignore_eos) {
        end(s, slot, FINISH_EOS);
        return;
    }
    str_clear(&s->piece);
    model_piece(s->model, token, &s->piece);
    size_t stop = gate_add(&slot->gate, str_z(&s->piece), s->piece.len, &s->shown);
    show(s, slot, now);
    if ((int)slot->kept.n > s->counts.longest)
        s->counts.longest = (int)slot->kept.n;
    if (stop)
        end(s, slot, FINISH_STOP);
    else if (job->max_tokens >= 0 && job->output.n >= (size_t)job->max_tokens)
        end(s, slot, FINISH_LIMIT);
    else if (slot->kept.n >= (size_t)s->model->n_ctx)
        end(s, slot, FINISH_CONTEXT);
}

/* The context's memory may hold a part of the broken pass: it is emptied, and all jobs end. */
static void end_all(struct slots *s, int rc)
{
    for (int i = 0; i < s->n; i++) {
        struct slot *slot = &s->list[i];
        if (!slot->job)
            continue;
        if (rc != DECODE_ABORTED)
            err_set(&slot->job->err, ERR_SERVER, "llama_decode returned %d", rc);
        end(s, slot, rc == DECODE_ABORTED ? FINISH_CANCELLED : FINISH_ERROR);
    }
    llama_memory_clear(llama_get_memory(s->model->ctx), false);
    for (int i = 0; i < s->n; i++)
        s->list[i].kept.n = 0;
}

bool slots_step(struct slots *s)
{
    end_cancelled(s);
    if (!s->n_active)
        return false;
    build(s);
    mono_ns before = clock_now(NULL);
    int rc = llama_decode(s->model->ctx, s->batch);
    llama_synchronize(s->model->ctx);
    atomic_store(s->broken_off, false);
    mono_ns passed = clock_now(NULL);
    s->counts.passes++;
    s->counts.pass_tokens += (uint64_t)s->batch.n_tokens;
    s->counts.busy_ns += (uint64_t)(passed - before);
    if (rc != 0) {
        end_all(s, rc);
        return true;
    }
    for (int i = 0; i < s->n; i++)
        if (s->list[i].row >= 0)
            sample(s, &s->list[i], passed);
    return true;
}
