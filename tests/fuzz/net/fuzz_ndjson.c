/* The NDJSON cutter: any bytes, cut anywhere, give the same lines as the same bytes in one piece. The first two
 * bytes of the input choose the limit and the cuts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "net/ndjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool write_down(void *user, struct span line, uint32_t wire_bytes)
{
    struct str *out = user;
    str_add(out, line.at, line.len);
    str_addf(out, "]%u\n", wire_bytes);
    return true;
}

static enum ndjson_result cut(const char *p, size_t n, size_t max, size_t step, struct str *out)
{
    struct ndjson s;
    enum ndjson_result r = NDJSON_OK;
    ndjson_init(&s, max, write_down, out);
    for (size_t from = 0; from < n && !r;) {
        size_t take = step && step < n - from ? step : n - from;
        char *copy = xmalloc(take);
        memcpy(copy, p + from, take);
        r = ndjson_feed(&s, copy, take);
        free(copy);
        from += take;
        step = step ? step % 7 + 1 : 0;
    }
    if (!r)
        r = ndjson_finish(&s);
    ndjson_release(&s);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (n < 2)
        return 0;
    struct str whole = STR_INIT, cuts = STR_INIT;
    size_t max = p[0] & 1 ? 16 : 1 << 20;
    enum ndjson_result a = cut((const char *)p + 2, n - 2, max, 0, &whole);
    enum ndjson_result b = cut((const char *)p + 2, n - 2, max, p[1] % 7 + 1u, &cuts);
    if (a != b)
        BUG("the result depends on the cuts");
    if (whole.len != cuts.len || (whole.len && memcmp(whole.at, cuts.at, whole.len) != 0))
        BUG("the lines depend on the cuts");
    str_release(&whole);
    str_release(&cuts);
    return 0;
}
