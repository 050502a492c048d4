/* bench_ceiling: how much one core of the client takes, beside a bare loop in the same run.
 *
 * Three kinds of work: streams that bring one chunk a read, streams that bring bursts, and requests of one chunk. Each is
 * done in three ways, in turn: by the bare loop (support/bare.h); by net/ and the backend, so that every chunk is read,
 * cut and understood but nothing kept; and by the driver with all that it records. What the driver costs beyond the
 * second way is the recording. Rates are per CPU-second of the client's core, medians of the rounds, so that the server's
 * pace and other processes do not count. Usage: bench_ceiling [rounds [1|2|3]]: all three kinds, or one. Ends with 1 when a target is missed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/bare.h"
#include "../support/host.h"
#include "backend/backend.h"
#include "load/pool.h"

enum { MOST_ROUNDS = 25 };

struct work {
    const char *name, *unit;
    struct sender_spec sender;
    int width;         /* connections */
    uint64_t requests; /* in all */
    uint64_t units;    /* what is counted: chunks or requests */
    double ratio;      /* target: the driver's rate as a share of the bare loop's */
    double rate;       /* target: in units per CPU-second; 0: none */
};

struct cost {
    double cpu_s, wall_s; /* of the window alone */
    uint64_t chunks, reads;
};

/* ---- counting chunks where the backend names them ---------------------------------------------------------------- */

static const struct sender *telling;
static uint64_t chunks_seen;

static int counted_event(struct backend_state *s, const char *p, size_t n, struct event *out, struct err *e)
{
    int rc = backend_find("openai")->on_event(s, p, n, out, e);
    if (out->kind == CHUNK_TEXT)
        sender_told(telling, ++chunks_seen);
    return rc;
}

static struct backend counted_backend(const struct sender *s)
{
    struct backend b = *backend_find("openai");
    b.on_event = counted_event;
    telling = s;
    chunks_seen = 0;
    return b;
}

static void find_server(const struct sender *s, struct endpoint *ep)
{
    struct err e = ERR_INIT;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", s->port);
    if (endpoint_parse(url, ep, &e))
        give_up(e.text);
}

static struct ask question(const struct work *w)
{
    return (struct ask){.model = "m",
                        .prompt = "sixteen short words that nobody ever reads because this is a benchmark",
                        .stream = true,
                        .options = {.set = OPTION_NUM_PREDICT, .num_predict = w->sender.chunks + 1}};
}

/* ---- the bare loop ----------------------------------------------------------------------------------------------- */

static struct cost run_bare(const struct work *w, const struct sender *s)
{
    struct bare b = {.port = s->port, .sender = s, .streams = w->width, .requests = w->requests};
    bare_run(&b);
    return (struct cost){b.cpu_s, b.wall_s, b.chunks, b.reads};
}

/* ---- net/ and the backend, nothing kept -------------------------------------------------------------------------- */

struct parse {
    const struct work *work;
    struct loop *loop;
    struct client *client;
    struct backend backend;
    struct built built;
    uint64_t asked, answered;
};

struct reader {
    struct parse *all;
    struct backend_state state;
    struct request sink; /* what the server tells of itself */
};

static void read_next(struct reader *r);

static void on_event(void *user, struct span data, struct span name, uint32_t wire, bool comment,
                     const struct arrival *a)
{
    struct reader *r = user;
    struct event ev;
    (void)name, (void)wire, (void)comment, (void)a;
    if (r->all->backend.on_event(&r->state, data.at, data.len, &ev, NULL))
        give_up("an event was not understood");
}

static void on_end(void *user, const struct call_end *end)
{
    struct reader *r = user;
    if (end->result != NET_DONE)
        give_up(end->why);
    if (++r->all->answered == r->all->work->requests)
        loop_stop(r->all->loop);
    else
        read_next(r);
}

static void read_next(struct reader *r)
{
    static const struct call_ops ops = {.event = on_event, .end = on_end};
    struct parse *p = r->all;
    struct err e = ERR_INIT;
    struct call_spec spec = {.method = p->built.method,
                             .path = p->built.path,
                             .body = p->built.body.at,
                             .body_len = p->built.body.len,
                             .framing = CALL_SSE,
                             .limits = {.total_ns = 60 * NS_PER_S}};
    if (p->asked == p->work->requests)
        return;
    p->asked++;
    if (!call_start(p->client, &spec, &ops, r, &e))
        give_up(e.text);
}

static struct cost run_parse(const struct work *w, const struct sender *s)
{
    struct parse p = {.work = w, .backend = counted_backend(s)};
    struct reader *readers = xcalloc((size_t)w->width, sizeof *readers);
    struct ask ask = question(w);
    struct endpoint ep;
    struct err e = ERR_INIT;
    find_server(s, &ep);
    if (loop_new(&p.loop, &e) || client_new(&p.client, p.loop, &ep, NULL, &e) ||
        client_preconnect(p.client, w->width, 10 * NS_PER_S, &e) || p.backend.build(&ask, &p.built, &e))
        give_up(e.text);
    loop_warm_stamps(p.loop);
    loop_stats_reset(p.loop);
    double cpu = cpu_s();
    mono_ns t = clock_now(NULL);
    for (int i = 0; i < w->width; i++) {
        readers[i].all = &p;
        request_init(&readers[i].sink);
        backend_state_init(&readers[i].state);
        backend_state_begin(&readers[i].state, &readers[i].sink);
        read_next(&readers[i]);
    }
    loop_run(p.loop);
    struct cost c = {cpu_s() - cpu, (double)(clock_now(NULL) - t) / 1e9, chunks_seen, loop_stats(p.loop)->reads};
    for (int i = 0; i < w->width; i++) {
        backend_state_release(&readers[i].state);
        request_release(&readers[i].sink);
    }
    free(readers);
    built_release(&p.built);
    client_free(p.client);
    loop_free(p.loop);
    return c;
}

