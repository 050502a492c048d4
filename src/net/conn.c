/* conn.c: see conn.h. */
#include "net/conn.h"

#include <errno.h>
#include <linux/tcp.h> /* not netinet/tcp.h: its tcp_info ends before tcpi_rcv_ooopack */
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "net/stamp.h"

#define LISTEN_IN (EPOLLIN | EPOLLRDHUP)
#define STAMP_SLACK_NS NS_PER_US        /* how far a mapped stamp may contradict our clock before it is dropped */
#define ADDRESS_SHARE_NS (5 * NS_PER_S) /* for one of several addresses when connecting has no deadline */
#define STAMPS_PER_VISIT 64             /* messages of the error queue taken at once: no endless loop */
#define ACK_EVERY_NS (10 * NS_PER_MS)   /* the path's RTT is sampled: each stamp costs the kernel a message */

static void on_ready(struct watch *w, unsigned ev);
static void on_timer(struct timer *t);

struct conn *conn_new(struct loop *l, struct target *t, const struct conn_ops *ops, void *owner)
{
    struct conn *c = xcalloc(1, sizeof *c);
    c->watch = (struct watch){.ready = on_ready, .fd = -1};
    c->timer.fire = on_timer;
    c->loop = l;
    c->target = t;
    c->ops = ops;
    c->owner = owner;
    c->state = CONN_CONNECTING;
    return c;
}

int64_t conn_retransmits(const struct conn *c)
{
    struct tcp_info t = {0};
    socklen_t n = sizeof t;
    if (c->watch.fd < 0 || getsockopt(c->watch.fd, IPPROTO_TCP, TCP_INFO, &t, &n))
        return c->retransmits;
    return c->retransmits + (int64_t)t.tcpi_total_retrans + t.tcpi_rcv_ooopack;
}

bool conn_stale(const struct conn *c)
{
    char byte;
    if (c->tls || c->watch.fd < 0 || c->emptied)
        return false;
    return recv(c->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EINTR);
}

static void drop_socket(struct conn *c)
{
    if (c->watch.fd < 0)
        return;
    c->retransmits = conn_retransmits(c);
    loop_unwatch(c->loop, &c->watch);
    close(c->watch.fd);
    c->watch.fd = -1;
}

void conn_close(struct conn *c)
{
    drop_socket(c);
    loop_timer_cancel(c->loop, &c->timer);
    c->state = CONN_CLOSED;
}

static void bury(struct burial *b)
{
    struct conn *c = (struct conn *)((char *)b - offsetof(struct conn, burial));
    tls_free(c->tls);
    free(c);
}

void conn_free(struct conn *c)
{
    conn_close(c);
    c->burial.bury = bury;
    loop_bury(c->loop, &c->burial);
}

static void fail(struct conn *c, int sys_errno, const char *why, bool orderly)
{
    struct conn_end end = {.orderly = orderly, .sys_errno = sys_errno, .why = why};
    conn_close(c);
    c->ops->closed(c, &end);
}

/* For failures met while the owner is on the stack: told by the timer in the next pass. */
static void fail_later(struct conn *c, int sys_errno)
{
    c->failure = sys_errno ? sys_errno : EIO;
    loop_timer_set(c->loop, &c->timer, clock_now(NULL));
}

/* ---- connecting ---- */

/* A loopback address has 28,000 ports to connect from, and there are many addresses. With BIND_ADDRESS_NO_PORT the port is
 * chosen by connect, which knows what is free for that peer. Best effort: a socket that is not bound connects all the
 * same, from the usual address. */
static void choose_source(struct target *t, int fd, const struct address *to)
{
    const struct sockaddr_in *peer = (const struct sockaddr_in *)&to->sa;
    int on = 1;
    if (t->sources < 2 || to->sa.ss_family != AF_INET || ntohl(peer->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
        return;
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)t->next_source)};
    t->next_source = (t->next_source + 1) % t->sources;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    (void)!bind(fd, (const struct sockaddr *)&from, sizeof from);
}

