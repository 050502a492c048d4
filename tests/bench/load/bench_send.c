/* bench_send: how late do the requests of an open loop leave?
 *
 * 1,000 requests a second, evenly, for some seconds through the driver on the last core, to a server on core 0 that answers
 * each at once with one chunk. The error is the kernel's transmit stamp minus the plan. With the driver's spin off and on,
 * in turn; then the same with a process that burns the client's core, for which nothing is promised.
 * Usage: bench_send [seconds]. Ends with 1 when the better of both misses the target on a quiet core. */
#include <stdio.h>
#include <stdlib.h>

#include "../support/host.h"
#include "../support/sender.h"
#include "load/driver.h"

enum { RATE = 1000, MOST_SECONDS = 60 };

struct lag {
    double p50_us, p99_us, p999_us, cpu; /* cpu: share of the core */
};

static enum session_next next(void *user, const struct request *last, struct ask *ask, const char **stage, mono_ns *at,
                              const char **why)
{
    (void)user, (void)last, (void)why;
    *ask = (struct ask){.model = "m",
                        .prompt = "sixteen short words that nobody ever reads because this is a benchmark",
                        .stream = true,
                        .options = {.set = OPTION_NUM_PREDICT, .num_predict = 1}};
    *stage = "load";
    *at = MONO_NONE;
    return SESSION_ASK;
}

static struct lag lag_of(const struct run *r)
{
    int64_t *v = calloc(r->n_requests, sizeof *v);
    struct lag l = {.cpu = r->health.client_cpu_s / ((double)(r->ended_ns - r->started_ns) / 1e9)};
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        if (q->outcome != OUTCOME_OK || q->flags & REQUEST_UNSTAMPED_SEND)
            give_up("a request failed or has no transmit stamp");
        v[i] = q->stamp[STAMP_SENT] - q->stamp[STAMP_PLANNED];
    }
    sort_ns(v, r->n_requests);
    l.p50_us = (double)quantile_ns(v, r->n_requests, 0.5) / 1e3;
    l.p99_us = (double)quantile_ns(v, r->n_requests, 0.99) / 1e3;
    l.p999_us = (double)quantile_ns(v, r->n_requests, 0.999) / 1e3;
    free(v);
    return l;
}

static struct lag measure(const struct sender *s, const int64_t *at, size_t n, bool spin)
{
    static const struct session_ops ops = {.next = next};
    struct endpoint ep;
    struct driver_server server = {
        .name = "s", .model = "m", .backend = backend_find("openai"), .endpoint = &ep, .num_ctx = -1};
    struct driver_session session = {.agent = "load", .ops = &ops, .at_ns = at, .n_at = n};
    struct driver_spec spec = {.servers = &server,
                               .n_servers = 1,
                               .sessions = &session,
                               .n_sessions = 1,
                               .limits = {.total_ns = 60 * NS_PER_S},
                               .spin = spin};
    struct run r = {0};
    struct driver *d;
    struct err e = ERR_INIT;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", s->port);
    if (endpoint_parse(url, &ep, &e) || driver_new(&d, &spec, &e) || driver_run(d, &r, &e))
        give_up(e.text);
    struct lag l = lag_of(&r);
    driver_free(d);
    driver_run_release(&r);
    return l;
}

static void print(const char *how, struct lag l)
{
    printf("  %-22s %8.1f %8.1f %8.1f   %.0f %% of the core\n", how, l.p50_us, l.p99_us, l.p999_us, 100 * l.cpu);
}

static bool kept(struct lag l)
{
    return l.p50_us <= 20 && l.p99_us <= 100;
}

int main(int argc, char **argv)
{
    int seconds = argc > 1 ? atoi(argv[1]) : 5;
    struct sender s = {.spec = {.burst = 1}};
    if (seconds < 1 || seconds > MOST_SECONDS)
        give_up("seconds: 1 to 60");
    size_t n = (size_t)seconds * RATE;
    int64_t *at = calloc(n, sizeof *at);
    for (size_t i = 0; i < n; i++)
        at[i] = (int64_t)(i + 1) * (NS_PER_S / RATE);
    pin(last_core());
    sender_start(&s);
    printf("sent - planned at %d requests/s for %d s, in µs\n  %-22s %8s %8s %8s\n", RATE, seconds, "", "p50", "p99",
           "p99.9");
    struct lag asleep = measure(&s, at, n, false), spinning = measure(&s, at, n, true);
    print("sleeping", asleep);
    print("spinning", spinning);
    pid_t hog = start_hog(last_core());
    struct lag with_hog = measure(&s, at, n, false), spinning_with_hog = measure(&s, at, n, true);
    stop_child(hog);
    print("sleeping, with a hog", with_hog);
    print("spinning, with a hog", spinning_with_hog);
    sender_stop(&s);
    free(at);
    bool ok = kept(asleep) || kept(spinning);
    printf("  on a core of its own: at most p50 20, p99 100%s\n", ok ? "" : ": MISSED");
    return !ok;
}
