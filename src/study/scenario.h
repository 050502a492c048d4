/* scenario.h: the built-in agent studies of `chimera agent`, written as a study file: what is stored and resumed is the
 * same text that a user could save and edit.
 *
 *   single              one agent
 *   baseline_vs_chimera A with the server's defaults, B with the given options
 *   chimera_hetero      A with the given options, B with its own (options_b)
 *   chimera_homo        both with the given options
 * A duet has three arms in every block: each agent alone, and the pair. */
#ifndef STUDY_SCENARIO_H
#define STUDY_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct scenario {
    const char *name;       /* of the list above */
    const char *server;     /* kind or URL */
    const char *backend;    /* NULL: follows the server */
    const char *model;      /* NULL: the default model */
    int64_t n_servers;      /* 1 or 2 */
    int64_t n_runs;         /* blocks */
    int64_t threads;        /* per server; 0: divide the cores */
    int64_t num_ctx;        /* 0: 2048 */
    int64_t num_predict;    /* limit of each stage; 0: 96 */
    int64_t seed;           /* of the plan; agents get seed, seed + 1 */
    int64_t prompt_tok;     /* 0: 400 */
    const char *route;      /* "chat", "completion" */
    const char *options;    /* "temperature=0.8,top_k=40" or NULL */
    const char *options_b;  /* chimera_hetero */
    const char *corpus;     /* folder */
    const char *extra_body; /* a JSON object, or NULL */
    bool stream, cold, oversubscribe, no_text;
};

/* Appends the study file. ERR_USAGE for an unknown name (with a suggestion) or an impossible mix. */
int scenario_write(const struct scenario *sc, struct str *yaml, struct err *e);
/* Name and one line of scenario i; NULL behind the last. */
const char *scenario_at(size_t i, const char **what);

#endif
