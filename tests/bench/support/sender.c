/* sender.c: see sender.h. */
#include "sender.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "host.h"

#define LATE_NS (300 * NS_PER_US) /* a server that was away for longer shifts its schedule instead of bursting */
#define EVENT_HEAD                                                                                                     \
    "data: {\"id\":\"chatcmpl-0123456789\",\"object\":\"chat.completion.chunk\",\"created\":1,\"choices\":[{"          \
    "\"index\":0,\"delta\":{\"content\":\""
#define EVENT_TAIL "\"},\"logprobs\":null,\"finish_reason\":null}],\"model\":\"m\"}\n\n"
#define LAST_EVENT "data: [DONE]\n\n"
#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

_Static_assert(sizeof EVENT_HEAD - 1 - 6 == SENDER_STAMP_AT, "SENDER_STAMP_AT");

enum { CHUNK_BYTES = 256, MOST_BURST = 256 };

struct stream {
    mono_ns next;
    SSL *ssl;
    int fd, left;
};

int64_t sender_stamp(const char *digits)
{
    int64_t t = 0;
    for (int i = 0; i < SENDER_STAMP_DIGITS; i++)
        t = 10 * t + (digits[i] - '0');
    return t;
}

static size_t write_chunk(char *to, mono_ns t)
{
    size_t event = sizeof EVENT_HEAD - 1 + SENDER_STAMP_DIGITS + sizeof EVENT_TAIL - 1;
    int n = sprintf(to, "%zx\r\n" EVENT_HEAD, event);
    char *digit = to + n + SENDER_STAMP_DIGITS;
    for (int i = 0; i < SENDER_STAMP_DIGITS; i++, t /= 10)
        *--digit = (char)('0' + t % 10);
    n += SENDER_STAMP_DIGITS;
    memcpy(to + n, EVENT_TAIL "\r\n", sizeof EVENT_TAIL + 1);
    return (size_t)n + sizeof EVENT_TAIL + 1;
}

static size_t write_end(char *to)
{
    return (size_t)sprintf(to, "%zx\r\n" LAST_EVENT "\r\n0\r\n\r\n", sizeof LAST_EVENT - 1);
}

static void put(struct stream *s, const char *p, size_t n)
{
    bool gone = s->ssl ? SSL_write(s->ssl, p, (int)n) != (int)n : send(s->fd, p, n, MSG_NOSIGNAL) != (ssize_t)n;
    if (gone)
        s->left = 1;
}

static void send_chunks(struct stream *s, int burst)
{
    static char out[MOST_BURST * CHUNK_BYTES];
    size_t n = 0;
    for (int i = 0; i < burst && i < s->left; i++)
        n += write_chunk(out + n, clock_now(NULL));
    put(s, out, n);
    s->left -= burst < s->left ? burst : s->left;
    if (!s->left)
        put(s, out, write_end(out));
}

/* ---- one round of streams --------------------------------------------------------------------------------------- */

static void greet(struct stream *s, const struct sender *sender, SSL_CTX *tls)
{
    int on = 1;
    *s = (struct stream){.left = sender->spec.chunks, .fd = accept(sender->listener, NULL, NULL)};
    if (s->fd < 0)
        _exit(1);
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!tls)
        return;
    s->ssl = SSL_new(tls);
    SSL_set_fd(s->ssl, s->fd);
    if (SSL_accept(s->ssl) != 1)
        _exit(1);
}

static void read_request(struct stream *s)
{
    char request[2048];
    ssize_t n = s->ssl ? SSL_read(s->ssl, request, sizeof request) : recv(s->fd, request, sizeof request, 0);
    if (n <= 0)
        _exit(1);
    put(s, HEAD, sizeof HEAD - 1);
}

static void part(struct stream *s)
{
    if (s->ssl) {
        SSL_shutdown(s->ssl);
        SSL_free(s->ssl);
    }
    close(s->fd);
}

static void send_paced(struct stream *s, const struct sender_spec *spec)
{
    mono_ns base = clock_now(NULL) + 50 * NS_PER_MS, gap = NS_PER_S / spec->rate;
    for (int i = 0; i < spec->streams; i++)
        s[i].next = base + i * (gap / spec->streams);
    for (int open = spec->streams; open;)
        for (int i = 0; i < spec->streams; i++) {
            mono_ns late = clock_now(NULL) - s[i].next;
            if (!s[i].left || late < 0)
                continue;
            for (int k = 0; late > LATE_NS && k < spec->streams; k++)
                s[k].next += late;
            s[i].next += gap;
            send_chunks(&s[i], spec->burst);
            open -= !s[i].left;
        }
}

