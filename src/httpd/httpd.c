/* httpd.c: the listening socket, the loop and the routes. One turn is: wait, handle each event, look again at the
 * connections on the todo list (answered ones with more input, dead ones). */
#include "httpd/httpd.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "httpd/conn.h"

#define SWEEP_NS NS_PER_S
enum { EVENTS_PER_WAIT = 256, ACCEPTS_PER_EVENT = 64, BACKLOG = 1024 };

static void fill_defaults(struct httpd_options *o)
{
    if (!o->host)
        o->host = "127.0.0.1";
    if (!o->max_header_bytes)
        o->max_header_bytes = 64 * 1024;
    if (!o->max_fields)
        o->max_fields = 200;
    if (!o->max_body_bytes)
        o->max_body_bytes = 8u << 20;
    if (!o->max_queue_bytes)
        o->max_queue_bytes = 1u << 20;
    if (!o->max_connections)
        o->max_connections = 4096;
    if (!o->idle_ns)
        o->idle_ns = 75 * NS_PER_S;
}

static int bind_one(const struct addrinfo *a)
{
    int one = 1, fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int keep = errno;
    close(fd);
    errno = keep;
    return -1;
}

static int open_listener(struct httpd *h, struct err *e)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *list;
    char port[16];
    snprintf(port, sizeof port, "%d", h->o.port);
    int rc = getaddrinfo(h->o.host, port, &hints, &list);
    if (rc)
        return err_set(e, ERR_NET, "%s: %s", h->o.host, gai_strerror(rc));
    h->listen_fd = -1;
    for (const struct addrinfo *a = list; a && h->listen_fd < 0; a = a->ai_next)
        h->listen_fd = bind_one(a);
    int failed = errno;
    freeaddrinfo(list);
    if (h->listen_fd < 0)
        return err_sys(e, ERR_NET, failed, "cannot listen on %s port %d", h->o.host, h->o.port);
    struct sockaddr_storage at;
    socklen_t n = sizeof at;
    getsockname(h->listen_fd, (struct sockaddr *)&at, &n);
    h->port = ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                             : ((struct sockaddr_in *)&at)->sin_port);
    return 0;
}

