/* Any bytes as a file of vectors: an error that says so, or every vector counted once and every failed one with its reason. */
#include <math.h>
#include <stdint.h>

#include "vectors/vectors.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check(const struct vectors_report *r)
{
    size_t passed = 0, failed = 0, unknown = 0;
    for (size_t i = 0; i < r->n_built_in; i++) {
        passed += r->built_in[i].passed;
        failed += r->built_in[i].failed;
        if (isnan(r->built_in[i].worst))
            BUG("a worst error that is none");
    }
    for (size_t i = 0; i < r->n_unknown; i++)
        unknown += r->unknown[i].failed;
    if (passed != r->passed || failed != r->failed || unknown != r->not_checked || !(passed + failed + unknown))
        BUG("the tallies do not add up");
    if ((r->failed > 0) != (r->faults.len > 0) || r->faults.len > 2 * VECTORS_MAX_FAULT_BYTES)
        BUG("a failed vector without its reason, or with too many");
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct vectors_report r;
    struct err e = ERR_INIT;
    int rc = vectors_check((const char *)p, n, &r, &e);
    if (rc && (rc != e.code || !e.text[0]))
        BUG("an error without its words");
    if (!rc)
        check(&r);
    vectors_report_release(&r);
    return 0;
}
