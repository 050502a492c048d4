/* exchange.c: answers. Heads are small and built in a struct str; chunks leave by one sendmsg without being copied. */
#include "httpd/exchange.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "httpd/conn.h"

static struct conn *conn_of(struct exchange *x)
{
    return (struct conn *)x;
}

static struct iovec part(const void *p, size_t n)
{
    return (struct iovec){(void *)(uintptr_t)p, n};
}

static const char *reason(int status)
{
    switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 302: return "Found";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Status";
    }
}

void exchange_field(struct exchange *x, const char *name, const char *value)
{
    str_addf(&x->extra, "%s: %s\r\n", name, value);
}

static void add_head(struct exchange *x, struct str *out, int status, const char *type)
{
    struct httpd *h = conn_of(x)->h;
    x->started = true;
    str_addf(out, "HTTP/1.%d %d %s\r\n", x->request.minor, status, reason(status));
    if (!h->o.no_date)
        str_addf(out, "Date: %s\r\n", httpd_date(h));
    if (h->o.server_name)
        str_addf(out, "Server: %s\r\n", h->o.server_name);
    if (type)
        str_addf(out, "Content-Type: %s\r\n", type);
    if (x->extra.len)
        str_add(out, x->extra.at, x->extra.len);
}

static void check_open(const struct exchange *x, const struct conn *c)
{
    if (x->started || c->state == CONN_READING || c->state == CONN_CLOSING || c->state == CONN_LINGER)
        BUG("a second answer to one request");
}

int exchange_reply(struct exchange *x, int status, const char *type, const void *p, size_t n)
{
    struct conn *c = conn_of(x);
    x->gone = NULL; /* the caller is done with it, even if this last write fails */
    if (c->state == CONN_DEAD)
        return ERR_NET;
    check_open(x, c);
    struct str head = STR_INIT;
    add_head(x, &head, status, type);
    str_addf(&head, "Content-Length: %zu\r\n%s\r\n", n, x->keep_alive ? "" : "Connection: close\r\n");
    struct iovec parts[2] = {part(head.at, head.len), part(p, x->head_only ? 0 : n)};
    int rc = conn_write(c, parts, 2);
    str_release(&head);
    if (rc == 0)
        conn_finish(c);
    return rc;
}

int exchange_replyz(struct exchange *x, int status, const char *type, const char *z)
{
    return exchange_reply(x, status, type, z, strlen(z));
}

int exchange_stream(struct exchange *x, int status, const char *type)
{
    struct conn *c = conn_of(x);
    if (c->state == CONN_DEAD)
        return ERR_NET;
    check_open(x, c);
    struct str head = STR_INIT;
    x->streaming = true;
    x->chunked = x->request.minor > 0;
    add_head(x, &head, status, type);
    if (x->chunked)
        str_addz(&head, "Transfer-Encoding: chunked\r\n");
    str_addf(&head, "%s\r\n", x->keep_alive ? "" : "Connection: close\r\n");
    int rc = conn_write(c, &(struct iovec){head.at, head.len}, 1);
    str_release(&head);
    return rc;
}

static size_t hex_line(char out[20], size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char back[16];
    size_t k = 0, at = 0;
    do {
        back[k++] = digits[n & 15];
        n >>= 4;
    } while (n);
    while (k)
        out[at++] = back[--k];
    out[at++] = '\r';
    out[at++] = '\n';
    return at;
}

static int send_chunk(struct exchange *x, const char *before, const void *p, size_t n, const char *after)
{
    struct conn *c = conn_of(x);
    size_t nb = strlen(before), na = strlen(after);
    char size[20];
    if (c->state == CONN_DEAD)
        return ERR_NET;
    if (!x->streaming)
        BUG("a chunk outside a stream");
    if (x->head_only)
        return 0;
    struct iovec parts[5] = {part(size, x->chunked ? hex_line(size, nb + n + na) : 0), part(before, nb), part(p, n),
                             part(after, na), part("\r\n", x->chunked ? 2 : 0)};
    return conn_write(c, parts, 5);
}

int exchange_chunk(struct exchange *x, const void *p, size_t n)
{
    return n ? send_chunk(x, "", p, n, "") : 0;
}

int exchange_sse(struct exchange *x, const void *p, size_t n)
{
    return send_chunk(x, "data: ", p, n, "\n\n");
}

int exchange_ndjson(struct exchange *x, const void *p, size_t n)
{
    return send_chunk(x, "", p, n, "\n");
}

int exchange_end(struct exchange *x)
{
    struct conn *c = conn_of(x);
    int rc = 0;
    x->gone = NULL;
    if (c->state == CONN_DEAD)
        return ERR_NET;
    if (!x->streaming)
        BUG("the end of a stream that never started");
    if (x->chunked && !x->head_only)
        rc = conn_write(c, &(struct iovec){(void *)(uintptr_t) "0\r\n\r\n", 5}, 1);
    x->corked = false;
    if (rc == 0)
        conn_finish(c);
    return rc;
}

void exchange_cork(struct exchange *x)
{
    x->corked = true;
}

int exchange_uncork(struct exchange *x)
{
    struct conn *c = conn_of(x);
    x->corked = false;
    if (c->state == CONN_DEAD)
        return ERR_NET;
    return c->out.len ? conn_flush(c) : 0;
}

void exchange_on_gone(struct exchange *x, void (*fn)(void *user), void *user)
{
    x->gone = fn;
    x->gone_user = user;
}

void exchange_count(struct exchange *x, uint64_t *bytes)
{
    x->count = bytes;
}

int exchange_raw(struct exchange *x, const void *p, size_t n)
{
    x->started = x->streaming = true;
    return conn_write(conn_of(x), &(struct iovec){(void *)(uintptr_t)p, n}, 1);
}

void exchange_abort(struct exchange *x, bool reset)
{
    struct conn *c = conn_of(x);
    x->gone = NULL;
    if (c->state != CONN_BUSY)
        return;
    x->corked = x->keep_alive = false;
    if (reset) {
        c->reset = true;
        c->state = CONN_CLOSING; /* our own doing: not counted as a client that left */
        conn_die(c);
    } else {
        conn_finish(c);
    }
}

size_t exchange_queued(const struct exchange *x)
{
    const struct conn *c = (const struct conn *)x;
    return c->out.len - c->out_at;
}
