/* onerun.c: one run of the plan: its sessions, the window, quality, verdict, storing. See executor.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "probe/host.h"
#include "record/metric.h"
#include "record/verdict.h"
#include "stats/quantile.h"
#include "study/executor.h"

/* ---- the driver's callbacks ------------------------------------------------------------------------------------------- */

static void note_prompt_rate(struct executor *x, const struct request *r)
{
    const struct usage *u = &r->usage;
    if (r->outcome != OUTCOME_OK || r->flags & REQUEST_CACHED_PREFIX || u->prompt_eval_ns <= 0 || u->prompt_tok <= 0 ||
        x->n_prompt_rates == RATES_KEPT)
        return;
    x->prompt_rate[x->n_prompt_rates++] = (double)u->prompt_tok / ((double)u->prompt_eval_ns / 1e9);
}

static void note_end(struct executor *x, const struct request *r)
{
    note_prompt_rate(x, r);
    bench_note_load(x->start, r);
    if (r->outcome != OUTCOME_OK && r->outcome != OUTCOME_CANCELLED)
        x->summary->failed_requests++;
    if (x->options->request)
        x->options->request(x->options->user, r);
}

static void on_request(void *user, struct request *r)
{
    struct executor *x = user;
    if (r->text.len)
        request_check_text(r);
    note_end(x, r);
    if (!x->store_code)
        x->store_code = store_request(x->store, x->run->id, r, &x->store_err);
}

static void take_request(void *user, struct request *r)
{
    struct executor *x = user;
    recorder_take(x->recorder, r);
}

static void on_recorded(void *user, const struct request *r)
{
    struct executor *x = user;
    note_end(x, r);
    load_look(x->stage, r);
}

static void on_sample(void *user, mono_ns t, const char *json, size_t n)
{
    struct executor *x = user;
    if (x->recorder)
        recorder_sample(x->recorder, t, json, n);
    else if (!x->store_code)
        x->store_code = store_sample(x->store, x->run->id, t, json, &x->store_err);
}

static void on_tick(void *user, const struct driver_moment *m)
{
    struct executor *x = user;
    sampler_tick(x->sampler, m->now);
    x->stop = *x->options->stop || (x->recorder && recorder_failed(x->recorder));
    if (x->options->tick)
        x->options->tick(x->options->user, x->run->started_ns, m);
}

/* ---- before ------------------------------------------------------------------------------------------------------------ */

static const struct study_arm *arm_of(const struct study *s, const char *name)
{
    for (size_t i = 0; i < s->n_arms; i++)
        if (strcmp(s->arms[i].name, name) == 0)
            return &s->arms[i];
    BUG("a plan row without its arm");
}

static double cold_rate(const struct executor *x)
{
    double copy[RATES_KEPT];
    if (!x->n_prompt_rates)
        return 0;
    memcpy(copy, x->prompt_rate, x->n_prompt_rates * sizeof copy[0]);
    return median(copy, x->n_prompt_rates);
}

static void release_stage(struct stage *st)
{
    for (size_t i = 0; i < st->n && !st->pool; i++)
        workflow_free(st->flow[i]);
    for (size_t i = 0; i < st->n && st->pool; i++)
        pool_free(st->pool[i]);
    free(st->at_ns);
    schedule_release(&st->schedule);
    trace_release(&st->trace);
    run_tally_release(&st->tally);
    precision_watch_release(&st->watch);
}

static void set_agents(struct executor *x, const struct study_arm *arm, struct stage *st)
{
    st->n = arm->n_agents;
    for (size_t i = 0; i < st->n; i++) {
        const struct study_agent *agent = &x->study->agents[arm->agents[i]];
        struct workflow_spec flow = bench_flow(x, agent);
        st->flow[i] = workflow_new(&flow);
        st->sessions[i] = (struct driver_session){.agent = agent->agent,
                                                  .server = x->study->slot_of[agent->ask.server],
                                                  .ops = &workflow_ops,
                                                  .user = st->flow[i]};
    }
}

/* ---- after ------------------------------------------------------------------------------------------------------------- */

static int write_reports(const struct executor *x, const struct run *r, struct err *e)
{
    int rc = x->options->report_dir ? dir_make(x->options->report_dir, e) : 0;
    for (size_t i = 0; i < r->n_sessions && !rc && x->options->report_dir; i++) {
        const struct session *s = &r->sessions[i];
        struct str path = STR_INIT;
        str_addf(&path, "%s/block%d-%s-%s.md", x->options->report_dir, r->block + 1, r->arm, s->agent);
        if (s->report_md)
            rc = file_write(str_z(&path), s->report_md, strlen(s->report_md), e);
        str_release(&path);
    }
    return rc;
}

static void judge(struct executor *x, struct run *r, struct stage *st)
{
    struct str why = STR_INIT;
    for (size_t i = 0; i < r->n_sessions && !st->pool; i++) {
        r->sessions[i].report_md = workflow_report(st->flow[i]);
        r->sessions[i].quality_json = workflow_quality_json(st->flow[i]);
    }
    r->verdict = (int)verdict_of_run(r, &st->tally, &why);
    r->verdict_why = arena_dup(&x->arena, str_z(&why), why.len);
    str_release(&why);
}

