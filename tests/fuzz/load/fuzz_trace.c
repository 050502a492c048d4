/* Any bytes as a trace: an error that says so, or rows within their limits and in order. The first byte chooses format,
 * unit, window and speed. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "load/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_row(const struct trace *t, const struct trace_row *r, const struct trace_row *before)
{
    if (r->at_ns < 0 || (before && r->at_ns < before->at_ns) || r->line < 1)
        BUG("a row out of order");
    if (t->format == TRACE_SHAREGPT) {
        if (!r->n_turns || !r->turns || r->at_ns)
            BUG("a conversation without turns");
        for (size_t i = 0; i < r->n_turns; i++)
            if (strlen(r->turns[i].text) > TRACE_MAX_DOC_BYTES)
                BUG("a text longer than its document");
    } else if (r->input_tok < 1 || r->input_tok > TRACE_MAX_TOK || r->output_tok < 1 || r->output_tok > TRACE_MAX_TOK) {
        BUG("tokens outside their limits");
    }
    volatile int64_t read = 0; /* each id, so that a short array is seen */
    for (size_t i = 0; i < r->n_hash_ids; i++)
        read ^= r->hash_ids[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct trace t;
    struct err e = ERR_INIT;
    struct schedule s;
    if (n < 1)
        return 0;
    struct trace_spec spec = {.format = (enum trace_format)(p[0] & 7) % (TRACE_SHAREGPT + 1),
                              .unit = (p[0] & 8) ? TRACE_UNIT_US : TRACE_ANY_UNIT,
                              .from_ns = (p[0] & 16) ? NS_PER_S : 0,
                              .to_ns = (p[0] & 32) ? 3600 * NS_PER_S : 0,
                              .speed = (p[0] & 64) ? 2.5 : 0,
                              .count = (p[0] & 128) ? 3 : 0};
    int rc = trace_read_bytes(&t, "f", (const char *)p + 1, n - 1, &spec, &e);
    if (rc && (rc != e.code || !e.text[0] || t.n || t.rows))
        BUG("an error without its words");
    if (!rc && (!t.n || !t.format_why.len || (t.has_times && !t.unit_why.len) || (spec.count && t.n > 3)))
        BUG("a trace without its rows or reasons");
    for (size_t i = 0; i < t.n; i++)
        check_row(&t, &t.rows[i], i ? &t.rows[i - 1] : NULL);
    if (!rc && trace_schedule(&t, &s, &e) == 0) {
        if (s.n != t.n)
            BUG("a schedule of another length");
        schedule_release(&s);
    }
    trace_release(&t);
    return 0;
}
