/* loop.c: see loop.h. One pass is: wait, sample the clocks, hand out events, fire timers.
 *
 * Waiting uses epoll_pwait2 (Linux 5.11), whose timeout is in ns; where it is refused, epoll_wait sleeps whole
 * milliseconds and the rest is polled. The thread's timer slack is set to 1 ns: its default of 50 µs is added to
 * every sleep (prctl(2), PR_SET_TIMERSLACK). */
#include "net/loop.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/stamp.h"
#include "net/timers.h"

#define BATCH 512
#define BUFFER_BYTES (256u << 10)
#define SPIN_NS (250 * NS_PER_US) /* wake-up latency of a sleep stays below this in 99 % of cases */
#define SPARE_TIMERS 64           /* armings between two batches that need no allocation */
#define WAIT_FAILED_NS NS_PER_MS  /* pause when epoll itself fails, so that timers still run and no core burns */

struct loop {
    int epfd;
    bool spin, stop, no_pwait2;
    struct timer_heap timers;
    struct offset_track offset;
    struct loop_stats stats;
    mono_ns mark; /* when the last wait ended */
    uint64_t reads;
    int warm_fds[2]; /* the dummy connection that keeps kernel stamping on; -1 */
    char *buffer;    /* owned, BUFFER_BYTES; only pages that were used count as memory */
    struct burial *dead, **last_dead;
    int events, next; /* of the batch in hand */
    struct epoll_event event[BATCH];
};

static void sample_offset(struct loop *l)
{
    int64_t width, sample = clock_realtime_offset(1, &width);
    int64_t step = offset_add(&l->offset, sample, width);
    if (!step)
        return;
    l->stats.clock_steps++;
    if (llabs(step) > l->stats.clock_step_max_ns)
        l->stats.clock_step_max_ns = llabs(step);
}

int loop_new(struct loop **out, struct err *e)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0)
        return err_sys(e, ERR_IO, errno, "cannot open an epoll set");
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    struct loop *l = xcalloc(1, sizeof *l);
    l->epfd = fd;
    l->warm_fds[0] = l->warm_fds[1] = -1;
    l->buffer = xmalloc(BUFFER_BYTES);
    l->last_dead = &l->dead;
    timer_heap_reserve(&l->timers, SPARE_TIMERS);
    int64_t width, sample = clock_realtime_offset(8, &width);
    offset_add(&l->offset, sample, width);
    l->mark = clock_now(NULL);
    *out = l;
    return 0;
}

void loop_bury(struct loop *l, struct burial *b)
{
    b->next = NULL;
    *l->last_dead = b;
    l->last_dead = &b->next;
}

static void bury_dead(struct loop *l)
{
    while (l->dead) {
        struct burial *b = l->dead;
        l->dead = b->next;
        if (!l->dead)
            l->last_dead = &l->dead;
        b->bury(b);
    }
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    bury_dead(l);
    for (int i = 0; i < 2; i++)
        if (l->warm_fds[i] >= 0)
            close(l->warm_fds[i]);
    close(l->epfd);
    timer_heap_release(&l->timers);
    free(l->buffer);
    free(l);
}

/* ---- descriptors ---- */

int loop_watch(struct loop *l, struct watch *w, unsigned epoll_events, struct err *e)
{
    struct epoll_event ev = {.events = epoll_events, .data.ptr = w};
    if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, w->fd, &ev))
        return err_sys(e, ERR_IO, errno, "cannot watch a descriptor");
    return 0;
}

int loop_rewatch(struct loop *l, struct watch *w, unsigned epoll_events)
{
    struct epoll_event ev = {.events = epoll_events, .data.ptr = w};
    return epoll_ctl(l->epfd, EPOLL_CTL_MOD, w->fd, &ev) ? ERR_IO : 0;
}

void loop_unwatch(struct loop *l, struct watch *w)
{
    struct epoll_event unused = {0};
    epoll_ctl(l->epfd, EPOLL_CTL_DEL, w->fd, &unused);
    for (int i = l->next; i < l->events; i++) /* what this batch still holds for it must not be delivered */
        if (l->event[i].data.ptr == w)
            l->event[i].data.ptr = NULL;
}

/* ---- timers ---- */

void loop_timer_set(struct loop *l, struct timer *t, mono_ns at)
{
    timer_heap_set(&l->timers, t, at);
}

void loop_timer_cancel(struct loop *l, struct timer *t)
{
    timer_heap_cancel(&l->timers, t);
}

/* Fires what is due. A timer that is armed meanwhile waits for the next pass, so that one which re-arms itself in
 * the past cannot keep events from being read. */
static void fire_timers(struct loop *l)
{
    uint64_t armed_before = l->timers.order;
    mono_ns now = clock_now(NULL);
    for (;;) {
        struct timer *t = timer_heap_first(&l->timers);
        if (!t || t->at > now || t->order >= armed_before)
            return;
        mono_ns late = now - t->at;
        timer_heap_cancel(&l->timers, t);
        l->stats.timers++;
        if (late > l->stats.timer_late_max_ns)
            l->stats.timer_late_max_ns = late;
        t->fire(t);
        now = clock_now(NULL);
    }
}

/* ---- waiting ---- */

