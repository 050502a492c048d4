/* chrome_trace.c: see chrome_trace.h. */
#include "exchange/chrome_trace.h"

#include <stdlib.h>
#include <string.h>

#include "exchange/asked.h"
#include "exchange/totals.h"

/* Slices of one thread must nest, so requests of a session that overlap get threads of their own. */
struct lane {
    int32_t session;
    mono_ns until; /* end of the last request on it; of the session's own lane its start, at first */
    mono_ns end;   /* of the session's slice around them; INT64_MAX without one */
};

struct trace {
    struct out *o;
    const struct run *run;
    struct lane *lanes; /* owned; the thread's id is the index + 1 */
    size_t n, cap;
};

/* ---- events --------------------------------------------------------------------------------------------------------- */

static void begin_event(struct trace *x, const char *name, const char *phase, size_t thread)
{
    struct json_writer *w = &x->o->w;
    json_object(w);
    json_kz(w, "name", name);
    json_kz(w, "ph", phase);
    json_kint(w, "pid", x->run->id);
    json_kint(w, "tid", (int64_t)thread);
}

static double us(const struct trace *x, mono_ns t)
{
    return ((double)t - (double)x->run->started_ns) / 1e3;
}

static void put_times(struct trace *x, mono_ns from, mono_ns to)
{
    json_kz(&x->o->w, "cat", "chimera");
    json_kdouble(&x->o->w, "ts", us(x, from));
    json_kdouble(&x->o->w, "dur", ((double)to - (double)from) / 1e3);
}

static void put_name(struct trace *x, const char *what, size_t thread, const char *name)
{
    struct json_writer *w = &x->o->w;
    begin_event(x, what, "M", thread);
    json_kz(w, "cat", "__metadata"); /* as Chrome has it: some readers want both of every event */
    json_kint(w, "ts", 0);
    json_key(w, "args");
    json_object(w);
    json_kz(w, "name", name);
    json_object_end(w);
    json_object_end(w);
}

/* ---- lanes ---------------------------------------------------------------------------------------------------------- */

static size_t new_lane(struct trace *x, int32_t session, const char *agent)
{
    struct str name = STR_INIT;
    if (x->n == x->cap) {
        x->cap = x->cap ? 2 * x->cap : 16;
        x->lanes = xrealloc(x->lanes, x->cap * sizeof *x->lanes);
    }
    x->lanes[x->n++] = (struct lane){session, INT64_MIN, INT64_MAX};
    str_addf(&name, "session %d", session);
    if (agent)
        str_addf(&name, " %s", agent);
    put_name(x, "thread_name", x->n, name.at);
    str_release(&name);
    return x->n;
}

/* The thread on which a slice from `from` to `to` nests. */
static size_t lane_for(struct trace *x, const struct request *r, mono_ns from, mono_ns to)
{
    size_t thread = 0;
    for (size_t i = 0; i < x->n && !thread; i++)
        if (x->lanes[i].session == r->session && x->lanes[i].until <= from && x->lanes[i].end >= to)
            thread = i + 1;
    if (!thread)
        thread = new_lane(x, r->session, r->agent);
    x->lanes[thread - 1].until = to;
    return thread;
}

/* ---- a request ------------------------------------------------------------------------------------------------------ */

struct split {
    mono_ns queued, load, prefill; /* where each begins; it ends with the next, the last with the first token */
    const char *from;
};

static bool in_order(mono_ns a, mono_ns b, mono_ns c, mono_ns d)
{
    return a != MONO_NONE && b != MONO_NONE && c != MONO_NONE && d != MONO_NONE && a <= b && b <= c && c <= d;
}

/* So long before `from`, and not before `floor`, which is not after it. */
static mono_ns back(mono_ns from, int64_t ns, mono_ns floor)
{
    if (ns <= 0)
        return from;
    return (uint64_t)from - (uint64_t)floor > (uint64_t)ns ? from - ns : floor; /* a file may hold any stamp */
}

/* How the time to the first token divides; false: not told. */
static bool split_wait(const struct request *r, struct split *x)
{
    mono_ns sent = r->stamp[STAMP_SENT], first = r->stamp[STAMP_FIRST_TOKEN];
    const struct engine_stamps *g = &r->engine;
    if (sent == MONO_NONE || first == MONO_NONE || first <= sent)
        return false;
    if (in_order(sent, g->queued_ns, g->prefill_start_ns, first)) {
        *x = (struct split){sent, g->prefill_start_ns, g->prefill_start_ns, "engine stamps"};
        return true;
    }
    if (r->usage.prompt_eval_ns < 0 && r->usage.load_ns < 0)
        return false;
    x->prefill = back(first, r->usage.prompt_eval_ns, sent);
    x->load = back(x->prefill, r->usage.load_ns, sent);
    x->queued = sent;
    x->from = "server durations";
    return true;
}

