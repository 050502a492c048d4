/* Private to httpd/: the connection, its states, and the server's own fields.
 *
 *   READING  waits for a request or is in the middle of one      -> BUSY, LINGER (protocol error), DEAD
 *   BUSY     a handler has the exchange, its answer is not done  -> READING, CLOSING, DEAD (client left)
 *   CLOSING  answer done, connection ends when the queue is sent -> LINGER, DEAD
 *   LINGER   write side shut; input is thrown away so that the peer reads our last bytes before any RST -> DEAD
 *   DEAD     waits for the end of the turn, where it is freed
 *
 * epoll is edge-triggered with everything registered once: no epoll_ctl on the way of a request. */
#ifndef HTTPD_CONN_H
#define HTTPD_CONN_H

#include <llhttp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/uio.h>
#include <time.h>

#include "httpd/exchange.h"
#include "httpd/httpd.h"

enum conn_state { CONN_READING, CONN_BUSY, CONN_CLOSING, CONN_LINGER, CONN_DEAD };

struct exchange {
    struct http_request request;
    struct str extra; /* further fields of the head */
    void (*gone)(void *user);
    void *gone_user;
    uint64_t *count; /* the user's; NULL: nobody counts */
    bool started, streaming, chunked, head_only, corked, keep_alive;
};

struct conn {
    struct exchange x; /* first: an exchange is its connection */
    struct httpd *h;
    int fd;
    enum conn_state state;
    bool readable, peer_closed, queued, in_message, reset, overflowed;
    mono_ns last_activity;
    uint64_t number, n_requests;

    llhttp_t parser;
    int error_status; /* set by a parser callback that refuses */
    struct str text;  /* url and fields of the current request, back to back */
    size_t url_len;
    struct piece {
        size_t name_at, name_len, value_at, value_len;
    } * pieces;
    size_t n_pieces, cap_pieces;
    bool value_open; /* the last header callback was a value */
    struct http_field *fields;
    struct str body;
    struct str rest; /* read but not parsed: what a pipelining client sent after the request */

    struct str out; /* unsent bytes from out_at on */
    size_t out_at;

    struct conn *prev, *next; /* all connections */
    struct conn *next_todo;
};

struct watch {
    int fd;
    void (*fn)(void *user);
};

struct httpd {
    struct httpd_options o; /* with defaults filled in */
    llhttp_settings_t settings;
    int epoll_fd, listen_fd, wake_fd, spare_fd;
    int port;
    atomic_bool stop;
    struct watch watches[HTTPD_MAX_WATCHES];
    int n_watches;
    struct conn *conns; /* all of them */
    struct conn *todo;  /* to be freed or read on at the end of the turn */
    mono_ns next_sweep;
    time_t date_s; /* second that `date` shows */
    char date[40];
    char *buffer; /* one read buffer for all */
    struct httpd_counts counts;
};

enum { HTTPD_BUFFER_BYTES = 64 * 1024 };

/* Named after the room: net/ has a conn_new of its own, and one program links both. */
struct conn *httpd_conn_new(struct httpd *h, int fd);
void httpd_conn_free(struct conn *c);
void conn_event(struct conn *c, unsigned events);
void conn_proceed(struct conn *c); /* parse and read on, as far as the state allows */
void conn_todo(struct conn *c);    /* looks at it again at the end of the turn */
void conn_die(struct conn *c);
void conn_finish(struct conn *c); /* the answer is complete */
int conn_write(struct conn *c, const struct iovec *parts, int n_parts);
int conn_flush(struct conn *c);
bool conn_expired(const struct conn *c, mono_ns now);

void parse_settings(llhttp_settings_t *s);
void parse_reset(struct conn *c);
/* Feeds bytes; returns how many were used. After a whole request *done is true; on a refused one c->error_status is
 * set. */
size_t parse_feed(struct conn *c, const char *p, size_t n, bool *done);
void parse_request(struct conn *c, struct http_request *r); /* the spans of a whole request */

void httpd_dispatch(struct httpd *h, struct conn *c);
const char *httpd_date(struct httpd *h);

#endif