/* Sleeps at most `ns` (negative: for ever). Events in hand, or 0. */
static int sleep_for_events(struct loop *l, mono_ns ns)
{
    int n;
    if (l->no_pwait2) {
        mono_ns ms = ns / NS_PER_MS;
        n = epoll_wait(l->epfd, l->event, BATCH, ns < 0 ? -1 : ms > INT32_MAX ? INT32_MAX : (int)ms);
    } else {
        struct timespec t = {.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
        n = epoll_pwait2(l->epfd, l->event, BATCH, ns < 0 ? NULL : &t, NULL);
        if (n < 0 && (errno == ENOSYS || errno == EPERM)) {
            l->no_pwait2 = true;
            return 0;
        }
    }
    if (n < 0 && errno != EINTR && ns != 0) {
        struct timespec pause = {.tv_nsec = ns > 0 && ns < WAIT_FAILED_NS ? (long)ns : WAIT_FAILED_NS};
        nanosleep(&pause, NULL);
    }
    return n < 0 ? 0 : n;
}

static int wait_for_events(struct loop *l, mono_ns deadline)
{
    if (deadline == MONO_NONE)
        return sleep_for_events(l, -1);
    mono_ns left = deadline - clock_now(NULL);
    if (left <= 0)
        return sleep_for_events(l, 0);
    if (!l->spin)
        return sleep_for_events(l, left);
    int n = left > SPIN_NS ? sleep_for_events(l, left - SPIN_NS) : 0;
    while (!n && clock_now(NULL) < deadline && deadline - clock_now(NULL) <= SPIN_NS)
        n = sleep_for_events(l, 0);
    return n;
}

static void hand_out(struct loop *l, int n)
{
    l->events = n;
    for (l->next = 0; l->next < l->events;) {
        struct epoll_event *ev = &l->event[l->next++];
        struct watch *w = ev->data.ptr;
        if (w)
            w->ready(w, ev->events);
    }
    l->events = l->next = 0;
}

void loop_step(struct loop *l, mono_ns until)
{
    const struct timer *first = timer_heap_first(&l->timers);
    mono_ns deadline = first && (until == MONO_NONE || first->at < until) ? first->at : until;
    mono_ns start = clock_now(NULL);
    int n = wait_for_events(l, deadline);
    sample_offset(l);
    mono_ns woke = clock_now(NULL);
    l->stats.busy_ns += start - l->mark;
    l->stats.wait_ns += woke - start;
    l->mark = woke;
    if (n) {
        l->stats.batches++;
        hand_out(l, n);
    }
    fire_timers(l);
    bury_dead(l);
    timer_heap_reserve(&l->timers, SPARE_TIMERS);
}

void loop_run(struct loop *l)
{
    while (!l->stop)
        loop_step(l, MONO_NONE);
    l->stop = false;
}

void loop_stop(struct loop *l)
{
    l->stop = true;
}

void loop_allow_spin(struct loop *l, bool allow)
{
    l->spin = allow;
}

/* ---- clocks, counts, the shared buffer ---- */

mono_ns loop_from_realtime(const struct loop *l, int64_t realtime_ns)
{
    return realtime_ns - offset_value(&l->offset);
}

const struct loop_stats *loop_stats(const struct loop *l)
{
    return &l->stats;
}

void loop_stats_reset(struct loop *l)
{
    l->stats = (struct loop_stats){0};
    l->mark = clock_now(NULL);
}

char *loop_buffer(struct loop *l, size_t *cap)
{
    *cap = BUFFER_BYTES;
    return l->buffer;
}

uint64_t loop_count_read(struct loop *l)
{
    l->stats.reads++;
    return ++l->reads;
}

void loop_count_full_read(struct loop *l)
{
    l->stats.full_reads++;
}

/* ---- warm stamps ---- */

/* A connected pair over loopback TCP: out[0] receives. 0 or -1. */
static int tcp_pair(int out[2])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    out[0] = -1;
    out[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener >= 0 && out[1] >= 0 && !bind(listener, (struct sockaddr *)&a, sizeof a) && !listen(listener, 1) &&
        !getsockname(listener, (struct sockaddr *)&a, &len) && !connect(out[1], (struct sockaddr *)&a, sizeof a))
        out[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (listener >= 0)
        close(listener);
    if (out[0] >= 0)
        return 0;
    if (out[1] >= 0)
        close(out[1]);
    out[1] = -1;
    return -1;
}

bool loop_warm_stamps(struct loop *l)
{
    int64_t realtime = 0;
    if (l->warm_fds[0] < 0 && tcp_pair(l->warm_fds))
        return false;
    if (stamp_enable_rx(l->warm_fds[0]))
        return false;
    mono_ns give_up = clock_now(NULL) + 500 * NS_PER_MS;
    while (!realtime && clock_now(NULL) < give_up) {
        char byte = 0;
        struct pollfd p = {.fd = l->warm_fds[0], .events = POLLIN};
        if (stamp_send(l->warm_fds[1], (struct span[2]){{&byte, 1}}, 0) != 1 || poll(&p, 1, 100) < 0)
            return false;
        if (stamp_recv(l->warm_fds[0], &byte, 1, &realtime) < 0 && errno != EAGAIN)
            return false;
    }
    return realtime != 0;
}