/* Never more than half of the streams have a chunk that the client did not read: a read finds one chunk, and the client
 * always has something to read. Bursts need no such rein: the socket holds the sender back. */
static void send_fast(struct stream *s, const struct sender *sender)
{
    const struct sender_spec *spec = &sender->spec;
    uint64_t sent = 0, ahead = (uint64_t)spec->streams / 2;
    for (int open = spec->streams; open;)
        for (int i = 0; i < spec->streams; i++) {
            if (!s[i].left)
                continue;
            while (spec->burst == 1 && sent > atomic_load_explicit(sender->read, memory_order_relaxed) + ahead)
                ;
            sent += (uint64_t)spec->burst;
            send_chunks(&s[i], spec->burst);
            open -= !s[i].left;
        }
}

static void serve_streams(const struct sender *sender, SSL_CTX *tls)
{
    static struct stream s[SENDER_MOST];
    for (;;) {
        for (int i = 0; i < sender->spec.streams; i++)
            greet(&s[i], sender, tls);
        atomic_store(sender->read, 0);
        for (int i = 0; i < sender->spec.streams; i++)
            read_request(&s[i]);
        if (sender->spec.rate)
            send_paced(s, &sender->spec);
        else
            send_fast(s, sender);
        for (int i = 0; i < sender->spec.streams; i++)
            part(&s[i]);
    }
}

/* ---- requests of one chunk --------------------------------------------------------------------------------------- */

static void watch(int set, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev);
}

/* One read is one request: they are short, and nobody pipelines. It never sleeps: waking it would be the cost of a client
 * that is slow enough to let it fall asleep. */
static void serve_requests(const struct sender *sender)
{
    struct epoll_event got[256];
    char request[8192], answer[1024];
    int set = epoll_create1(0), n, on = 1;
    size_t head = sizeof HEAD - 1;
    memcpy(answer, HEAD, head);
    watch(set, sender->listener);
    while ((n = epoll_wait(set, got, 256, 0)) >= 0)
        for (int i = 0; i < n; i++) {
            int fd = got[i].data.fd;
            if (fd == sender->listener) {
                fd = accept(fd, NULL, NULL);
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                watch(set, fd);
            } else if (recv(fd, request, sizeof request, 0) <= 0) {
                close(fd);
            } else {
                size_t len = head + write_chunk(answer + head, clock_now(NULL));
                len += write_end(answer + len);
                send(fd, answer, len, MSG_NOSIGNAL);
            }
        }
}

/* ---- TLS --------------------------------------------------------------------------------------------------------- */

static X509 *certify(EVP_PKEY *key)
{
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    X509_EXTENSION *address = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"bench", -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_set_pubkey(x, key);
    X509_add_ext(x, address, -1);
    X509_EXTENSION_free(address);
    X509_sign(x, key, EVP_sha256());
    return x;
}

static SSL_CTX *make_tls(struct sender *s)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = certify(key);
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate(tls, x) != 1 || SSL_CTX_use_PrivateKey(tls, key) != 1)
        give_up("TLS");
    snprintf(s->ca_file, sizeof s->ca_file, "/tmp/bench-ca-XXXXXX");
    FILE *f = fdopen(mkstemp(s->ca_file), "w");
    PEM_write_X509(f, x);
    fclose(f);
    X509_free(x);
    EVP_PKEY_free(key);
    return tls;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

struct job {
    const struct sender *sender;
    SSL_CTX *tls;
};

static void serve(void *user)
{
    const struct job *job = user;
    pin(0);
    go_first();
    if (job->sender->spec.chunks)
        serve_streams(job->sender, job->tls);
    else
        serve_requests(job->sender);
}

void sender_start(struct sender *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    struct job job = {.sender = s};
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(s->listener, (struct sockaddr *)&a, len) || listen(s->listener, SENDER_MOST) ||
        getsockname(s->listener, (struct sockaddr *)&a, &len))
        give_up("listen");
    s->port = ntohs(a.sin_port);
    s->read = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    job.tls = s->spec.tls ? make_tls(s) : NULL;
    s->pid = start_child(serve, &job);
    SSL_CTX_free(job.tls);
    close(s->listener);
}

void sender_stop(struct sender *s)
{
    stop_child(s->pid);
    munmap(s->read, 4096);
    if (s->spec.tls)
        unlink(s->ca_file);
}
