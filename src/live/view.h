/* live: what a study does while it runs, for people who watch it.
 *
 * Owns: the live view, its fillers' parts (course, pulse, file), its painting, the thread that repaints. Must not know: how
 * a study is carried out, sockets, streams: it gives bytes to whoever shows them.
 *
 * view.h: one struct with two fillers, the program that runs a study (cli/progress.c) and the one that reads its result
 * file (file.h), and its renderings: a few lines for a terminal, one line for a log, JSON. Pure functions of the struct.
 * Names may come from anywhere; nothing in them can act on a terminal. */
#ifndef LIVE_VIEW_H
#define LIVE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "live/course.h"
#include "record/outcome.h"

#define LIVE_STATE_LIST(X)                                                                                             \
    X(STARTING, "starting")     /* servers, prompts */                                                                 \
    X(PREPARING, "preparing")   /* the next run: starting states, prompts */                                           \
    X(WARMING_UP, "warming up") /* a run, before its window */                                                         \
    X(MEASURING, "measuring")                                                                                          \
    X(COMPLETE, "complete")                                                                                            \
    X(STOPPED, "stopped") /* incomplete, and nobody goes on with it */

enum live_state {
#define X(name, word) LIVE_##name,
    LIVE_STATE_LIST(X)
#undef X
};

/* Of the ended requests of the run in progress; a value is the middle of its bucket, at most 0.8 % off. */
struct live_quantiles {
    int64_t n;
    double p50_ns, p90_ns, p99_ns; /* NaN when n is 0 */
};

struct live_view {
    enum live_state state;
    const char *study;
    /* the plan */
    int32_t blocks;
    size_t planned, complete, aborted; /* runs; aborted attempts are done again */
    size_t verdicts[4];                /* of the complete ones, by enum verdict */
    struct live_eta eta;
    /* the run in progress, or the one that is prepared; arm NULL: none, and nothing below is known but silent_ns */
    const char *arm;
    int32_t position, block, attempt; /* from 0 */
    int64_t elapsed_ns;               /* since its start */
    int64_t asked_requests;           /* of its window; 0: no number was asked for */
    int64_t ended, warmup;            /* requests of the window that ended, and those of the warm-up */
    int64_t by_outcome[OUTCOME_COUNT];
    double rate; /* ended per second from the first one planned to the last one done; NaN: not known */
    struct live_quantiles ttft, tpot, send_lag;
    int64_t in_flight, chunks; /* -1: not known, as from a file */
    double loop_busy;          /* share of the run so far, of the busiest loop; NaN: not known */
    int64_t silent_ns;         /* since the file was written to; -1: it is our own */
};

struct live_style {
    bool color, ascii;
    size_t columns; /* of the terminal; 0: 100 */
    size_t rows;    /* most lines; 0: all */
};

const char *live_state_word(enum live_state s);
/* Takes the plan's part and what is left from the course. The filler has set state, elapsed_ns, ended, and arm, which may be
 * that of a run in its warm-up: then the state says so. */
void live_take_course(struct live_view *v, const struct course *c);
/* Lines that are each shorter than the terminal is wide: what does not fit is left out, from the right and from below. All
 * of these append. */
void live_paint(const struct live_view *v, const struct live_style *style, struct str *out);
/* One line of any length, without its end, for what is no terminal. */
void live_line(const struct live_view *v, struct str *out);
/* {"schema":"chimera.watch/1", …}: one line; what is not known is null. */
void live_json(const struct live_view *v, struct str *out);

#endif