/* What went before the window, where it took time. */
static void add_before(const struct start_state *start, struct str *out)
{
    if (start->start_ns)
        str_addf(out, "servers started in %.1f s  ", (double)start->start_ns / 1e9);
    if (start->guard.looked)
        str_addf(out, "guarded for %.1f s  ", (double)start->guard.waited_ns / 1e9);
}

static void say_done(struct executor *x, const struct run *r, const struct run_tally *t)
{
    struct run_counts c = t->counter.counts;
    struct str before = STR_INIT;
    add_before(x->start, &before);
    executor_say(x, "run %zu/%zu  block %d  %-16s %6.2f s  %lld requests ok, %lld failed, %.0f tokens  %s%s%s%s",
                 executor_run_number(x), x->plan.n, r->block + 1, r->arm, (double)(r->ended_ns - r->started_ns) / 1e9,
                 (long long)c.completed, (long long)(c.failed + c.cancelled + c.unsent), t->completion_tok,
                 str_z(&before), verdict_word((enum verdict)r->verdict), *r->verdict_why ? ": " : "", r->verdict_why);
    str_release(&before);
}

static int watch_servers(struct executor *x, struct err *e)
{
    size_t n = x->study->n_slots;
    struct sampler_server *servers = arena_alloc(&x->arena, n * sizeof *servers);
    for (size_t i = 0; i < n; i++)
        servers[i] = (struct sampler_server){x->views[i].name, server_pid(x->servers[x->up[i]])};
    struct sampler_spec spec = {.root = "", .servers = servers, .n_servers = n, .emit = on_sample, .user = x};
    return sampler_new(&x->sampler, &spec, e);
}

/* The run's tally and what it says of its health: from the recorder, or from the requests that the run kept. */
static void count_requests(struct executor *x, struct stage *st, struct run *r)
{
    for (size_t i = 0; i < r->n_requests; i++)
        run_tally_add(&st->tally, &r->requests[i]);
    if (x->recorder)
        x->store_code = recorder_stop(x->recorder, &st->tally, &x->store_err);
    x->recorder = NULL;
    run_tally_fill_health(&st->tally, &r->health);
    if (st->pool && pool_converses(st->pool[0]))
        run_tally_give_dialogues(&st->tally, r);
    if (st->pool && !x->store_code)
        x->store_code = load_note(x, r, st, &x->store_err);
}

/* The generator may poll for its timers (at most 250 µs before each) where that takes no core from a server that we
 * started for this run; of an external one on a host of several cores as much is assumed. */
static bool core_to_spare(const struct executor *x, const struct stage *st)
{
    int64_t loops = st->pool ? (int64_t)st->n : 1, cores = host_cores(""), threads = 0;
    for (size_t i = 0; i < x->study->n_slots; i++) {
        bool used = false;
        for (size_t k = 0; k < st->n; k++)
            used |= st->sessions[k].server == (int)i;
        threads += used ? x->specs[x->up[i]].threads : 0;
    }
    return cores > loops && threads + loops <= cores;
}

static int window(struct executor *x, struct stage *st, struct run *r, struct err *e)
{
    struct driver_spec spec = {
        .servers = x->views,
        .n_servers = x->study->n_slots,
        .sessions = st->sessions,
        .n_sessions = st->n,
        .limits = x->study->limits,
        .spin = core_to_spare(x, st),
        .cold_prompt_rate = cold_rate(x),
        .stop = &x->stop,
        .on_request = st->pool ? NULL : on_request,
        .take = st->pool ? take_request : NULL,
        .on_tick = on_tick,
        .user = x,
    };
    struct recorder_spec recording = {x->store, r->id, on_recorded, x};
    struct driver *d = NULL;
    struct shards *s = NULL;
    x->stop = 0;
    int rc = st->pool ? recorder_start(&x->recorder, &recording, e) : 0;
    if (!rc)
        rc = st->pool ? shards_new(&s, &spec, load_spare_cores(x), e) : driver_new(&d, &spec, e);
    if (!rc)
        rc = watch_servers(x, e);
    if (!rc) {
        sampler_start(x->sampler, clock_now(NULL));
        rc = s ? shards_run(s, r, e) : driver_run(d, r, e);
        sampler_stop(x->sampler, clock_now(NULL), &r->health);
        count_requests(x, st, r);
        if (s && !x->store_code)
            x->store_code = load_note_client(x, st, s, &x->store_err);
    }
    sampler_free(x->sampler);
    x->sampler = NULL;
    shards_free(s); /* of a window that did not open it takes what was built */
    driver_free(d);
    if (x->recorder)
        recorder_stop(x->recorder, &st->tally, NULL);
    x->recorder = NULL;
    return rc;
}

