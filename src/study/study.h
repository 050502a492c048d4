/* study: the executor of studies: one question with its plan, carried out block by block.
 *
 * Owns: the study file, the plan, its execution and resumption. Must not know: how results are shown.
 *
 * study.h: the study as it was written. A file and the built-in scenarios (scenario.h writes one) take the same way. */
#ifndef STUDY_STUDY_H
#define STUDY_STUDY_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/backend.h"
#include "base/arena.h"
#include "base/err.h"
#include "load/amount.h"
#include "load/schedule.h"
#include "load/trace.h"
#include "net/client.h"
#include "server/server.h"

/* Whom to ask, and how: what agents and loads have in common. */
struct study_ask {
    int server; /* index */
    enum route route;
    bool stream;
    struct options options;
    const char *extra_body_json; /* NULL */
};

struct study_agent {
    const char *name;  /* unique: as written or, where a factor changes it, with its levels: "collector,num_ctx=512" */
    const char *agent; /* as written, and as it stands in the record */
    struct study_ask ask;
};

/* Plain load: questions without a corpus, in a closed loop (max_concurrency) or an open one (schedule.n_stages, or the times
 * and lengths of a trace). */
struct study_load {
    const char *name;
    struct study_ask ask;
    struct amount_law input_tok, output_tok;
    struct amount_law turns, think_ms; /* of a conversation; turns always 1: single requests */
    int64_t shared_tok;                /* of a prefix that all prompts share; 0 */
    int64_t max_concurrency;           /* 0: open loop */
    struct schedule_spec schedule;     /* open loop: when; its count and seed are set by the run */
    /* Resolved path; NULL: none. Without the two above its times are used, else its lengths or texts. */
    const char *trace;
    /* Texts of the file, asked in their order and again from the first, as a trace's are (pool.h); NULL: none. */
    struct trace_row *prompts;
    size_t n_prompts;
    bool output_given; /* output_tok was asked for: the recorded answers of a trace do not limit ours */
    char trace_sha256[65];
    double trace_speed;    /* 2: twice the load in half the time */
    int64_t threads;       /* of the client, at least 1; a closed loop has no more of them than requests in flight */
    int64_t num_requests;  /* conversations, where there are turns; 0: until duration_ns */
    mono_ns duration_ns;   /* closed loop: nothing is asked later; 0: no limit. Open loops end with their stages */
    const char *precision; /* stop earlier by this rule (analysis/precision.h); NULL */
    mono_ns warmup_ns;     /* load before the window; num_requests and duration_ns count from its end */
};

/* What the study varies: some keys of its file, which have another value at each level. */
struct study_factor {
    const char *name;
    const char **levels;
    size_t n_levels;
};

struct study_arm {
    const char *name;   /* unique: as written or, with factors, followed by its levels: "pair,num_ctx=512" */
    const char *base;   /* as written */
    const char **level; /* per factor; NULL: the factor changes nothing of this arm */
    int *agents;        /* indices; all are released together */
    size_t n_agents;
    int load;     /* index of the load instead of agents; -1: none */
    int *servers; /* indices: what is up during its runs, one for each slot, also those that it leaves idle */
};

enum study_order { ORDER_RANDOM, ORDER_NESTED, ORDER_ABBA }; /* ABBA: two arms, AB in one block and BA in the next */

/* Fewer blocks than planned, once every arm's interval is narrow enough. */
struct study_stop {
    const char *precision; /* "makespan:5%": a metric and the half width of its interval; NULL: all blocks are run */
    int32_t min_blocks;
};

/* What is waited for before each run. */
struct study_guard {
    double load;          /* most cores that others than the study may keep busy; 0: not looked at */
    double temperature_c; /* hottest allowed; 0: not looked at */
    mono_ns wait_ns;      /* at most so long; then the run is made and marked */
};

/* The comparison that was declared before the first run. */
struct study_compare {
    const char *baseline; /* an arm, as written or with levels: "pair,num_ctx=512"; NULL: the first as written */
    const char **metrics; /* the family; NULL: not declared */
    size_t n_metrics;
    const char *margin; /* as `compare --margin` takes it; NULL */
};

struct study {
    struct arena arena;
    const char *name, *question;
    const char *dir;    /* paths in the file are relative to it */
    const char *source; /* the text that was read; presets and changes stand behind it as comments */
    /* A server as written is a slot; a factor that changes it makes several servers of it ("a,threads=1"), of which one is
     * up at a time. Without factors server i has slot i. */
    struct server_spec *servers;
    int *slot_of; /* per server */
    size_t n_servers;
    const char **slots;
    size_t n_slots;
    struct study_factor *factors;
    size_t n_factors;
    const char *corpus_dir; /* resolved; NULL without agents */
    struct study_agent *agents;
    size_t n_agents;
    struct study_load *loads;
    size_t n_loads;
    struct study_arm *arms;
    size_t n_arms;
    int32_t blocks;
    enum study_order order;
    uint64_t seed;
    bool cold;                 /* each run starts with the models unloaded; otherwise loaded, both proven */
    bool oversubscribe;        /* more server threads than cores are meant */
    bool keep_text;            /* store prompts and outputs */
    int64_t prompt_tok;        /* most tokens of a prompt */
    struct call_limits limits; /* the timeouts of each request */
    struct study_stop stop;
    mono_ns budget_ns; /* of one call of the program: no block begins that would not end within it; 0: none */
    bool isolate;      /* the client side of each run is a process of its own */
    struct study_guard guard;
    struct study_compare compare;
};

/* What is put into a study file before it is read. */
struct study_changes {
    const char *const *set; /* "path=value" (study/tree.h), applied in their order, above the scale */
    size_t n_set;
    const char *scale; /* one of the file's `scales`; NULL */
};

/* Reads a study from text; `name` stands in messages as FILE:LINE:COLUMN, `dir` resolves its paths. Unknown keys, wrong types
 * and impossible arms are ERR_INPUT with a position and a suggestion. Presets that it uses are read, too. c may be NULL. */
int study_parse_changed(struct study *s, const char *name, const char *dir, const char *text, size_t n,
                        const struct study_changes *c, struct err *e);
int study_parse(struct study *s, const char *name, const char *dir, const char *text, size_t n, struct err *e);
int study_read(struct study *s, const char *path, const struct study_changes *c, struct err *e);
void study_release(struct study *s);

const char *study_order_word(enum study_order o);

/* Row i of the table of keys, for documentation and tests: the key, the map it stands in, what it is; NULL behind the last. */
const char *study_key_at(size_t i, const char **map, const char **what);
/* The JSON schema that is made from it (draft 2020-12), appended. */
void study_schema(struct str *out);

#endif
