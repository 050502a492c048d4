/* bare.c: see bare.h. */
#include "bare.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "host.h"
#include "net/stamp.h"

enum { CARRY = 1024, READ = 256 * 1024, BATCH = 512 };

struct conn {
    int fd;
    bool in_body;
    struct bare_answer *answer; /* being read; NULL */
    size_t carried;             /* bytes of an unfinished piece, kept for the next read */
    char carry[CARRY];
};

static const char usual_request[] =
    "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAccept: */*\r\nContent-Type: application/json\r\n"
    "Content-Length: 141\r\n\r\n"
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"sixteen short words that nobody ever reads because "
    "this is a benchmark\"}],\"stream\":true}  ";

static void connect_one(const struct bare *b, struct conn *c)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)b->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    *c = (struct conn){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&a, sizeof a) || stamp_enable_rx(c->fd))
        give_up("bare loop");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void ask(const struct bare *b, struct conn *c, uint64_t number)
{
    const char *request = b->request ? b->request : usual_request;
    size_t n = strlen(request);
    if (b->answers) {
        c->answer = &b->answers[number];
        *c->answer = (struct bare_answer){.sent_ns = clock_now(NULL)};
    }
    if (send(c->fd, request, n, MSG_NOSIGNAL) != (ssize_t)n)
        give_up("bare loop: send");
}

static void keep(struct bare_answer *a, const char *p, size_t n, int64_t t)
{
    static const char key[] = "\"content\":\"";
    const char *text = memmem(p, n, key, sizeof key - 1);
    if (!text || text[sizeof key - 1] == '"')
        return;
    if (!a->chunks++)
        a->first_ns = t;
    a->last_ns = t;
}

static void count(struct bare *b, struct conn *c, const char *p, size_t n, int64_t t)
{
    b->chunks++;
    if (b->sender)
        sender_told(b->sender, b->chunks);
    if (c->answer)
        keep(c->answer, p, n, t);
}

/* Takes what one read brought, at stamp t. True when the answer is over. */
static bool take(struct bare *b, struct conn *c, char *p, char *end, int64_t t)
{
    const char *last = NULL;
    bool over = false;
    if (!c->in_body) {
        char *body = memmem(p, (size_t)(end - p), "\r\n\r\n", 4);
        c->in_body = body != NULL;
        p = body ? body + 4 : p;
    }
    while (c->in_body && p < end) {
        char *q = p;
        long size = 0;
        for (; q < end && *q != '\r'; q++)
            size = 16 * size + (*q <= '9' ? *q - '0' : *q - 'a' + 10);
        if (end - q < size + 4)
            break;
        over = size == 0;
        if (over)
            c->in_body = false;
        else if (q[8] == '{') {
            last = q + 8;
            count(b, c, last, (size_t)size, t);
        }
        p = q + size + 4;
    }
    c->carried = (size_t)(end - p);
    if (c->carried > CARRY)
        give_up("bare loop: a piece too long");
    memcpy(c->carry, p, c->carried);
    if (last && b->error)
        b->error[b->n_error++] = t - sender_stamp(last + SENDER_STAMP_AT);
    return over;
}

static bool read_one(struct bare *b, struct conn *c, int64_t offset)
{
    static char buffer[CARRY + READ];
    int64_t realtime;
    ssize_t n = stamp_recv(c->fd, buffer + CARRY, READ, &realtime);
    if (n <= 0)
        give_up("bare loop: recv");
    b->reads++;
    char *from = buffer + CARRY - c->carried;
    memcpy(from, c->carry, c->carried);
    return take(b, c, from, buffer + CARRY + n, realtime - offset);
}

static void run(struct bare *b, struct conn *conns, int set)
{
    struct epoll_event got[BATCH];
    int64_t offset = clock_realtime_offset(64, NULL);
    uint64_t asked = (uint64_t)b->streams, answered = 0;
    for (int i = 0; i < b->streams; i++)
        ask(b, &conns[i], (uint64_t)i);
    while (answered < b->requests) {
        int n = epoll_wait(set, got, BATCH, 10000);
        if (n <= 0)
            give_up("bare loop: nothing came");
        for (int i = 0; i < n; i++) {
            struct conn *c = got[i].data.ptr;
            if (!read_one(b, c, offset))
                continue;
            answered++;
            if (asked < b->requests) {
                ask(b, c, asked++);
            } else {
                epoll_ctl(set, EPOLL_CTL_DEL, c->fd, NULL);
            }
        }
    }
}

void bare_run(struct bare *b)
{
    struct conn *conns = calloc((size_t)b->streams, sizeof *conns);
    int set = epoll_create1(0);
    for (int i = 0; i < b->streams; i++) {
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &conns[i]};
        connect_one(b, &conns[i]);
        epoll_ctl(set, EPOLL_CTL_ADD, conns[i].fd, &ev);
    }
    b->chunks = b->reads = b->n_error = 0;
    double cpu = cpu_s();
    mono_ns t = clock_now(NULL);
    run(b, conns, set);
    b->wall_s = (double)(clock_now(NULL) - t) / 1e9;
    b->cpu_s = cpu_s() - cpu;
    for (int i = 0; i < b->streams; i++)
        close(conns[i].fd);
    close(set);
    free(conns);
}
