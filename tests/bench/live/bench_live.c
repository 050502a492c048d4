/* bench_live: what the live view costs the measurement beside it.
 *
 * The stamp benchmark (bench_stamps: 200 streams of 50 chunks a second, the sender on core 0, the client on the last core)
 * with and without the view, which is repainted on a pseudo-terminal ten times a second by its thread. The thread shares the
 * client's core: elsewhere it would cost less. Each pair is two rounds, one after the other, the first of them in turn with
 * and without; the effect is the shift of p99 of the stamps' error over the pairs (stats/paired.h).
 * Usage: bench_live [pairs [seconds]]. Ends with 1 when a target is missed: the thread's share of a CPU at most 1 %, and the
 * 95 % interval of the effect holds 0 or ends below 1 µs. */
#include <fcntl.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../support/host.h"
#include "../support/stamps.h"
#include "live/pulse.h"
#include "live/show.h"
#include "record/verdict.h"
#include "stats/paired.h"

enum { STREAMS = 200, RATE = 50, LEAST_PAIRS = 15, MOST_PAIRS = 200, RUNS = 100, COLUMNS = 120 };
static const double most_share = 0.01, most_effect_us = 1.0;

/* ---- the view: a run in the middle of a study ------------------------------------------------------------------------- */

struct viewed {
    struct pulse pulse;
    struct course course;
    struct plan_row rows[RUNS];
    mono_ns started_ns;
    int terminal; /* the side that programs write to */
    uint64_t frames, bytes;
};

static void set_up(struct viewed *v)
{
    pulse_reset(&v->pulse);
    for (int i = 0; i < RUNS; i++)
        v->rows[i] = (struct plan_row){i, i / 4, i % 4 < 2 ? "alone" : "together"};
    course_init(&v->course, v->rows, RUNS);
    for (int i = 0; i < RUNS / 2; i++) {
        struct run r = {.arm = v->rows[i].arm, .started_ns = i * 20 * NS_PER_S, .verdict = VERDICT_VALID};
        r.ended_ns = r.started_ns + (15 + i % 3) * NS_PER_S;
        course_add(&v->course, &r);
    }
    for (int i = 0; i < 5000; i++) {
        struct request r;
        request_init(&r);
        r.stamp[STAMP_PLANNED] = r.stamp[STAMP_SENT] = i * NS_PER_MS;
        r.stamp[STAMP_FIRST_TOKEN] = r.stamp[STAMP_SENT] + (100 + i % 977) * NS_PER_MS;
        r.stamp[STAMP_DONE] = r.stamp[STAMP_LAST_TOKEN] = r.stamp[STAMP_FIRST_TOKEN] + NS_PER_S;
        r.usage.completion_tok = 50;
        r.outcome = i % 100 ? OUTCOME_OK : OUTCOME_RESET;
        pulse_add(&v->pulse, &r);
    }
}

static void fill(void *user, struct live_view *v)
{
    struct viewed *from = user;
    *v = (struct live_view){.state = LIVE_MEASURING,
                            .study = "bench",
                            .arm = "together",
                            .position = RUNS / 2,
                            .block = RUNS / 8,
                            .in_flight = STREAMS,
                            .chunks = 123456,
                            .loop_busy = 0.25,
                            .silent_ns = -1,
                            .elapsed_ns = clock_now(NULL) - from->started_ns};
    pulse_read(&from->pulse, v);
    live_take_course(v, &from->course);
    from->frames++;
}

static void measure(void *user, struct live_style *style)
{
    struct winsize size;
    if (ioctl(((struct viewed *)user)->terminal, TIOCGWINSZ, &size) == 0)
        style->columns = size.ws_col;
}

static void write_bytes(void *user, const char *bytes, size_t n)
{
    struct viewed *v = user;
    for (ssize_t did; n && (did = write(v->terminal, bytes, n)) > 0; n -= (size_t)did, bytes += did)
        v->bytes += (uint64_t)did;
}

/* The terminal itself: a child on core 0 that reads what it is to show. */
static void read_terminal(void *user)
{
    char buffer[4096];
    pin(0);
    while (read(*(int *)user, buffer, sizeof buffer) > 0)
        ;
}