static int add_fd(struct httpd *h, int fd, void *mark, unsigned events, struct err *e)
{
    struct epoll_event ev = {.events = events, .data.ptr = mark};
    if (epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
        return err_sys(e, ERR_IO, errno, "epoll_ctl");
    return 0;
}

int httpd_open(struct httpd **out, const struct httpd_options *options, struct err *e)
{
    struct httpd *h = xcalloc(1, sizeof *h);
    h->o = *options;
    fill_defaults(&h->o);
    parse_settings(&h->settings);
    h->listen_fd = -1;
    h->buffer = xmalloc(HTTPD_BUFFER_BYTES);
    h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    h->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    h->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int rc = 0;
    if (h->epoll_fd < 0 || h->wake_fd < 0)
        rc = err_sys(e, ERR_IO, errno, "cannot make an event loop");
    if (rc || (rc = open_listener(h, e)) || (rc = add_fd(h, h->listen_fd, &h->listen_fd, EPOLLIN, e)) ||
        (rc = add_fd(h, h->wake_fd, &h->wake_fd, EPOLLIN, e))) {
        httpd_free(h);
        return rc;
    }
    *out = h;
    return 0;
}

int httpd_port(const struct httpd *h)
{
    return h->port;
}

struct httpd_counts httpd_counts(const struct httpd *h)
{
    return h->counts;
}

int httpd_watch(struct httpd *h, int fd, void (*fn)(void *user), struct err *e)
{
    if (h->n_watches == HTTPD_MAX_WATCHES)
        return err_set(e, ERR_LIMIT, "more than %d watched descriptors", HTTPD_MAX_WATCHES);
    struct watch *w = &h->watches[h->n_watches];
    *w = (struct watch){fd, fn};
    int rc = add_fd(h, fd, w, EPOLLIN, e);
    if (rc == 0)
        h->n_watches++;
    return rc;
}

void httpd_wake(struct httpd *h)
{
    uint64_t one = 1;
    ssize_t n = write(h->wake_fd, &one, sizeof one);
    (void)n; /* it fails only when the counter is full, that is, awake */
}

void httpd_stop(struct httpd *h)
{
    atomic_store(&h->stop, true);
    httpd_wake(h);
}

const char *httpd_date(struct httpd *h)
{
    time_t now = time(NULL);
    if (now != h->date_s) {
        struct tm tm;
        gmtime_r(&now, &tm);
        strftime(h->date, sizeof h->date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        h->date_s = now;
    }
    return h->date;
}

/* ---- connections ---------------------------------------------------------------------------------------------- */

/* Out of descriptors: give one back, take the caller off the queue and hang up, so that the loop does not spin on a
 * listener that stays readable. */
static void accept_without_fd(struct httpd *h)
{
    if (h->spare_fd >= 0)
        close(h->spare_fd);
    int fd = accept4(h->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    h->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    h->counts.refused++;
}

static void accept_some(struct httpd *h)
{
    int one = 1;
    for (int i = 0; i < ACCEPTS_PER_EVENT; i++) {
        int fd = accept4(h->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE)
                accept_without_fd(h);
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            return;
        }
        if (h->counts.open >= h->o.max_connections) {
            close(fd);
            h->counts.refused++;
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct conn *c = httpd_conn_new(h, fd);
        c->number = ++h->counts.accepted;
        if (add_fd(h, fd, c, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, NULL) != 0)
            conn_die(c);
    }
}

static void run_todo(struct httpd *h)
{
    struct conn *list = h->todo;
    h->todo = NULL;
    while (list) {
        struct conn *c = list;
        list = c->next_todo;
        c->queued = false;
        if (c->state != CONN_DEAD) {
            conn_proceed(c);
            continue;
        }
        if (c->x.gone)
            c->x.gone(c->x.gone_user);
        httpd_conn_free(c);
    }
}

static void sweep(struct httpd *h, mono_ns now)
{
    if (now < h->next_sweep)
        return;
    h->next_sweep = now + SWEEP_NS;
    for (struct conn *c = h->conns; c; c = c->next)
        if (conn_expired(c, now))
            conn_die(c);
}

/* ---- routes --------------------------------------------------------------------------------------------------- */

static bool path_matches(const char *pattern, struct span path)
{
    size_t n = strlen(pattern);
    if (n && pattern[n - 1] == '*')
        return path.len >= n - 1 && memcmp(path.at, pattern, n - 1) == 0;
    return span_eq_z(path, pattern);
}

static void refuse_method(struct httpd *h, struct exchange *x)
{
    struct str allow = STR_INIT;
    for (size_t i = 0; i < h->o.n_routes; i++)
        if (path_matches(h->o.routes[i].path, x->request.path))
            str_addf(&allow, "%s%s", allow.len ? ", " : "", h->o.routes[i].method);
    exchange_field(x, "Allow", str_z(&allow));
    str_release(&allow);
    exchange_replyz(x, 405, "application/json; charset=utf-8",
                    "{\"error\":{\"message\":\"this path has another method, see the Allow field\","
                    "\"type\":\"invalid_request_error\",\"code\":405}}");
}

void httpd_dispatch(struct httpd *h, struct conn *c)
{
    struct exchange *x = &c->x;
    const char *method = x->request.method;
    bool known = false;
    x->head_only = strcmp(method, "HEAD") == 0;
    if (x->head_only)
        method = "GET";
    for (size_t i = 0; i < h->o.n_routes; i++) {
        const struct httpd_route *r = &h->o.routes[i];
        if (!path_matches(r->path, x->request.path))
            continue;
        known = true;
        if (strcmp(r->method, method) == 0) {
            r->handle(h->o.user, x, &x->request);
            return;
        }
    }
    if (known)
        refuse_method(h, x);
    else
        exchange_replyz(x, 404, "application/json; charset=utf-8",
                        "{\"error\":{\"message\":\"File Not Found\",\"type\":\"not_found_error\",\"code\":404}}");
}

/* ---- the loop ------------------------------------------------------------------------------------------------- */

static void handle_event(struct httpd *h, const struct epoll_event *ev)
{
    void *mark = ev->data.ptr;
    if (mark == &h->listen_fd) {
        accept_some(h);
    } else if (mark == &h->wake_fd) {
        uint64_t n;
        ssize_t got = read(h->wake_fd, &n, sizeof n);
        (void)got;
        if (h->o.on_wake)
            h->o.on_wake(h->o.user);
    } else if (mark >= (void *)h->watches && mark < (void *)(h->watches + HTTPD_MAX_WATCHES)) {
        ((struct watch *)mark)->fn(h->o.user);
    } else {
        conn_event(mark, ev->events);
    }
}

/* Nanosecond timeouts, so that on_turn's schedule is not rounded to milliseconds. */
static int wait_events(struct httpd *h, struct epoll_event *events, mono_ns until, mono_ns now)
{
    struct timespec t = {0, 0};
    if (until != MONO_NONE && until > now)
        t = (struct timespec){(time_t)((until - now) / NS_PER_S), (long)((until - now) % NS_PER_S)};
    return epoll_pwait2(h->epoll_fd, events, EVENTS_PER_WAIT, until == MONO_NONE ? NULL : &t, NULL);
}

int httpd_run(struct httpd *h, struct err *e)
{
    struct epoll_event events[EVENTS_PER_WAIT];
    while (!atomic_load(&h->stop)) {
        mono_ns now = clock_now(NULL), until = MONO_NONE;
        if (h->o.on_turn)
            until = h->o.on_turn(h->o.user, now);
        if (h->conns && (until == MONO_NONE || until > h->next_sweep))
            until = h->next_sweep > now ? h->next_sweep : now + SWEEP_NS;
        if (h->todo)
            until = now;
        int n = wait_events(h, events, until, now);
        if (n < 0 && errno != EINTR)
            return err_sys(e, ERR_IO, errno, "epoll_pwait2");
        for (int i = 0; i < n; i++)
            handle_event(h, &events[i]);
        sweep(h, clock_now(NULL));
        run_todo(h);
    }
    return 0;
}

void httpd_free(struct httpd *h)
{
    if (!h)
        return;
    for (struct conn *c = h->conns; c; c = c->next)
        conn_die(c);
    run_todo(h);
    int fds[] = {h->listen_fd, h->wake_fd, h->epoll_fd, h->spare_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(h->buffer);
    free(h);
}