static int attempt(struct conn *c, const struct address *a)
{
    int on = 1, fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    choose_source(c->target, fd, a);
    stamp_enable_rx(fd); /* early: the kernel turns it on asynchronously */
    if (connect(fd, (const struct sockaddr *)&a->sa, a->len) && errno != EINPROGRESS && errno != EINTR) {
        int r = errno;
        close(fd);
        return r;
    }
    struct err e = ERR_INIT;
    c->watch.fd = fd;
    c->interest = EPOLLOUT;
    if (!loop_watch(c->loop, &c->watch, c->interest, &e))
        return 0;
    c->watch.fd = -1;
    close(fd);
    return ENOSPC; /* the set's limit, /proc/sys/fs/epoll/max_user_watches */
}

static int next_attempt(struct conn *c, int last_errno)
{
    struct target *t = c->target;
    drop_socket(c);
    while (c->tried < t->n) {
        c->address = (t->best + c->tried++) % t->n;
        last_errno = attempt(c, &t->address[c->address]);
        if (last_errno)
            continue;
        int left = t->n - c->tried;
        mono_ns now = clock_now(NULL);
        if (left)
            loop_timer_set(c->loop, &c->timer,
                           now + (c->deadline == MONO_NONE ? ADDRESS_SHARE_NS : (c->deadline - now) / (left + 1)));
        return 0;
    }
    return last_errno;
}

void conn_open(struct conn *c, mono_ns deadline)
{
    c->deadline = deadline;
    int r = next_attempt(c, EADDRNOTAVAIL);
    if (r)
        fail_later(c, r);
}

static void want(struct conn *c, unsigned interest)
{
    if (c->interest == interest)
        return;
    if (loop_rewatch(c->loop, &c->watch, interest))
        fail_later(c, ENOSPC);
    else
        c->interest = interest;
}

static void opened(struct conn *c)
{
    c->state = CONN_OPEN;
    c->last_rx_ns = clock_now(NULL);
    c->target->best = c->address;
    c->ops->open(c);
}

/* ---- writing ---- */

/* Returns how much it is. */
static size_t unwritten(const struct conn *c, struct span part[2])
{
    part[0] = c->out[0];
    part[1] = c->out[1];
    if (c->tls) {
        const struct str *s = tls_output(c->tls);
        size_t left = s->len - c->tls_done;
        part[0] = left ? (struct span){s->at + c->tls_done, left} : SPAN_NONE;
        part[1] = SPAN_NONE;
    }
    return part[0].len + part[1].len;
}

static void count_written(struct conn *c, size_t n)
{
    c->tx_bytes += (uint32_t)n;
    for (int i = 0; i < 2 && !c->tls; i++) {
        size_t of_this = n < c->out[i].len ? n : c->out[i].len;
        c->out[i].at += of_this;
        c->out[i].len -= of_this;
        n -= of_this;
    }
    if (!c->tls)
        return;
    c->tls_done += n;
    if (c->tls_done == tls_output(c->tls)->len) {
        str_clear(tls_output(c->tls));
        c->tls_done = 0;
    }
}

static unsigned stamps_wanted(const struct conn *c)
{
    if (!c->writing || !c->stamps)
        return 0;
    return c->ack_due ? STAMP_SENT | STAMP_ACKED : STAMP_SENT;
}

static void flush(struct conn *c)
{
    struct span part[2];
    size_t n = unwritten(c, part);
    ssize_t put = 0;
    if (n) {
        put = stamp_send(c->watch.fd, part, stamps_wanted(c));
        if (put < 0 && errno != EAGAIN && errno != EINTR) {
            fail_later(c, errno);
            return;
        }
        count_written(c, put > 0 ? (size_t)put : 0);
    }
    if (put < 0 || (size_t)put < n) {
        want(c, LISTEN_IN | EPOLLOUT);
        return;
    }
    want(c, LISTEN_IN);
    if (c->writing) {
        c->writing = false;
        c->written_ns = clock_now(NULL);
    }
}

void conn_send(struct conn *c, struct span head, struct span body)
{
    struct span part[2];
    c->exchange++;
    c->tx_before_ns = clock_now(NULL);
    c->request_len = head.len + body.len;
    if (c->tls) {
        if (tls_write(c->tls, head.at, head.len) == TLS_FAILED ||
            (body.len && tls_write(c->tls, body.at, body.len) == TLS_FAILED)) {
            fail_later(c, EPROTO);
            return;
        }
    } else {
        c->out[0] = head;
        c->out[1] = body;
    }
    c->tx_last = c->tx_bytes + (uint32_t)unwritten(c, part) - 1;
    c->writing = c->sent_due = true;
    c->ack_due = c->tx_before_ns >= c->next_ack_ns;
    if (c->ack_due)
        c->next_ack_ns = c->tx_before_ns + ACK_EVERY_NS;
    flush(c);
}

