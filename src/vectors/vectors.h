/* vectors: the functions of stats against reference vectors: a JSON file of inputs, wanted outputs and tolerances.
 *
 * Owns: the file format, the comparison, one adapter per function (adapter.h).
 * Must not know: how a statistic is computed, how a result is printed.
 *
 * The file: {"datasets": {NAME: [number, …]}, "vectors": [{"id", "fn", "in": {…}, "out": {…}, "tol": {"rel", "abs"}}]}.
 * An output holds when |got - want| <= max(abs, rel |want|); "inf" and "-inf" are infinities, null is NaN. A vector
 * passes when its function gave every output that stands in it, and each holds. */
#ifndef VECTORS_VECTORS_H
#define VECTORS_VECTORS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
    VECTORS_MAX_BYTES = 16 << 20,
    VECTORS_MAX = 10000,
    VECTORS_MAX_STEPS = 200000000,
    VECTORS_MAX_FAULT_BYTES = 1 << 20
};

struct vector_tally {
    const char *fn;
    size_t passed, failed;
    double worst; /* largest |got - want| / |want|, or |got - want| where want is 0; +inf: a value that is none */
};

struct vectors_report {
    struct vector_tally *built_in,
        *unknown; /* in the order of the file; `failed` of an unknown one counts its vectors */
    size_t n_built_in, n_unknown;
    size_t passed, failed, not_checked; /* vectors; not_checked: of functions that are not built in */
    struct str
        faults; /* a line for each output that does not hold, as far as VECTORS_MAX_FAULT_BYTES; fit for a terminal */
    struct arena arena;
};

/* Runs every vector of the document. ERR_INPUT when it is not of the format, ERR_LIMIT when its resampling, pairs and sums
 * take more than VECTORS_MAX_STEPS (about a second); a vector that lacks an input or a tolerance is a failed one. out is
 * released by the caller in either case. */
int vectors_check(const char *text, size_t len, struct vectors_report *out, struct err *e);
void vectors_report_release(struct vectors_report *r);

#endif
