/* For the tests of stub: a stub on a thread of its own, and a client made of plain sockets: no parser of ours takes part. */
#ifndef TESTS_STUB_FIXTURE_H
#define TESTS_STUB_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <string.h>

#include "base/file.h"
#include "stub/stub.h"

enum { PATIENCE_S = 20 };

struct fixture {
    struct stub *s;
    pthread_t thread;
    int port;
};

static void *run(void *user)
{
    struct fixture *f = user;
    struct err e = ERR_INIT;
    if (stub_run(f->s, &e))
        fprintf(stderr, "stub_run: %s\n", e.text);
    return NULL;
}

static void start(struct fixture *f, struct stub_options o)
{
    struct err e = ERR_INIT;
    *f = (struct fixture){0};
    if (stub_open(&f->s, &o, &e))
        fail_msg("stub_open: %s", e.text);
    f->port = stub_port(f->s);
    assert_int_equal(pthread_create(&f->thread, NULL, run, f), 0);
}

static struct stub_counts stop(struct fixture *f)
{
    struct err e = ERR_INIT;
    stub_stop(f->s);
    pthread_join(f->thread, NULL);
    struct stub_counts c = stub_counts(f->s);
    assert_int_equal(stub_free(f->s, &e), 0);
    return c;
}

static int dial(const struct fixture *f)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)f->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {PATIENCE_S, 0};
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

/* Writes a POST; keep: the connection is to stay. */
static void say(int fd, const char *path, const char *body, bool keep)
{
    struct str out = STR_INIT;
    str_addf(&out, "POST %s HTTP/1.1\r\nHost: t\r\n%sContent-Length: %zu\r\n\r\n%s", path,
             keep ? "" : "Connection: close\r\n", strlen(body), body);
    assert_int_equal(send(fd, out.at, out.len, MSG_NOSIGNAL), out.len);
    str_release(&out);
}

enum ended { BY_CLOSE, BY_RESET, BY_NEEDLE };

/* Reads until the end of the stream, or until `needle` came (NULL: the end). */
static enum ended hear(int fd, struct str *in, const char *needle)
{
    char block[65536];
    while (!needle || !in->len || !memmem(in->at, in->len, needle, strlen(needle))) {
        ssize_t n = recv(fd, block, sizeof block, 0);
        if (n == 0)
            return BY_CLOSE;
        if (n < 0 && errno == ECONNRESET)
            return BY_RESET;
        if (n < 0)
            fail_msg("the answer stopped (errno %d) after: %s", errno, str_z(in));
        str_add(in, block, (size_t)n);
    }
    return BY_NEEDLE;
}

/* One POST on a connection of its own, to its end. */
static enum ended ask(const struct fixture *f, const char *path, const char *body, struct str *in)
{
    int fd = dial(f);
    str_clear(in);
    say(fd, path, body, false);
    enum ended how = hear(fd, in, NULL);
    close(fd);
    return how;
}

static size_t count(const struct str *in, const char *what)
{
    size_t n = 0, len = strlen(what);
    for (const char *p = str_z(in), *end = p + in->len; (p = memmem(p, (size_t)(end - p), what, len)); p += len)
        n++;
    return n;
}

static bool contains(const struct str *in, const char *what)
{
    return in->len && memmem(in->at, in->len, what, strlen(what));
}

static void has(const struct str *in, const char *what)
{
    if (!contains(in, what))
        fail_msg("'%s' is not in: %s", what, str_z(in));
}

static void has_not(const struct str *in, const char *what)
{
    if (contains(in, what))
        fail_msg("'%s' is in: %s", what, str_z(in));
}

#endif