/* Stores how the run ended. Only a complete one is repeated no more. */
static int close_run(struct executor *x, struct run *r, struct stage *st, const char *failed, struct err *e)
{
    r->start_state = bench_start_json(x, x->start, failed);
    r->health.ceiling_chunks_per_s = x->calibration.chunks_per_s;
    r->health.ceiling_requests_per_s = x->calibration.requests_per_s;
    judge(x, r, st);
    if (x->store_code && !*x->options->stop)
        return err_set(e, x->store_code, "%s", x->store_err.text);
    int rc = x->store_code ? 0 : store_run_end(x->store, r, e);
    if (!rc && r->state == RUN_COMPLETE)
        rc = write_reports(x, r, e);
    if (!rc) {
        say_done(x, r, &st->tally);
        executor_tell(x, r);
    }
    return rc;
}

/* A run whose servers failed is an aborted attempt that says why. */
static int close_failed(struct executor *x, struct run *r, struct stage *st, const struct run_job *job,
                        enum run_end *end, struct err *e)
{
    char why[sizeof e->text];
    snprintf(why, sizeof why, "%s", e->text);
    err_clear(e);
    r->state = RUN_ABORTED;
    *end = job->last || rack_gave_up(x, job->arm) ? RUN_FAILED : RUN_AGAIN;
    if (*end == RUN_FAILED && !x->summary->failed_now++)
        snprintf(x->summary->why, sizeof x->summary->why, "%s", why);
    return close_run(x, r, st, why, e);
}

/* What the health of a run that never began could say: nothing. */
static const struct health not_measured = {
    .send_lag_p50_us = NAN,
    .send_lag_p99_us = NAN,
    .app_delay_p50_us = NAN,
    .app_delay_p99_us = NAN,
    .barrier_spread_us = NAN,
    .stopped_max_ms = NAN,
    .receive_full = NAN,
    .loop_busy = -1,
    .steal = -1,
    .host_busy = -1,
    .psi_cpu_some = -1,
    .ctx_voluntary = -1,
    .ctx_involuntary = -1,
    .retransmits = -1,
    .clock_steps = -1,
    .clock_step_max_ns = -1,
    .client_cpu_s = NAN,
    .client_rss_bytes = -1,
};

static int measure(struct executor *x, const struct study_arm *arm, struct run *r, struct stage *st, struct err *e)
{
    x->stage = st;
    int rc = arm->load >= 0 ? load_set(x, &x->study->loads[arm->load], r->block, st, e) : 0;
    if (arm->load < 0)
        set_agents(x, arm, st);
    r->state = RUN_RUNNING;
    executor_tell(x, r);
    return rc ? rc : window(x, st, r, e);
}

int onerun_carry(struct executor *x, const struct run_job *job, enum run_end *end, struct err *e)
{
    struct run r = {.position = job->row->position,
                    .block = job->row->block,
                    .arm = job->row->arm,
                    .stratum = x->stratum,
                    .state = RUN_PLANNED,
                    .wall_ns = clock_wall_ns(),
                    .started_ns = MONO_NONE,
                    .ended_ns = MONO_NONE,
                    .health = not_measured,
                    .start_state = bench_start_json(x, job->start, job->failed),
                    .verdict_why = ""};
    struct stage st = {0};
    *end = RUN_DONE;
    x->run = &r;
    x->start = job->start;
    int rc = store_run_begin(x->store, &r, e);
    if (rc)
        return rc;
    rc = job->failed ? err_set(e, ERR_SERVER, "%s", job->failed) : measure(x, job->arm, &r, &st, e);
    if (executor_is_servers_fault(rc)) {
        rc = close_failed(x, &r, &st, job, end, e);
    } else if (rc == 0 || rc == ERR_INTERRUPTED) {
        if (!rc && bench_unproven(job->start) && !job->last)
            *end = RUN_AGAIN;
        r.state = rc || *end == RUN_AGAIN ? RUN_ABORTED : RUN_COMPLETE;
        int closed = close_run(x, &r, &st, NULL, rc ? NULL : e);
        rc = rc ? rc : closed;
    }
    release_stage(&st);
    driver_run_release(&r);
    return rc;
}

int onerun(struct executor *x, const struct plan_row *row, bool last, enum run_end *end, struct err *e)
{
    struct start_state start;
    struct run_job job = {.row = row, .arm = arm_of(x->study, row->arm), .start = &start, .last = last};
    struct run planned = {.position = row->position,
                          .block = row->block,
                          .arm = row->arm,
                          .state = RUN_PLANNED,
                          .started_ns = MONO_NONE,
                          .ended_ns = MONO_NONE};
    struct err why = ERR_INIT;
    executor_tell(x, &planned);
    int rc = bench_prepare_run(x, job.arm, &start, &why);
    if (rc && !executor_is_servers_fault(rc)) {
        *e = why;
        return rc;
    }
    if (rc)
        job.failed = why.text;
    return x->study->isolate && !rc ? isolate_run(x, &job, end, e) : onerun_carry(x, &job, end, e);
}