size_t conn_unwritten(const struct conn *c)
{
    return !c->writing ? 0 : c->tls ? c->request_len : c->out[0].len + c->out[1].len;
}

/* ---- the error queue: transmit stamps ---- */

static void tell_sent(struct conn *c, mono_ns t, bool kernel)
{
    c->sent_due = false;
    c->sent_ns = t;
    c->ops->sent(c, t, kernel);
}

static void take_stamp(struct conn *c, const struct tx_stamp *s)
{
    mono_ns now = clock_now(NULL), t = loop_from_realtime(c->loop, s->realtime_ns);
    bool sane = s->realtime_ns && t >= c->tx_before_ns - STAMP_SLACK_NS && t <= now + STAMP_SLACK_NS;
    t = t < c->tx_before_ns ? c->tx_before_ns : t > now ? now : t;
    if (s->byte != c->tx_last || c->writing)
        return; /* of an earlier exchange, or of a part of this one */
    if (s->kind == STAMP_SENT && c->sent_due)
        tell_sent(c, sane ? t : c->written_ns, sane);
    else if (s->kind == STAMP_ACKED && c->ack_due && !c->sent_due) {
        c->ack_due = false;
        if (sane)
            c->ops->acked(c, t);
    }
}

/* Takes one message, and more while a stamp is due: what lies behind would be told by the next EPOLLERR. True when the
 * queue held something: then EPOLLERR did not mean a broken connection. */
static bool read_stamps(struct conn *c)
{
    struct tx_stamp s;
    int n = 0;
    do {
        if (c->watch.fd < 0 || !stamp_read_error_queue(c->watch.fd, &s))
            break;
        n++;
        take_stamp(c, &s);
    } while (n < STAMPS_PER_VISIT && (c->sent_due || c->ack_due));
    return n > 0;
}

void conn_settle_sent(struct conn *c)
{
    if (!c->sent_due || c->writing)
        return;
    read_stamps(c);
    if (c->sent_due)
        tell_sent(c, c->written_ns, false);
}

/* ---- reading ---- */

/* A stamp from after we saw the bytes, or from before the request they answer, tells that the wall clock was set
 * between the stamp and the sample of the offset: it is dropped and our clock taken. */
static struct arrival stamp_arrival(struct conn *c, mono_ns app_ns, int64_t realtime_ns)
{
    struct arrival a = {.t_ns = app_ns, .app_ns = app_ns, .read = loop_count_read(c->loop), .unstamped = true};
    mono_ns t = realtime_ns ? loop_from_realtime(c->loop, realtime_ns) : INT64_MAX;
    if (t <= app_ns + STAMP_SLACK_NS && t >= c->tx_before_ns - STAMP_SLACK_NS) {
        a.t_ns = t < app_ns ? t : app_ns;
        a.unstamped = false;
    }
    /* Bytes cannot be had before those in front of them: a segment that overtook a lost one waits for it. */
    if (a.t_ns < c->last_rx_ns)
        a.t_ns = c->last_rx_ns;
    c->last_rx_ns = a.t_ns;
    return a;
}

/* What answers a request comes after it was sent. TLS's own messages, such as session tickets, say nothing about
 * that. */
static void deliver(struct conn *c, const char *p, size_t n, const struct arrival *a)
{
    struct arrival later = *a;
    if (c->sent_due)
        conn_settle_sent(c);
    if (later.t_ns < c->sent_ns) /* which was read from our clock after the write: the answer may have been quicker */
        later.t_ns = c->sent_ns;
    if (c->state != CONN_CLOSED)
        c->ops->bytes(c, p, n, &later);
}

static bool on_plaintext(void *user, const char *p, size_t n)
{
    struct conn *c = user;
    if (c->state != CONN_OPEN)
        return false;
    if (c->exchange != c->rx_exchange) { /* another request went out since: these bytes cannot answer it */
        fail_later(c, EPROTO);
        return false;
    }
    deliver(c, p, n, c->arrival);
    return c->state == CONN_OPEN;
}