/* ---- the driver with all that it records --------------------------------------------------------------------------- */

struct asker {
    struct ask ask;
    uint64_t left;
};

static enum session_next next(void *user, const struct request *last, struct ask *ask, const char **stage, mono_ns *at,
                              const char **why)
{
    struct asker *a = user;
    (void)last, (void)why;
    if (!a->left)
        return SESSION_FINISHED;
    a->left--;
    *ask = a->ask;
    *stage = "load";
    *at = MONO_NONE;
    return SESSION_ASK;
}

/* Counts the reads: the last chunk of each is not marked merged. */
static uint64_t check_whole(const struct work *w, const struct run *r)
{
    uint64_t chunks = 0, reads = 0;
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct chunk_list *l = &r->requests[i].chunks;
        chunks += l->n - 1; /* [DONE] is one, too */
        for (size_t k = 0; k < l->n; k++)
            reads += !(l->at[k].flags & CHUNK_MERGED);
        if (r->requests[i].outcome != OUTCOME_OK || r->requests[i].chunks.dropped)
            give_up("the driver lost something");
    }
    if (r->n_requests != w->requests || chunks != w->requests * (w->sender.chunks ? (uint64_t)w->sender.chunks : 1))
        give_up("the driver counted wrong");
    return reads;
}

static struct cost run_driver(const struct work *w, const struct sender *s)
{
    static const struct session_ops ops = {.next = next};
    struct asker asker = {question(w), w->requests};
    struct backend backend = counted_backend(s);
    struct endpoint ep;
    struct driver_server server = {.name = "s", .model = "m", .backend = &backend, .endpoint = &ep, .num_ctx = -1};
    struct driver_session session = {.agent = "load", .ops = &ops, .user = &asker, .width = (size_t)w->width};
    struct driver_spec spec = {.servers = &server,
                               .n_servers = 1,
                               .sessions = &session,
                               .n_sessions = 1,
                               .limits = {.total_ns = 60 * NS_PER_S}};
    struct run r = {0};
    struct driver *d;
    struct err e = ERR_INIT;
    find_server(s, &ep);
    if (driver_new(&d, &spec, &e))
        give_up(e.text);
    if (driver_run(d, &r, &e))
        give_up(e.text);
    struct cost c = {r.health.client_cpu_s, (double)(r.ended_ns - r.started_ns) / 1e9, chunks_seen, check_whole(w, &r)};
    driver_free(d);
    driver_run_release(&r);
    return c;
}

/* ---- beside each other --------------------------------------------------------------------------------------------- */

struct way {
    const char *name;
    struct cost (*run)(const struct work *w, const struct sender *s);
};

static const struct way ways[] = {
    {"bare loop", run_bare}, {"net and backend", run_parse}, {"driver, recording", run_driver}};

enum { BARE, PARSE, DRIVER, WAYS };

static int measure(const struct work *w, int rounds)
{
    static double us[WAYS][MOST_ROUNDS], ratio[MOST_ROUNDS], recording[MOST_ROUNDS];
    double wall[WAYS] = {0}, a_read[WAYS] = {0}, cost[WAYS];
    struct sender s = {.spec = w->sender};
    sender_start(&s);
    for (int i = 0; i < rounds; i++) {
        for (int k = 0; k < WAYS; k++) {
            struct cost c = ways[k].run(w, &s);
            us[k][i] = c.cpu_s / (double)w->units * 1e6;
            wall[k] += (double)w->units / c.wall_s / rounds;
            a_read[k] += (double)c.chunks / (double)c.reads / rounds;
        }
        ratio[i] = us[BARE][i] / us[DRIVER][i];
        recording[i] = us[DRIVER][i] - us[PARSE][i];
    }
    sender_stop(&s);
    printf("%s, %d connections\n", w->name, w->width);
    for (int k = 0; k < WAYS; k++) {
        cost[k] = median_of(us[k], (size_t)rounds);
        printf("  %-18s %7.3f µs CPU a %s = %8.0f per CPU-second; %8.0f a second, %.2f chunks a read\n", ways[k].name,
               cost[k], w->unit, 1e6 / cost[k], wall[k], a_read[k]);
    }
    printf("  ");
    int missed = print_against("driver / bare loop:", median_of(ratio, (size_t)rounds), w->ratio, 0);
    if (w->rate > 0)
        missed |= print_against(", million per CPU-second:", 1 / cost[DRIVER], w->rate / 1e6, 0);
    if (w->sender.chunks)
        missed |= print_against(", µs of recording:", median_of(recording, (size_t)rounds), 0.3, 1);
    printf("\n");
    return missed;
}

int main(int argc, char **argv)
{
    static const struct work works[] = {
        {"one chunk a read", "chunk", {.streams = 1000, .chunks = 300, .burst = 1}, 1000, 1000, 300000, 0.7, 0},
        {"bursts of 64 chunks", "chunk", {.streams = 200, .chunks = 6400, .burst = 64}, 200, 200, 1280000, 0, 2e6},
        {"requests of one chunk", "request", {.burst = 1}, 64, 40000, 40000, 0.6, 0},
    };
    int rounds = argc > 1 ? atoi(argv[1]) : 5, only = argc > 2 ? atoi(argv[2]) : 0, missed = 0;
    if (rounds < 1 || rounds > MOST_ROUNDS)
        give_up("rounds: 1 to 25");
    pin(last_core());
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        if (!only || only == (int)i + 1)
            missed |= measure(&works[i], rounds);
    return missed;
}
