/* Any bytes, fed to the request parser whole and in two parts: no crash, the same verdict, limits kept. The first byte
 * chooses where the cut is. */
#include <stdlib.h>
#include <string.h>

#include "httpd/conn.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct verdict {
    size_t used, path_len, n_fields, body_len;
    int status;
    bool done;
};

static struct verdict feed(struct httpd *h, const char *p, size_t n, size_t cut)
{
    struct verdict v = {0};
    struct conn *c = httpd_conn_new(h, -1);
    struct http_request r;
    v.used = parse_feed(c, p, cut, &v.done);
    if (!v.done && !c->error_status && n > cut)
        v.used += parse_feed(c, p + cut, n - cut, &v.done);
    v.status = c->error_status;
    if (v.done) {
        parse_request(c, &r);
        v.path_len = r.path.len;
        v.n_fields = r.n_fields;
        v.body_len = r.body.len;
        if (c->text.len > h->o.max_header_bytes || r.n_fields > h->o.max_fields || r.body.len > h->o.max_body_bytes)
            abort();
        http_request_field(&r, "expect");
    }
    httpd_conn_free(c);
    h->todo = NULL;
    return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct httpd h = {
        .o = {.max_header_bytes = 2000, .max_fields = 10, .max_body_bytes = 500, .max_queue_bytes = 1000}};
    if (!n)
        return 0;
    parse_settings(&h.settings);
    const char *text = (const char *)p + 1;
    struct verdict a = feed(&h, text, n - 1, n - 1), b = feed(&h, text, n - 1, p[0] % n);
    if (a.done != b.done || (a.status != 0) != (b.status != 0))
        abort();
    if (a.done &&
        (a.used != b.used || a.path_len != b.path_len || a.n_fields != b.n_fields || a.body_len != b.body_len))
        abort();
    return 0;
}
