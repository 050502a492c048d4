/* acts_answer.c: faults that come instead of an answer, and faults of its head. */
#include <string.h>

#include "stub/acts.h"

static void raw(struct reply *r, const char *p, size_t n)
{
    exchange_raw(r->x, p, n);
}

enum fault_next act_status(struct reply *r)
{
    int status = r->fault->status;
    if (status == 429 || status == 503)
        exchange_field(r->x, "Retry-After", "1");
    reply_error(r->dialect, r->x, status, r->fault->text, "the stub was told to answer so");
    return FAULT_OVER;
}

static const char page[] = "<!DOCTYPE html>\n<html><head><title>Error</title></head>\n"
                           "<body><h1>The server is out for lunch</h1></body></html>\n";

enum fault_next act_html(struct reply *r)
{
    exchange_replyz(r->x, r->fault->status, "text/html; charset=utf-8", page);
    return FAULT_OVER;
}

enum fault_next act_no_body(struct reply *r)
{
    exchange_replyz(r->x, r->fault->status, NULL, "");
    return FAULT_OVER;
}

enum fault_next act_redirect(struct reply *r)
{
    exchange_field(r->x, "Location", "/elsewhere");
    exchange_replyz(r->x, r->fault->status, "text/html; charset=utf-8", page);
    return FAULT_OVER;
}

enum fault_next act_close(struct reply *r)
{
    exchange_abort(r->x, false);
    return FAULT_OVER;
}

enum fault_next act_reset(struct reply *r)
{
    exchange_uncork(r->x); /* what was said before the reset is said */
    exchange_abort(r->x, true);
    return FAULT_OVER;
}

enum fault_next act_hang(struct reply *r)
{
    (void)r;
    return FAULT_HANG;
}

enum fault_next act_head_only(struct reply *r)
{
    exchange_stream(r->x, 200, r->dialect->stream_type);
    return FAULT_HANG;
}

enum fault_next act_raw_close(struct reply *r)
{
    raw(r, r->fault->text, strlen(r->fault->text));
    exchange_abort(r->x, false);
    return FAULT_OVER;
}

enum fault_next act_huge_head(struct reply *r)
{
    struct str text = STR_INIT;
    str_addz(&text, "HTTP/1.1 200 OK\r\nX-Huge: ");
    for (int i = 0; i < r->fault->status; i++)
        str_addc(&text, 'h');
    str_addz(&text, "\r\nContent-Length: 2\r\n\r\n{}");
    raw(r, text.at, text.len);
    str_release(&text);
    exchange_abort(r->x, false);
    return FAULT_OVER;
}

enum fault_next act_many_fields(struct reply *r)
{
    for (int i = 0; i < r->fault->status; i++)
        exchange_field(r->x, "X", "y");
    exchange_replyz(r->x, 200, STUB_JSON, "{}");
    return FAULT_OVER;
}

enum fault_next act_interim(struct reply *r)
{
    struct str text = STR_INIT;
    for (int i = 0; i < r->fault->status; i++)
        str_addz(&text, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n");
    exchange_cork(r->x);
    raw(r, text.at, text.len);
    str_release(&text);
    str_addf(&text, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nConnection: close\r\n\r\n", r->dialect->stream_type);
    raw(r, text.at, text.len);
    str_release(&text);
    return FAULT_GO_ON;
}

enum fault_next act_short_body(struct reply *r)
{
    struct str head = STR_INIT;
    str_addf(&head, "HTTP/1.1 200 OK\r\nContent-Type: " STUB_JSON "\r\nContent-Length: %zu\r\n\r\n{}",
             (size_t)r->fault->status + 2);
    raw(r, head.at, head.len);
    str_release(&head);
    exchange_abort(r->x, false);
    return FAULT_OVER;
}

enum fault_next act_raw_head(struct reply *r)
{
    struct str head = STR_INIT;
    str_addf(&head, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s", r->dialect->stream_type, r->fault->text);
    if (!strstr(r->fault->text, "\r\n\r\n")) /* else it goes on into the body */
        str_addz(&head, "\r\n");
    raw(r, head.at, head.len);
    str_release(&head);
    return FAULT_GO_ON;
}
