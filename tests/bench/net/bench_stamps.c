/* bench_stamps: how wrong are the arrival times of this client, beside those of a bare loop?
 *
 * The sender (support/sender.h) on core 0 holds streams of 50 chunks a second, each chunk with CLOCK_MONOTONIC read right
 * before its send(). The client on the last core reads them through client.h; the error of a stamp is the stamp minus the
 * time in the chunk, and about 1 µs of it is the sender's own way through send(). Chunks merged in one read are left out:
 * they are known and marked. The bare loop (support/bare.h) reads the same streams in the same run, with the same stamps.
 * With a hog, another process burns the client's core at the same priority.
 * Usage: bench_stamps [seconds]. Ends with 1 when a target is missed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/bare.h"
#include "../support/host.h"
#include "../support/stamps.h"

enum { RATE = 50, MOST_SECONDS = 20 };

struct target {
    double p50_us, p99_us; /* 0: none */
    double of_bare;        /* share of the bare loop's, 0: none; below FLOOR_US both are noise */
};

#define FLOOR_US 0.2 /* by which two medians of one loop differ between runs */

/* ---- one line each --------------------------------------------------------------------------------------------- */

struct quantiles {
    double p50, p99, p999;
};

static struct quantiles quantiles_of(int64_t *v, size_t n)
{
    sort_ns(v, n);
    return (struct quantiles){(double)quantile_ns(v, n, 0.5) / 1e3, (double)quantile_ns(v, n, 0.99) / 1e3,
                              (double)quantile_ns(v, n, 0.999) / 1e3};
}

/* A limit in µs counts where the bare loop keeps it: beyond that it says what the host is. */
static bool missed(double value, double limit, double bare, double of_bare)
{
    return (limit > 0 && value > limit && bare <= limit) ||
           (of_bare > 0 && value > bare * of_bare && value > bare + FLOOR_US);
}

static void print_quantiles(const char *how, const char *what, struct quantiles q)
{
    printf("  %-12s %-14s %8.1f %8.1f %8.1f", how, what, q.p50, q.p99, q.p999);
}

static bool compare(const char *how, const struct sender *s, bool hog, struct target t)
{
    size_t cap = (size_t)s->spec.streams * (size_t)s->spec.chunks;
    struct stamps f = {.cap = cap, .exact = calloc(cap, sizeof(int64_t)), .app = calloc(cap, sizeof(int64_t))};
    struct bare b = {.port = s->port, .sender = s, .streams = s->spec.streams, .requests = (uint64_t)s->spec.streams};
    struct quantiles bare = {0};
    pid_t burner = hog ? start_hog(last_core()) : 0;
    stamps_read(&f, s);
    if (!s->spec.tls) {
        b.error = calloc(cap, sizeof *b.error);
        bare_run(&b);
        bare = quantiles_of(b.error, b.n_error);
        free(b.error);
    }
    if (burner)
        stop_child(burner);
    struct quantiles stamp = quantiles_of(f.exact, f.n);
    bool over = missed(stamp.p50, t.p50_us, bare.p50, t.of_bare) || missed(stamp.p99, t.p99_us, bare.p99, t.of_bare);
    print_quantiles(how, "stamp", stamp);
    printf("   at most p99 %g", t.p99_us);
    if (t.p50_us > 0)
        printf(", p50 %g", t.p50_us);
    printf("%s%s; %.2f %% merged, %zu unstamped, %.2f µs CPU a chunk\n",
           t.of_bare > 0 ? ", 1.2 of the bare loop's" : "", over ? ": MISSED" : "",
           100 * (double)f.merged / (double)f.n_app, f.unstamped, f.cpu_us);
    if (b.n_error) {
        print_quantiles("", "bare loop", bare);
        printf("   %.2f µs CPU a chunk\n", b.cpu_s / (double)b.chunks * 1e6);
    }
    print_quantiles("", "our clock", quantiles_of(f.app, f.n_app));
    printf("   what a tool without kernel stamps sees\n");
    free(f.exact);
    free(f.app);
    return over;
}

static bool measure(int streams, int seconds)
{
    struct sender plain = {.spec = {.streams = streams, .chunks = RATE * seconds, .rate = RATE, .burst = 1}},
                  tls = plain;
    tls.spec.tls = true;
    printf("%d chunks/s on %d streams, errors in µs   p50      p99    p99.9\n", streams * RATE, streams);
    sender_start(&plain);
    bool over = compare("quiet", &plain, false, (struct target){4, 12, 1.2});
    over |= compare("with a hog", &plain, true, (struct target){0, 20, 1.2});
    sender_stop(&plain);
    sender_start(&tls);
    over |= compare("TLS", &tls, false, (struct target){0, 30, 0});
    over |= compare("TLS, hog", &tls, true, (struct target){0, 30, 0});
    sender_stop(&tls);
    return over;
}

int main(int argc, char **argv)
{
    static const int streams[] = {200, 1000, 2000};
    int seconds = argc > 1 ? atoi(argv[1]) : 3;
    bool over = false;
    if (seconds < 1 || seconds > MOST_SECONDS)
        give_up("seconds: 1 to 20");
    if (last_core() < 1)
        printf("one core only: server and client share it, the figures say nothing about the client\n");
    pin(last_core());
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
        over |= measure(streams[i], seconds);
    return over;
}
