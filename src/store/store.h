/* store: the result file: one SQLite database with the plan, the raw record, text, facts and verdicts.
 *
 * Owns: the schema, every SQL statement, crash safety, format versions. The only room that includes sqlite3.h.
 * Must not know: what the numbers mean.
 *
 * Write order: the plan before the first run; each finished request in its own transaction (or batched to at most 1 s);
 * the run's row becomes complete in the last transaction together with its sessions, health and verdict. kill -9 at any
 * moment loses at most the open batch, never a committed row. WAL while writing; store_close checkpoints it away, so a
 * closed result is one file. One thread. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "record/run.h"

struct store;

struct plan_row {
    int32_t position; /* from 0, in execution order */
    int32_t block;
    const char *arm;
};

/* What is known before the first run. JSON texts are objects; all borrowed. */
struct store_study {
    const char *name, *question;
    const char *source;    /* the study file as it was read (text), or the command that stands for it */
    const char *plan_json; /* canonical form of everything that defines the work: its SHA-256 is the plan hash */
    const char *plan_sha256;
    uint64_t seed;
    const char *chimera_version, *chimera_commit;
    const char *command; /* the command line, without secrets */
    const struct plan_row *rows;
    size_t n_rows;
};

/* Creates path (its folder too) with the plan; ERR_REFUSED when it exists. */
int store_create(struct store **out, const char *path, const struct store_study *study, struct err *e);
/* Opens an existing result for more runs (write) or for reading. A foreign, corrupt, or newer file is ERR_INPUT and stays
 * untouched; a locked one (another chimera writes it) ERR_REFUSED. Runs left `running` by a killed process are marked
 * aborted on opening for writing. */
int store_open(struct store **out, const char *path, bool write, struct err *e);
/* Commits, checkpoints to one file, closes; a run still open becomes aborted; NULL is fine. The store is gone afterwards
 * also when an error is returned. A reader that has the file open at this moment keeps the (empty) log files beside it. */
int store_close(struct store *s, struct err *e);
/* Whether another program writes a result that is open for reading, and how long ago it was last written to. */
struct store_activity {
    bool writer;
    int64_t silent_ns;
};
void store_activity(const struct store *s, struct store_activity *out);

/* Examines every page and index; ERR_INPUT with the first fault. Takes about a second per 100 MB. */
int store_check(struct store *s, struct err *e);
/* Caps the size of the file (0: none); what goes over it fails exactly as on a full disk. */
int store_limit_bytes(struct store *s, int64_t bytes, struct err *e);

/* ---- writing ------------------------------------------------------------------------------------------------------ */

/* Registers host facts (JSON object) and returns their hash in hex[65]: a stratum. Same facts, same stratum. */
int store_host(struct store *s, const char *facts_json, char hex[65], struct err *e);
/* Facts of a server as seen at a moment; kept once per distinct content. */
int store_server(struct store *s, const char *name, const char *facts_json, struct err *e);
/* Any JSON object about the study as a whole ("corpus", "environment"); replaces the former one of that key. */
int store_note(struct store *s, const char *key, const char *json, struct err *e);

/* What is kept of prompts and answers besides their SHA-256 and length; both by default. */
void store_keep(struct store *s, bool prompts, bool texts);
/* Opens a run from its plan position, arm, block, stratum, wall_ns, start_state; sets r->id and r->attempt. One run is
 * open at a time; a position that has a complete run, or is not in the plan as it says, is ERR_REFUSED. */
int store_run_begin(struct store *s, struct run *r, struct err *e);
/* One finished request of the open run, with all that is in it. Committed at once unless batching is on. The hashes of
 * prompt and text are taken when the request lacks them; a text with at == NULL is one that was not kept. A failure (a full
 * disk) may take the open batch with it: the run can then only end as ABORTED. */
int store_request(struct store *s, int64_t run_id, const struct request *r, struct err *e);
void store_batching(struct store *s, bool on);   /* commits at most 1 s apart */
int store_flush(struct store *s, struct err *e); /* commits the open batch now, for a pause without requests */
/* A probe sample: CPU, memory and so on as one JSON object at mono_ns t. */
int store_sample(struct store *s, int64_t run_id, int64_t t_ns, const char *json, struct err *e);
/* Sessions, health, verdict, raw-row hash and state (COMPLETE or ABORTED) in one transaction, which waits for the disk. */
int store_run_end(struct store *s, const struct run *r, struct err *e);

/* A file that was imported. */
struct store_source {
    int64_t id;            /* of the result file; set by store_import_file */
    const char *path;      /* as given or found */
    const char *sha256;    /* of the file's bytes; NULL: it could not be read */
    int64_t bytes;         /* -1 the same */
    const char *format;    /* id of the format it was understood as; NULL: not understood */
    int64_t rows, refused; /* records taken, and records that were not; `problem` says why the first was not */
    const char *problem;   /* one sentence: not understood, not read, or rows refused; NULL: all is well */
    const char *head_json; /* what the file says besides its rows, as a JSON object; NULL: nothing */
};

