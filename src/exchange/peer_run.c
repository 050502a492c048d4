/* peer_run.c: see peer_run.h. */
#include "exchange/peer_run.h"

#include <math.h>
#include <string.h>

#include "base/file.h"

struct run *peer_run_new(struct import_runs *out, const char *arm)
{
    struct run *r = import_runs_add(out);
    r->arm = arm;
    r->block = -1;
    r->sessions = arena_alloc(out->arena, sizeof *r->sessions);
    r->sessions[0] = (struct session){
        .agent = "load", .released_ns = MONO_NONE, .started_ns = MONO_NONE, .ended_ns = MONO_NONE, .ok = true};
    r->n_sessions = 1;
    return r;
}

const char *peer_arm_of_path(struct import_runs *out, const char *origin, const char *usual)
{
    const char *base = path_base(origin), *dot = strrchr(base, '.');
    const char *end = dot && dot > base ? dot : base + strlen(base);
    if (base > origin + 1 && !strncmp(base, usual, strlen(usual))) {
        end = base - 1;
        for (base = end; base > origin && base[-1] != '/';)
            base--;
    }
    return arena_dup(out->arena, base, (size_t)(end - base));
}

void peer_run_add(struct import_runs *out, struct run *r, struct request *q)
{
    size_t n = r->n_requests++;
    if ((n & (n - 1)) == 0) /* room doubles when it is full */
        r->requests = arena_grow(out->arena, r->requests, n * sizeof *q, (n ? 2 * n : 1) * sizeof *q);
    q->seq = (int64_t)n;
    q->agent = "load";
    q->flags |= q->stamp[STAMP_SENT] != MONO_NONE ? REQUEST_UNSTAMPED_SEND : 0;
    r->requests[n] = *q;
}

int peer_later(mono_ns *t, int64_t ns, struct err *e)
{
    const mono_ns last =
        4500000000000000000; /* a half of what there is, so that nothing overflows that is made of it */
    if (ns > last - *t)
        return err_set(e, ERR_INPUT, "its times go on for more than a hundred years");
    *t += ns;
    return 0;
}

void peer_chunk(struct request *q, mono_ns t, enum chunk_kind kind)
{
    if (q->chunks.n == q->chunks.cap)
        chunk_list_reserve(&q->chunks, q->chunks.cap ? q->chunks.cap : 16);
    chunk_list_add(&q->chunks, (struct chunk){.t_ns = t, .app_ns = t, .kind = (uint8_t)kind, .flags = CHUNK_UNSTAMPED});
}

enum outcome peer_outcome(const char *word)
{
    int o = word ? outcome_find(word) : -1;
    return o > OUTCOME_OK ? (enum outcome)o : OUTCOME_UNTOLD;
}

/* Every stamp of a request, and its chunks. */
static void each_time(struct request *q, void (*fn)(void *user, mono_ns *t), void *user)
{
    for (int i = 0; i < STAMP_COUNT; i++)
        if (q->stamp[i] != MONO_NONE)
            fn(user, &q->stamp[i]);
    for (size_t i = 0; i < q->chunks.n; i++) {
        fn(user, &q->chunks.at[i].t_ns);
        q->chunks.at[i].app_ns = q->chunks.at[i].t_ns;
    }
}

struct span_ns {
    mono_ns first, last;
};

static void widen(void *user, mono_ns *t)
{
    struct span_ns *x = user;
    x->first = x->first == MONO_NONE || *t < x->first ? *t : x->first;
    x->last = x->last == MONO_NONE || *t > x->last ? *t : x->last;
}

static void shift(void *user, mono_ns *t)
{
    *t -= *(const mono_ns *)user;
}

static struct span_ns times_of(struct run *r)
{
    struct span_ns x = {MONO_NONE, MONO_NONE};
    for (size_t i = 0; i < r->n_requests; i++)
        each_time(&r->requests[i], widen, &x);
    return x;
}

void peer_run_end(struct run *r, mono_ns ended_ns)
{
    struct span_ns x = times_of(r);
    struct session *s = r->sessions;
    if (r->started_ns == MONO_NONE)
        r->started_ns = x.first == MONO_NONE ? 0 : x.first;
    r->ended_ns = ended_ns != MONO_NONE ? ended_ns : x.last == MONO_NONE ? r->started_ns : x.last;
    s->released_ns = s->started_ns = r->started_ns;
    s->ended_ns = r->ended_ns;
    for (size_t i = 0; i < r->n_requests; i++)
        s->ok = s->ok && r->requests[i].outcome == OUTCOME_OK;
    s->error = s->ok ? NULL : "a request failed";
}

void peer_run_end_epoch(struct run *r)
{
    mono_ns first = times_of(r).first;
    for (size_t i = 0; first != MONO_NONE && i < r->n_requests; i++)
        each_time(&r->requests[i], shift, &first);
    r->wall_ns = first;
    peer_run_end(r, MONO_NONE);
}

struct import_asked *peer_asked(struct import_runs *out)
{
    struct import_asked *x = arena_alloc(out->arena, sizeof *x);
    x->burstiness = 1;
    out->asked = x;
    return x;
}

void peer_copy(struct str *to, yyjson_val *text)
{
    if (yyjson_is_str(text))
        str_add(to, yyjson_get_str(text), yyjson_get_len(text));
}