static pid_t open_terminal(struct viewed *v)
{
    int other = posix_openpt(O_RDWR | O_NOCTTY);
    struct winsize size = {.ws_row = 40, .ws_col = COLUMNS};
    if (other < 0 || grantpt(other) || unlockpt(other) || (v->terminal = open(ptsname(other), O_RDWR | O_NOCTTY)) < 0 ||
        ioctl(v->terminal, TIOCSWINSZ, &size))
        give_up("pseudo-terminal");
    return start_child(read_terminal, &other);
}

/* ---- pairs ------------------------------------------------------------------------------------------------------------- */

/* p99 of the stamps' error in µs; *share: of a CPU that the view's thread took. */
static double round_of(const struct sender *s, struct viewed *v, bool with_view, double *share)
{
    size_t cap = (size_t)s->spec.streams * (size_t)s->spec.chunks;
    struct stamps f = {.cap = cap, .exact = calloc(cap, sizeof(int64_t)), .app = calloc(cap, sizeof(int64_t))};
    struct show_spec spec = {
        .fill = fill, .measure = measure, .write = write_bytes, .user = v, .style = {.color = true}};
    v->started_ns = clock_now(NULL);
    struct show *show = with_view ? show_start(&spec) : NULL;
    stamps_read(&f, s);
    if (show)
        *share = (double)show_cpu_ns(show) / (double)(clock_now(NULL) - v->started_ns);
    show_stop(show);
    sort_ns(f.exact, f.n);
    double p99_us = (double)quantile_ns(f.exact, f.n, 0.99) / 1e3;
    free(f.exact);
    free(f.app);
    return p99_us;
}

int main(int argc, char **argv)
{
    int pairs = argc > 1 ? atoi(argv[1]) : 20, seconds = argc > 2 ? atoi(argv[2]) : 2;
    struct sender s = {.spec = {.streams = STREAMS, .chunks = RATE * seconds, .rate = RATE, .burst = 1}};
    double with[MOST_PAIRS], without[MOST_PAIRS], effect[MOST_PAIRS], share[MOST_PAIRS];
    struct viewed *v = calloc(1, sizeof *v);
    if (pairs < LEAST_PAIRS || pairs > MOST_PAIRS || seconds < 1 || seconds > 20)
        give_up("15 to 200 pairs of 1 to 20 seconds");
    if (last_core() < 1)
        printf("one core only: server and client share it, the figures say nothing about the client\n");
    pin(last_core());
    set_up(v);
    pid_t reader = open_terminal(v);
    sender_start(&s);
    round_of(&s, v, false, NULL); /* everything is warm behind it */
    for (int i = 0; i < pairs; i++)
        for (int k = 0; k < 2; k++) {
            bool on = (i + k) % 2 == 0;
            *(on ? &with[i] : &without[i]) = round_of(&s, v, on, &share[i]);
        }
    sender_stop(&s);
    stop_child(reader);
    for (int i = 0; i < pairs; i++)
        effect[i] = with[i] - without[i];
    struct paired_shift shift = paired_shift(effect, (size_t)pairs, 0.95);
    double most = 0;
    for (int i = 0; i < pairs; i++)
        most = fmax(most, share[i]);
    printf("%d pairs of 2 x %d s, %d chunks/s on %d streams; %.1f frames a second of %.0f bytes\n", pairs, seconds,
           STREAMS * RATE, STREAMS, (double)v->frames / pairs / seconds, (double)v->bytes / (double)v->frames);
    printf("  p99 of the stamps' error, median: %.2f \u00b5s with the view, %.2f \u00b5s without\n",
           median_of(with, (size_t)pairs), median_of(without, (size_t)pairs));
    bool effect_missed = shift.lo > 0 && !(shift.hi < most_effect_us);
    printf("  effect of the view %+.2f \u00b5s, %.1f %% interval [%+.2f, %+.2f]: 0 in it, or below %g \u00b5s%s\n",
           shift.shift, shift.actual_conf * 100, shift.lo, shift.hi, most_effect_us, effect_missed ? ": MISSED" : "");
    bool share_missed = median_of(share, (size_t)pairs) > most_share;
    printf("  CPU of the view's thread, median %.2f %% of a core, at most %.2f %%; limit 1 %% of the median%s\n",
           median_of(share, (size_t)pairs) * 100, most * 100, share_missed ? ": MISSED" : "");
    course_release(&v->course);
    free(v);
    return effect_missed || share_missed;
}