static void put_phase(struct trace *x, size_t thread, const char *name, mono_ns from, mono_ns to)
{
    if (from == MONO_NONE || to == MONO_NONE || to <= from)
        return;
    begin_event(x, name, "X", thread);
    put_times(x, from, to);
    json_object_end(&x->o->w);
}

static void put_phases(struct trace *x, size_t thread, const struct request *r)
{
    mono_ns sent = r->stamp[STAMP_SENT], first = r->stamp[STAMP_FIRST_TOKEN];
    struct split s;
    put_phase(x, thread, "think", r->stamp[STAMP_PLANNED], r->stamp[STAMP_READY]);
    put_phase(x, thread, "send", r->stamp[STAMP_READY], sent);
    if (split_wait(r, &s)) {
        put_phase(x, thread, "queue", s.queued, s.load);
        put_phase(x, thread, "load", s.load, s.prefill);
        put_phase(x, thread, "prefill", s.prefill, first);
    } else {
        put_phase(x, thread, "wait", sent, first);
    }
    put_phase(x, thread, "decode", first, r->stamp[STAMP_LAST_TOKEN]);
    put_phase(x, thread, "tail", r->stamp[STAMP_LAST_TOKEN], r->stamp[STAMP_DONE]);
}

static void put_args(struct json_writer *w, const struct request *r)
{
    struct split s;
    json_key(w, "args");
    json_object(w);
    json_kint(w, "seq", r->seq);
    json_kint(w, "turn", r->turn);
    json_kz(w, "outcome", outcome_word(r->outcome));
    json_kz(w, "server", r->server);
    json_kz(w, "model", r->model);
    json_kdouble(w, "prompt_tokens", told_or_nan(r->usage.prompt_tok));
    json_kdouble(w, "completion_tokens", told_or_nan(r->usage.completion_tok));
    if (split_wait(r, &s))
        json_kz(w, "phases_from", s.from);
    json_object_end(w);
}

static int put_request(void *user, const struct run *run, const struct request *r)
{
    struct trace *x = user;
    mono_ns from = MONO_NONE, to = MONO_NONE;
    (void)run;
    for (int i = 0; i < STAMP_COUNT; i++) {
        from = from == MONO_NONE ? r->stamp[i] : from;
        to = r->stamp[i] != MONO_NONE ? r->stamp[i] : to;
    }
    if (from == MONO_NONE || to < from)
        return 0; /* never sent, or no time of this world */
    size_t thread = lane_for(x, r, from, to);
    begin_event(x, r->stage && *r->stage ? r->stage : "request", "X", thread);
    put_times(x, from, to);
    put_args(&x->o->w, r);
    json_object_end(&x->o->w);
    put_phases(x, thread, r);
    return out_spill(x->o);
}

/* ---- a run ---------------------------------------------------------------------------------------------------------- */

/* Its first request is planned for the release, which is before it acts. */
static void put_session(struct trace *x, const struct session *s)
{
    mono_ns from = s->released_ns != MONO_NONE && s->released_ns < s->started_ns ? s->released_ns : s->started_ns;
    if (from == MONO_NONE || s->ended_ns == MONO_NONE || s->ended_ns < from)
        return;
    size_t thread = new_lane(x, s->number, s->agent);
    x->lanes[thread - 1].until = from;
    x->lanes[thread - 1].end = s->ended_ns;
    begin_event(x, "session", "X", thread);
    put_times(x, from, s->ended_ns);
    json_object_end(&x->o->w);
}

static int put_run(struct store *s, const struct run *run, struct out *o, struct err *e)
{
    struct trace x = {.o = o, .run = run};
    struct str name = STR_INIT;
    str_addf(&name, "run %lld: %s, block %d, %s", (long long)run->id, run->arm, (int)run->block + 1, run_standing(run));
    put_name(&x, "process_name", 0, name.at);
    str_release(&name);
    for (size_t i = 0; i < run->n_sessions; i++)
        put_session(&x, &run->sessions[i]);
    int rc = store_run_requests(s, run, put_request, &x, e);
    free(x.lanes);
    return rc;
}

int export_chrome_trace(struct store *s, const struct run *runs, size_t n, FILE *out, struct err *e)
{
    struct out o;
    int rc = 0;
    out_init(&o, out, e);
    json_object(&o.w);
    json_kz(&o.w, "displayTimeUnit", "ms");
    json_key(&o.w, "traceEvents");
    json_array(&o.w);
    for (size_t i = 0; !rc && i < n; i++)
        rc = put_run(s, &runs[i], &o, e);
    json_array_end(&o.w);
    json_object_end(&o.w);
    str_addc(&o.text, '\n');
    return out_end(&o, rc);
}
