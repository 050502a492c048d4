/* out.h: what the writers of this room share: a text that is handed on to a file piece by piece, so that an export of any
 * size takes no memory, and the selection of runs. */
#ifndef EXCHANGE_OUT_H
#define EXCHANGE_OUT_H

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "format/json.h"
#include "store/store.h"

/* A format: writes these runs, whose heads are given, and ends with the first failure. */
typedef int export_fn(struct store *s, const struct run *runs, size_t n, FILE *out, struct err *e);

struct out {
    FILE *file;           /* borrowed */
    struct err *e;        /* borrowed */
    struct str text;      /* owned: not yet handed on */
    struct json_writer w; /* writes into text */
    int rc;               /* the first write that failed */
};

void out_init(struct out *o, FILE *file, struct err *e);
/* Hands on what is there once it is enough for a write; call it after every row. */
int out_spill(struct out *o);
/* Hands on the rest and flushes, unless rc says that something failed before; releases o. Returns the first failure. */
int out_end(struct out *o, int rc);

struct run_choice {
    int64_t run;     /* id; 0: all */
    const char *arm; /* NULL: all */
    bool complete;   /* only complete runs: a peer's file cannot say that it is a part */
    bool one;        /* the format holds one run: more are refused */
};
/* The heads of the runs of the choice, in the arena. ERR_USAGE with a list of what there is when none is left, or more
 * than the format can hold. */
int runs_choose(struct store *s, const struct run_choice *choice, struct arena *a, struct run **out, size_t *n,
                struct err *e);
/* "SUSPECT", "not judged" (an imported run), or the state of a run that is not complete. */
const char *run_standing(const struct run *run);

#endif
