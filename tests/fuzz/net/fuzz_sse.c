/* The SSE cutter: any bytes, cut anywhere, give the same events as the same bytes in one piece. The first two
 * bytes of the input choose the limits and the cuts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "net/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool write_down(void *user, const struct sse_event *ev)
{
    struct str *out = user;
    str_addc(out, ev->comment ? '#' : '>');
    str_add(out, ev->name.at, ev->name.len);
    str_addc(out, '=');
    str_add(out, ev->data.at, ev->data.len);
    str_addf(out, "]%u\n", ev->wire_bytes);
    return true;
}

/* step 0: one piece. Pieces live only as long as their feed. */
static enum sse_result cut(const char *p, size_t n, size_t max, size_t step, struct str *out)
{
    struct sse s;
    enum sse_result r = SSE_OK;
    sse_init(&s, max, 2 * max, write_down, out);
    for (size_t from = 0; from < n && !r;) {
        size_t take = step && step < n - from ? step : n - from;
        char *copy = xmalloc(take);
        memcpy(copy, p + from, take);
        r = sse_feed(&s, copy, take);
        free(copy);
        from += take;
        step = step ? step % 7 + 1 : 0;
    }
    if (!r)
        r = sse_finish(&s);
    sse_release(&s);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (n < 2)
        return 0;
    struct str whole = STR_INIT, cuts = STR_INIT;
    size_t max = p[0] & 1 ? 16 : 1 << 20;
    enum sse_result a = cut((const char *)p + 2, n - 2, max, 0, &whole);
    enum sse_result b = cut((const char *)p + 2, n - 2, max, p[1] % 7 + 1u, &cuts);
    if (a != b)
        BUG("the result depends on the cuts");
    if (whole.len != cuts.len || (whole.len && memcmp(whole.at, cuts.at, whole.len) != 0))
        BUG("the events depend on the cuts");
    str_release(&whole);
    str_release(&cuts);
    return 0;
}
