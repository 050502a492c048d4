/* parse.c: from bytes to a request, by llhttp, with the limits of httpd_options. Fields are gathered as offsets while
 * their text may still move, and become spans when the request is whole. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "httpd/conn.h"

static struct conn *conn_of(llhttp_t *p)
{
    return p->data;
}

static int refuse(struct conn *c, int status)
{
    c->error_status = status;
    return -1;
}

static int add_text(struct conn *c, const char *at, size_t n)
{
    if (c->text.len + n > c->h->o.max_header_bytes)
        return refuse(c, 431);
    str_add(&c->text, at, n);
    return 0;
}

static int on_begin(llhttp_t *p)
{
    conn_of(p)->in_message = true;
    return 0;
}

static int on_url(llhttp_t *p, const char *at, size_t n)
{
    struct conn *c = conn_of(p);
    c->url_len += n;
    return add_text(c, at, n);
}

static struct piece *new_piece(struct conn *c)
{
    if (c->n_pieces == c->cap_pieces) {
        c->cap_pieces = c->cap_pieces ? 2 * c->cap_pieces : 16;
        c->pieces = xrealloc(c->pieces, c->cap_pieces * sizeof *c->pieces);
    }
    c->pieces[c->n_pieces] = (struct piece){.name_at = c->text.len};
    return &c->pieces[c->n_pieces++];
}

static int on_field(llhttp_t *p, const char *at, size_t n)
{
    struct conn *c = conn_of(p);
    if (!c->n_pieces || c->value_open) {
        if (c->n_pieces == c->h->o.max_fields)
            return refuse(c, 431);
        new_piece(c);
        c->value_open = false;
    }
    c->pieces[c->n_pieces - 1].name_len += n;
    return add_text(c, at, n);
}

static int on_value(llhttp_t *p, const char *at, size_t n)
{
    struct conn *c = conn_of(p);
    if (!c->n_pieces)
        return refuse(c, 400);
    struct piece *f = &c->pieces[c->n_pieces - 1];
    if (!c->value_open) {
        f->value_at = c->text.len;
        c->value_open = true;
    }
    f->value_len += n;
    return add_text(c, at, n);
}

/* A field without a value produces no value callback with bytes, but this one always comes. */
static int on_value_complete(llhttp_t *p)
{
    struct conn *c = conn_of(p);
    if (c->n_pieces && !c->value_open) {
        c->pieces[c->n_pieces - 1].value_at = c->text.len;
        c->value_open = true;
    }
    return 0;
}

static int on_head(llhttp_t *p)
{
    struct conn *c = conn_of(p);
    p->upgrade = 0; /* another protocol is never offered, so the request is served as it is */
    if (p->http_major != 1)
        return refuse(c, 505);
    if ((p->flags & F_CONTENT_LENGTH) && p->content_length > c->h->o.max_body_bytes)
        return refuse(c, 413);
    struct http_request r;
    parse_request(c, &r);
    struct span expect = http_request_field(&r, "expect");
    if (expect.len == 12 && strncasecmp(expect.at, "100-continue", 12) == 0 && p->http_minor > 0) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        conn_write(c, &(struct iovec){(void *)(uintptr_t)go_on, sizeof go_on - 1}, 1);
    }
    return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    struct conn *c = conn_of(p);
    if (c->body.len + n > c->h->o.max_body_bytes)
        return refuse(c, 413);
    if ((p->flags & F_CONTENT_LENGTH) && !c->body.cap)
        str_reserve(&c->body, n + (size_t)p->content_length);
    str_add(&c->body, at, n);
    return 0;
}

static int on_complete(llhttp_t *p)
{
    conn_of(p)->x.keep_alive = p->http_minor > 0 && llhttp_should_keep_alive(p);
    return HPE_PAUSED; /* what follows waits for our answer */
}

void parse_settings(llhttp_settings_t *s)
{
    llhttp_settings_init(s);
    s->on_message_begin = on_begin;
    s->on_url = on_url;
    s->on_header_field = on_field;
    s->on_header_value = on_value;
    s->on_header_value_complete = on_value_complete;
    s->on_headers_complete = on_head;
    s->on_body = on_body;
    s->on_message_complete = on_complete;
}

void parse_reset(struct conn *c)
{
    enum { KEEP_BYTES = 64 * 1024 }; /* a large body's memory is not held by an idle connection */
    c->in_message = c->value_open = false;
    c->error_status = 0;
    c->url_len = c->n_pieces = 0;
    str_clear(&c->text);
    if (c->body.cap > KEEP_BYTES)
        str_release(&c->body);
    else
        str_clear(&c->body);
    free(c->fields);
    c->fields = NULL;
    llhttp_init(&c->parser, HTTP_REQUEST, &c->h->settings);
    c->parser.data = c;
}

size_t parse_feed(struct conn *c, const char *p, size_t n, bool *done)
{
    *done = false;
    llhttp_errno_t rc = llhttp_execute(&c->parser, p, n);
    if (rc == HPE_OK)
        return n;
    if (rc == HPE_PAUSED) {
        *done = true;
        return (size_t)(llhttp_get_error_pos(&c->parser) - p);
    }
    if (!c->error_status)
        c->error_status = 400;
    return n;
}

void parse_request(struct conn *c, struct http_request *r)
{
    *r = (struct http_request){.method = llhttp_method_name((llhttp_method_t)c->parser.method),
                               .minor = c->parser.http_minor};
    const char *base = str_z(&c->text);
    const char *mark = c->url_len ? memchr(base, '?', c->url_len) : NULL;
    size_t path_len = mark ? (size_t)(mark - base) : c->url_len;
    r->path = (struct span){base, path_len};
    if (mark)
        r->query = (struct span){mark + 1, c->url_len - path_len - 1};
    free(c->fields);
    c->fields = xcalloc(c->n_pieces, sizeof *c->fields);
    for (size_t i = 0; i < c->n_pieces; i++) {
        const struct piece *f = &c->pieces[i];
        c->fields[i].name = (struct span){base + f->name_at, f->name_len};
        c->fields[i].value = (struct span){base + f->value_at, f->value_len};
    }
    r->fields = c->fields;
    r->n_fields = c->n_pieces;
    r->body = (struct span){str_z(&c->body), c->body.len};
}

struct span http_request_field(const struct http_request *r, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < r->n_fields; i++)
        if (r->fields[i].name.len == n && strncasecmp(r->fields[i].name.at, name, n) == 0)
            return r->fields[i].value;
    return SPAN_NONE;
}