static void tls_step(struct conn *c, enum tls_result r)
{
    if (c->state == CONN_CLOSED)
        return;
    if (tls_output(c->tls)->len)
        flush(c);
    if (r != TLS_OK) {
        fail(c, 0, r == TLS_FAILED ? tls_why(c->tls) : NULL, r == TLS_CLOSED);
        return;
    }
    if (c->state == CONN_HANDSHAKE && tls_established(c->tls))
        opened(c);
}

static void take_bytes(struct conn *c, const char *p, size_t n, const struct arrival *a)
{
    if (!c->tls) {
        deliver(c, p, n, a);
        return;
    }
    c->arrival = a;
    c->rx_exchange = c->exchange;
    tls_step(c, tls_input(c->tls, p, n, &(struct tls_sink){.user = c, .bytes = on_plaintext}));
}

/* Half of the window was waiting: the server may have been held back by us. The window is at most half of the socket's
 * buffer, which counts the kernel's overhead too (tcp(7), tcp_adv_win_scale); the kernel may enlarge it, so it is looked up
 * where a read reached what was known. */
static bool window_half_full(struct conn *c, size_t n)
{
    int bytes = 0;
    socklen_t len = sizeof bytes;
    if (n < c->full_at || getsockopt(c->watch.fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len) || bytes <= 0)
        return false;
    c->full_at = (size_t)bytes / 4;
    return n >= c->full_at;
}

void conn_pump(struct conn *c)
{
    size_t cap;
    char *buffer = loop_buffer(c->loop, &cap);
    int64_t realtime;
    ssize_t n = stamp_recv(c->watch.fd, buffer, cap, &realtime);
    mono_ns app_ns = clock_now(NULL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        struct arrival a = stamp_arrival(c, app_ns, realtime);
        if (window_half_full(c, (size_t)n))
            loop_count_full_read(c->loop);
        c->emptied = (size_t)n < cap;
        take_bytes(c, buffer, (size_t)n, &a); /* may free c, whose memory stays until the pass is over */
        c->emptied = false;
    } else {
        int r = n < 0 ? errno : 0;
        if (c->sent_due)
            conn_settle_sent(c);
        const char *why = r || !c->tls                 ? NULL
                          : c->state == CONN_HANDSHAKE ? "closed during the TLS handshake"
                                                       : "closed without TLS close_notify (the data may be cut)";
        if (c->state != CONN_CLOSED)
            fail(c, r, why, !r && !c->tls);
    }
}

/* ---- the loop's calls ---- */

static void connected(struct conn *c)
{
    loop_timer_cancel(c->loop, &c->timer);
    c->stamps = !stamp_enable(c->watch.fd);
    want(c, LISTEN_IN);
    if (c->failure)
        return;
    if (!c->target->tls) {
        opened(c);
        return;
    }
    c->state = CONN_HANDSHAKE;
    c->tls = tls_new(c->target->tls, c->target->host);
    if (!c->tls)
        fail(c, 0, "TLS: the library refused to make a session", false);
    else
        tls_step(c, tls_start(c->tls));
}

static void on_connect(struct conn *c)
{
    int r = 0;
    socklen_t len = sizeof r;
    if (getsockopt(c->watch.fd, SOL_SOCKET, SO_ERROR, &r, &len))
        r = errno;
    if (!r) {
        connected(c);
        return;
    }
    r = next_attempt(c, r);
    if (r)
        fail(c, r, NULL, false);
}

static void on_ready(struct watch *w, unsigned ev)
{
    struct conn *c = (struct conn *)((char *)w - offsetof(struct conn, watch));
    if (c->state == CONN_CONNECTING) {
        on_connect(c);
    } else {
        bool stamps = (ev & EPOLLERR) && read_stamps(c);
        if (c->state != CONN_CLOSED && (ev & EPOLLOUT))
            flush(c);
        if (c->state != CONN_CLOSED && ((ev & (LISTEN_IN | EPOLLHUP)) || ((ev & EPOLLERR) && !stamps)))
            conn_pump(c);
    }
}

static void on_timer(struct timer *t)
{
    struct conn *c = (struct conn *)((char *)t - offsetof(struct conn, timer));
    int r = c->failure ? c->failure : c->state == CONN_CONNECTING ? next_attempt(c, ETIMEDOUT) : 0;
    if (r)
        fail(c, r, NULL, false);
}
