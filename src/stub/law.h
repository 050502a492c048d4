/* Latency laws: how long until the first chunk, and from one chunk to the next. A law is a pure function of a random
 * state and of the number of the draw, so the same seed gives the same delays. */
#ifndef STUB_LAW_H
#define STUB_LAW_H

#include "base/clock.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/str.h"

enum law_kind { LAW_CONST, LAW_EXP, LAW_LOGNORMAL, LAW_BURSTY, LAW_FILE };

/* Zero-initialised is a constant delay of nothing. */
struct law {
    enum law_kind kind;
    double ns;      /* const: the delay; exp: its mean; lognormal: its median; bursty: the pause between two bursts */
    double sigma;   /* lognormal: standard deviation of the logarithm */
    uint64_t burst; /* bursty: so many draws share one pause: the first of them waits, the others do not */
    mono_ns *list;  /* file: owned; used one after the other, then from the start again */
    size_t n_list;
};

/* "const:50ms", "exp:50ms", "lognormal:50ms,0.3", "bursty:8,200ms", "file:PATH" (one duration a line, "#" begins a
 * comment), or a bare duration, which is constant. On failure *out is zero. */
int law_parse(struct law *out, const char *text, struct err *e);
void law_release(struct law *l);
/* Draw number i (from 0) of a sequence. Never negative, at most an hour. */
mono_ns law_draw(const struct law *l, struct rng *r, uint64_t i);

/* "50ms", "1.5s", "200us", "7ns"; without a unit milliseconds. Not negative, at most an hour. */
int duration_parse(struct span text, mono_ns *out, struct err *e);

#endif
