/* import.h: other people's result files become a result file of ours, so that audit, compare and reports work on them.
 *
 * A lab's formats are one table of `struct import_format`; seed.h has the first. What a file is, is told by its content,
 * never by its name. Every file that is met is in the result: understood, or with the sentence that says why not; every
 * record is kept as it was read, with its line and the path it came from, and the runs that were made of it. */
#ifndef EXCHANGE_IMPORT_H
#define EXCHANGE_IMPORT_H

#include <yyjson.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "record/run.h"

/* Limits; what is over them is listed with the limit. */
enum {
    IMPORT_MAX_FILE_BYTES = 64 * 1024 * 1024,
    IMPORT_MAX_ROW_BYTES = 16 * 1024 * 1024,
    IMPORT_MAX_FILES = 100000,
    IMPORT_MAX_DEPTH = 32 /* of folders */
};

/* A number that the file itself gives of a run, by its tool's definition: kept and shown as that, never as ours. */
struct import_told {
    const char *id, *unit;         /* "ttft.vllm", as in record/peer.h where that has it */
    double n, mean, p50, p90, p99; /* NaN: not told */
};

/* The load that a run was asked for, as in the plan of a load of ours. */
struct import_asked {
    int64_t max_concurrency;   /* 0: open loop */
    const char *law;           /* of its arrivals: "constant", "poisson", "gamma"; NULL: none told */
    double from_rps, to_rps;   /* with a law; the same unless it is a ramp */
    double burstiness;         /* of gamma */
    const char *route, *model; /* NULL: not told */
};

/* The runs that one record tells of, with their sessions and requests; everything in the arena, except the requests' texts:
 * import_runs_release. */
struct import_runs {
    struct arena *arena; /* borrowed */
    struct run *at;
    size_t n;
    /* Of a record of one run only. */
    struct import_told *told;
    size_t n_told;
    const struct import_asked *asked; /* NULL: not told */
    const char *remark;               /* what of it could not be taken, a sentence; NULL */
};

struct import_format {
    const char *id;   /* NULL ends the table */
    const char *what; /* for people */
    /* A CSV is of this format when it has all of these columns. NULL-terminated; NULL: not a CSV. */
    const char *const *columns;
    /* A JSON object is of this format; NULL: not JSON. */
    bool (*matches)(yyjson_val *object);
    /* A file of plain text is of this format; its one record is { "text": … }. NULL: no text. */
    bool (*is_text)(struct span text);
    const char *list;   /* the member whose elements are the records; NULL: the object is one */
    const char *origin; /* the member with the path that a record came from; NULL: the file is its origin */
    const char *repr;   /* a member that may be a text printed by Python: stored as the object that it stands for */
    /* Adds the runs of a record, in their order; `origin` is as described, never NULL. ERR_INPUT refuses the record, of
     * which then nothing may be left in `out`. NULL: the records are kept, but no runs are made of them. */
    int (*runs)(yyjson_val *record, const char *origin, struct import_runs *out, struct err *e);
    /* Not NULL: all records of a file tell of one run. `runs` is called with the same `out` for each, this behind the last. */
    void (*finish)(struct import_runs *out);
    const char *beside; /* the name of a file that, where it lies in the same folder, holds the run of this one; NULL */
    const char *clock;  /* what its times are and how exact, a sentence; NULL: nothing to say */
};

struct import_file {
    const char *path;                   /* as given, or the given folder and what was found under it */
    char sha256[65];                    /* "": it was not read */
    int64_t bytes;                      /* -1: it was not read */
    const struct import_format *format; /* NULL: not understood */
    int64_t rows, refused, runs;
    const char *problem;   /* NULL: none */
    const char *head_json; /* members beside the list of records; NULL */
};

struct import_result {
    struct arena arena;
    struct import_file *files; /* in the arena, in the order of import */
    size_t n_files, n_understood;
};

struct import_request {
    const struct import_format *formats; /* the lab's table */
    const char *lab;                     /* its name, for the plan */
    const char *const *paths;            /* files and folders; folders are gone through in the order of names */
    size_t n_paths;
    const char *output;
    bool texts; /* prompts and answers are kept in the runs, too: for exports of them */
    const char *command, *chimera_version, *chimera_commit;                    /* for the record */
    void (*progress)(void *user, size_t done, size_t total, const char *path); /* may be NULL */
    void *user;
    const volatile int *stop; /* becomes nonzero to end it: ERR_INTERRUPTED */
};

/* Creates `output` unless nothing was understood: ERR_INPUT then, with *out filled, and no file. After any other failure
 * there is no file either. import_result_release in every case. */
int import_files(const struct import_request *q, struct import_result *out, struct err *e);
void import_result_release(struct import_result *r);

/* Another empty run at the end (all unknown); the pointer is good until the next call. block -1: of no common block. */
struct run *import_runs_add(struct import_runs *runs);
void import_runs_tell(struct import_runs *runs, struct import_told told); /* nothing when it has no number */
void import_runs_release(struct import_runs *runs);

#endif
