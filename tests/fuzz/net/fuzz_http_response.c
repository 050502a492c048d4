/* The response reader: any bytes end in a result, and a response that is complete is the same however it was cut.
 * The first two bytes of the input choose the limit of the head and the cuts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "net/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool on_head(void *user, int status, struct span type)
{
    str_addf(user, "%d %.*s:", status, (int)type.len, type.at);
    return true;
}

static bool on_body(void *user, const char *p, size_t n)
{
    str_add(user, p, n);
    return true;
}

static enum http_result read_cut(const char *p, size_t n, size_t head_max, size_t step, struct str *out)
{
    static const struct http_sink sink = {on_head, on_body};
    struct http_reader h;
    enum http_result r = HTTP_MORE;
    http_init(&h, &sink, out, head_max, false);
    for (size_t from = 0; from < n && r == HTTP_MORE;) {
        size_t take = step && step < n - from ? step : n - from, extra;
        char *copy = xmalloc(take);
        memcpy(copy, p + from, take);
        r = http_feed(&h, copy, take, &extra);
        if (r == HTTP_BAD && !h.why[0])
            BUG("a bad response without a reason");
        if (extra > take || (extra && r != HTTP_COMPLETE))
            BUG("wrong count of extra bytes");
        free(copy);
        from += take;
        step = step ? step % 7 + 1 : 0;
    }
    if (r == HTTP_MORE) {
        r = http_eof(&h);
        if (r != HTTP_COMPLETE && !http_where(&h)[0])
            BUG("a broken response without a place");
    }
    if (r == HTTP_STOPPED || r == HTTP_MORE)
        BUG("no result");
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (n < 2)
        return 0;
    struct str whole = STR_INIT, cuts = STR_INIT;
    size_t head_max = p[0] & 1 ? 100 : 0;
    enum http_result a = read_cut((const char *)p + 2, n - 2, head_max, 0, &whole);
    enum http_result b = read_cut((const char *)p + 2, n - 2, head_max, p[1] % 7 + 1u, &cuts);
    if (a != b)
        BUG("the result depends on the cuts");
    if (a == HTTP_COMPLETE && (whole.len != cuts.len || (whole.len && memcmp(whole.at, cuts.at, whole.len) != 0)))
        BUG("the response depends on the cuts");
    str_release(&whole);
    str_release(&cuts);
    return 0;
}
