/* asked.h: what the plan asked of a run, read back out of the result for the headers of other tools' files. */
#ifndef EXCHANGE_ASKED_H
#define EXCHANGE_ASKED_H

#include "base/arena.h"
#include "format/json.h"
#include "record/run.h"
#include "store/store.h"

struct asked {
    struct store_info info;
    /* of the run's load; an agent run has none: NULL, NaN, 0 */
    const char *route;             /* "chat" or "completion" */
    const char *law;               /* of an open loop: "constant", "poisson", "gamma"; NULL: a closed one */
    double rate;                   /* requests per second, when there is one only; else NaN */
    double ramp_from, ramp_to;     /* the one stage of a ramp; else NaN */
    double burstiness;             /* of law gamma; else 1 */
    int64_t max_concurrency;       /* 0: open loop */
    int64_t input_tok, output_tok; /* lengths asked for when they are constant; 0: they are not */
    const char *server_kind;       /* of the load's server: "engine", a URL, ...; NULL without a load */
};

/* Texts are in the arena. ERR_INPUT: a plan that is no JSON. */
int asked_of_run(struct store *s, const struct run *run, struct arena *a, struct asked *out, struct err *e);

/* Wall time of a stamp, in ns since 1970 (MONO_NONE: of the run's start; from 0 for a run whose start is not known): as
 * far from the true one as the run's start was noted. */
int64_t wall_of(const struct run *run, mono_ns t);
double wall_s_of(const struct run *run, mono_ns t); /* the same in s, rounded once to a double's 0.24 us */
/* The member `chimera` of a file whose format allows unknown ones: version, run, arm, verdict and its reasons. */
void put_origin(struct json_writer *w, const struct run *run, const struct asked *asked);

#endif