/* A record of such a file. */
struct store_source_row {
    int64_t id;     /* of the result file; set by store_import_row */
    int64_t source; /* store_source.id */
    int64_t line;   /* 1-based, where it begins; of a record in a list inside one JSON document: its number, from 1 */
    const char *origin; /* the path that the record itself names; NULL: none, the file is its origin */
    int64_t run_id;     /* the first run that it tells of, 0 none; the others follow it. Rows of one record share it */
    int64_t runs;       /* how many */
    const char *json;   /* the record as one JSON object; numbers as they were written */
};

/* Of an import, a file before its rows. ids are set. */
int store_import_file(struct store *s, struct store_source *f, struct err *e);
int store_import_row(struct store *s, struct store_source_row *r, struct err *e);

/* ---- reading ------------------------------------------------------------------------------------------------------ */

struct store_info {
    struct store_study study; /* texts in the arena, rows included */
    int64_t created_wall_ns;
    int64_t schema;
    size_t n_complete, n_aborted; /* runs */
    bool complete;                /* every plan row has a complete run */
};
int store_info(struct store *s, struct arena *a, struct store_info *out, struct err *e);
/* The plan positions without a complete run, in order. */
int store_missing(struct store *s, struct arena *a, int32_t **positions, size_t *n, struct err *e);

enum { STORE_CHUNKS = 1, STORE_TEXT = 2 };
/* All runs in order of start, with sessions and requests; `parts` says what of the requests besides their row. Everything
 * lives in the arena, except what store_runs_release frees (chunk lists, texts). */
int store_runs(struct store *s, unsigned parts, struct arena *a, struct run **out, size_t *n, struct err *e);
void store_runs_release(struct run *runs, size_t n);
/* The same runs with their sessions, but without their requests. */
int store_run_heads(struct store *s, struct arena *a, struct run **out, size_t *n, struct err *e);
/* Requests of all runs, one at a time, with all parts: for exports of any size. A nonzero return of fn ends it. */
typedef int store_request_fn(void *user, const struct run *run, const struct request *r);
int store_each_request(struct store *s, store_request_fn *fn, void *user, struct err *e);
/* The same, and each run, also one without requests, behind its requests (which it does not hold). */
int store_each_run(struct store *s, store_request_fn *fn, int (*end)(void *user, const struct run *run), void *user,
                   struct err *e);
/* Those of one run, whose head is passed on to fn. */
int store_run_requests(struct store *s, const struct run *run, store_request_fn *fn, void *user, struct err *e);
/* Those of a run, with neither chunks nor texts, that were stored after the row *after, which then is the last that fn saw. */
int store_new_requests(struct store *s, int64_t run_id, int64_t *after, int (*fn)(void *user, const struct request *r),
                       void *user, struct err *e);

/* Probe samples of one run in the order they were stored; json is borrowed during the call. */
int store_each_sample(struct store *s, int64_t run_id, int (*fn)(void *user, int64_t t_ns, const char *json),
                      void *user, struct err *e);
/* What is known of a stored text besides the text; false when the file does not have it. -1: only its hash came. */
struct store_size {
    int64_t bytes, chars; /* chars: code points, one per byte that is not valid UTF-8 */
    bool kept;
};
bool store_text_size(struct store *s, const char *sha256, struct store_size *out);

/* SHA-256 over the raw rows of a run: its own facts, health, sessions, requests by seq, samples; not what is derived from them
 * (verdict, state). The serialisation stands in hash.c. store_run_end stores it; store_run_stored_hash gives that back ("" for
 * a run that was killed). A kept text counts as the hash of its bytes, so that a changed text changes the hash. */
int store_run_hash(struct store *s, int64_t run_id, char hex[65], struct err *e);
int store_run_stored_hash(struct store *s, int64_t run_id, char hex[65], struct err *e);

/* The files of an import in their order, and the rows of those of one format (NULL: of all); a result that was not imported
 * has none. What is passed is borrowed during the call; a nonzero return of fn ends it and is returned. */
int store_each_source(struct store *s, int (*fn)(void *user, const struct store_source *f), void *user, struct err *e);
int store_each_row(struct store *s, const char *format,
                   int (*fn)(void *user, const struct store_source *f, const struct store_source_row *r), void *user,
                   struct err *e);

/* Looks whether all that is known by its SHA-256 still has it: the plan, facts of hosts and servers, kept texts (with their
 * counts). ERR_INPUT names the first that has not. */
int store_check_keys(struct store *s, struct err *e);

struct named_json {
    const char *name, *json;
};
/* name: the hash of the facts, the name of the server; in the order they were first seen. */
int store_hosts(struct store *s, struct arena *a, struct named_json **out, size_t *n, struct err *e);
int store_servers(struct store *s, struct arena *a, struct named_json **out, size_t *n, struct err *e);
const char *store_get_note(struct store *s, struct arena *a, const char *key); /* NULL: none */

#endif
