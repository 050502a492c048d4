/* read_run.c: runs, sessions and requests back out of a result file. What stands in the file may have been touched by anyone:
 * a number out of range or an unknown word is an error with its place, never a guess. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "record/verdict.h"
#include "store/blob.h"
#include "store/db.h"
#include "store/schema.h"
#include "store/store.h"

enum { NAMES = 64 };

struct reader {
    struct store *store;
    struct arena *arena;
    unsigned parts;
    bool heads_only;          /* no requests */
    int64_t run_id, seq;      /* where we are, for messages */
    const char *names[NAMES]; /* of agents, stages, …: few, and the same in every row; in the arena */
    size_t n_names;
};

static int damaged(const struct reader *r, const char *what, struct err *e)
{
    if (r->seq >= 0)
        return err_set(e, ERR_INPUT, "%s is damaged: run %lld, request %lld: %s", r->store->path, (long long)r->run_id,
                       (long long)r->seq, what);
    return err_set(e, ERR_INPUT, "%s is damaged: run %lld: %s", r->store->path, (long long)r->run_id, what);
}

static const char *name_of(struct reader *r, sqlite3_stmt *st, int i)
{
    const char *text = (const char *)sqlite3_column_text(st, i);
    if (!text)
        return NULL;
    for (size_t k = 0; k < r->n_names; k++)
        if (!strcmp(r->names[k], text))
            return r->names[k];
    const char *copy = arena_dupz(r->arena, text);
    if (r->n_names < NAMES)
        r->names[r->n_names++] = copy;
    return copy;
}

/* An integer column within int32; *bad is set and never cleared. */
static int32_t small(sqlite3_stmt *st, int i, bool *bad)
{
    int64_t v = sqlite3_column_int64(st, i);
    *bad = *bad || v < INT32_MIN || v > INT32_MAX;
    return (int32_t)(v < INT32_MIN || v > INT32_MAX ? 0 : v);
}

/* ---- requests ----------------------------------------------------------------------------------------------------- */

static int read_identity(struct reader *r, sqlite3_stmt *st, struct request *q, struct err *e)
{
    bool bad = false;
    int64_t flags = sqlite3_column_int64(st, REQUEST_COL_flags);
    const char *word = (const char *)sqlite3_column_text(st, REQUEST_COL_outcome);
    int outcome = outcome_find(word ? word : "");
    q->seq = r->seq;
    q->session = small(st, REQUEST_COL_session, &bad);
    q->turn = small(st, REQUEST_COL_turn, &bad);
    q->agent = name_of(r, st, REQUEST_COL_agent);
    q->stage = name_of(r, st, REQUEST_COL_stage);
    q->server = name_of(r, st, REQUEST_COL_server);
    q->backend = name_of(r, st, REQUEST_COL_backend);
    q->model = name_of(r, st, REQUEST_COL_model);
    q->http_status = small(st, REQUEST_COL_http_status, &bad);
    q->num_ctx = column_count(st, REQUEST_COL_num_ctx);
    q->max_tok = column_count(st, REQUEST_COL_max_tok);
    if (outcome < 0)
        return damaged(r, "an outcome that this chimera does not know", e);
    if (bad || flags < 0 || flags > UINT32_MAX)
        return damaged(r, "a number out of its range", e);
    q->outcome = (enum outcome)outcome;
    q->flags = (unsigned)flags;
    column_str(st, REQUEST_COL_error, &q->error);
    column_str(st, REQUEST_COL_finish_reason, &q->finish_reason);
    column_str(st, REQUEST_COL_not_applied, &q->not_applied);
    return 0;
}

static void read_measures(sqlite3_stmt *st, struct request *q)
{
    for (int i = 0; i < STAMP_COUNT; i++)
        q->stamp[i] = column_ns(st, REQUEST_COL_planned_ns + i);
    q->usage.total_ns = column_count(st, REQUEST_COL_server_total_ns);
    q->usage.load_ns = column_count(st, REQUEST_COL_server_load_ns);
    q->usage.prompt_eval_ns = column_count(st, REQUEST_COL_server_prompt_eval_ns);
    q->usage.eval_ns = column_count(st, REQUEST_COL_server_eval_ns);
    q->usage.prompt_tok = column_count(st, REQUEST_COL_prompt_tok);
    q->usage.completion_tok = column_count(st, REQUEST_COL_completion_tok);
    q->usage.cached_tok = column_count(st, REQUEST_COL_cached_tok);
    q->usage.context_ids = column_count(st, REQUEST_COL_context_ids);
    q->bytes_in = sqlite3_column_int64(st, REQUEST_COL_bytes_in);
    q->bytes_out = sqlite3_column_int64(st, REQUEST_COL_bytes_out);
    q->rtt_ns = column_ns(st, REQUEST_COL_rtt_ns);
}

static int read_chunks(struct reader *r, sqlite3_stmt *st, struct request *q, struct err *e)
{
    mono_ns base = q->stamp[STAMP_PLANNED] == MONO_NONE ? 0 : q->stamp[STAMP_PLANNED];
    struct err why = ERR_INIT;
    int rc = 0;
    if (sqlite3_column_type(st, REQUEST_COL_engine_stamps) != SQLITE_NULL) {
        const void *p = sqlite3_column_blob(st, REQUEST_COL_engine_stamps);
        rc = engine_stamps_decode(&q->engine, base, p, (size_t)sqlite3_column_bytes(st, REQUEST_COL_engine_stamps),
                                  &why);
    }
    if (!rc && sqlite3_column_type(st, REQUEST_COL_chunks) != SQLITE_NULL) {
        const void *p = sqlite3_column_blob(st, REQUEST_COL_chunks);
        rc = chunk_list_decode(&q->chunks, base, p, (size_t)sqlite3_column_bytes(st, REQUEST_COL_chunks), &why);
    }
    if (!rc && (int64_t)q->chunks.n != sqlite3_column_int64(st, REQUEST_COL_chunks_n))
        return damaged(r, "the count of its chunks is not that of the row", e);
    q->chunks.dropped = (size_t)sqlite3_column_int64(st, REQUEST_COL_chunks_dropped);
    return rc ? damaged(r, why.text, e) : 0;
}

static int read_text(struct reader *r, sqlite3_stmt *st, int column, bool body, char sha[SHA256_HEX], struct str *out,
                     struct err *e)
{
    const char *key = (const char *)sqlite3_column_text(st, column);
    if (!key)
        return 0;
    if (strlen(key) != SHA256_HEX - 1)
        return damaged(r, "the hash of a text is not a SHA-256", e);
    if (sha)
        memcpy(sha, key, SHA256_HEX);
    if (!body)
        return 0;
    sqlite3_stmt *content = db_prepare(r->store, DB_SELECT_CONTENT, e);
    if (content)
        bind_z(content, 1, key);
    int rc = db_step(r->store, content, "read a text", e);
    if (rc > 0)
        column_str(content, 0, out);
    sqlite3_reset(content);
    return rc < 0 ? rc : rc > 0 ? 0 : damaged(r, "a text that it names is gone", e);
}

/* Fills q, which request_init has seen; on failure the caller releases it. */
static int read_request(struct reader *r, sqlite3_stmt *st, struct request *q, struct err *e)
{
    bool text = r->parts & STORE_TEXT;
    r->seq = sqlite3_column_int64(st, REQUEST_COL_seq);
    int rc = read_identity(r, st, q, e);
    if (rc)
        return rc;
    read_measures(st, q);
    if (r->parts & STORE_CHUNKS)
        rc = read_chunks(r, st, q, e);
    rc = rc ? rc : read_text(r, st, REQUEST_COL_prompt_sha256, text, q->prompt_sha256, &q->prompt, e);
    rc = rc ? rc : read_text(r, st, REQUEST_COL_text_sha256, text, q->text_sha256, &q->text, e);
    return rc ? rc : read_text(r, st, REQUEST_COL_reasoning_sha256, text, NULL, &q->reasoning, e);
}

static int count_rows(struct store *s, enum db_statement which, int64_t run_id, size_t *n, struct err *e)
{
    sqlite3_stmt *st = db_prepare(s, which, e);
    if (st)
        bind_int(st, 1, run_id);
    int rc = db_step(s, st, "count rows", e);
    *n = rc > 0 ? (size_t)sqlite3_column_int64(st, 0) : 0;
    sqlite3_reset(st);
    return rc < 0 ? rc : 0;
}

static int read_requests(struct reader *r, struct run *run, struct err *e)
{
    size_t cap = 0;
    int rc = count_rows(r->store, DB_COUNT_REQUESTS, run->id, &cap, e);
    sqlite3_stmt *st = rc ? NULL : db_prepare(r->store, DB_SELECT_REQUESTS, e);
    if (!st)
        return rc ? rc : r->store->unprepared;
    bind_int(st, 1, run->id);
    run->requests = arena_alloc(r->arena, cap * sizeof *run->requests);
    while ((rc = db_step(r->store, st, "read requests", e)) > 0) {
        if (run->n_requests == cap) { /* an index that disagrees with its table */
            rc = damaged(r, "the count of its requests is wrong", e);
            break;
        }
        struct request *q = &run->requests[run->n_requests++];
        request_init(q);
        if ((rc = read_request(r, st, q, e)) != 0)
            break;
    }
    sqlite3_reset(st);
    if (!rc)
        run_part_warmup(run);
    return rc;
}

/* ---- runs --------------------------------------------------------------------------------------------------------- */

static int read_sessions(struct reader *r, struct run *run, struct err *e)
{
    size_t cap = 0;
    bool bad = false;
    int rc = count_rows(r->store, DB_COUNT_SESSIONS, run->id, &cap, e);
    sqlite3_stmt *st = rc ? NULL : db_prepare(r->store, DB_SELECT_SESSIONS, e);
    if (!st)
        return rc ? rc : r->store->unprepared;
    bind_int(st, 1, run->id);
    run->sessions = arena_alloc(r->arena, cap * sizeof *run->sessions);
    while ((rc = db_step(r->store, st, "read sessions", e)) > 0 && run->n_sessions < cap) {
        struct session *x = &run->sessions[run->n_sessions++];
        x->number = small(st, SESSION_COL_number, &bad);
        x->agent = name_of(r, st, SESSION_COL_agent);
        x->server = name_of(r, st, SESSION_COL_server);
        x->released_ns = column_ns(st, SESSION_COL_released_ns);
        x->started_ns = column_ns(st, SESSION_COL_started_ns);
        x->ended_ns = column_ns(st, SESSION_COL_ended_ns);
        x->ok = sqlite3_column_int64(st, SESSION_COL_ok) != 0;
        x->error = column_z(st, SESSION_COL_error, r->arena);
        x->quality_json = column_z(st, SESSION_COL_quality_json, r->arena);
        x->report_md = column_z(st, SESSION_COL_report_md, r->arena);
    }
    sqlite3_reset(st);
    return rc < 0 ? rc : bad ? damaged(r, "a session's number is out of its range", e) : 0;
}

/* A run that has not ended, or was killed, has no health: nothing of it is known. */
static int read_health(struct reader *r, struct run *run, struct err *e)
{
    struct health *h = &run->health;
    int i = 0;
    sqlite3_stmt *st = db_prepare(r->store, DB_SELECT_HEALTH, e);
    if (st)
        bind_int(st, 1, run->id);
    int rc = db_step(r->store, st, "read a run's health", e);
    bool found = rc > 0;
    if (rc < 0)
        return rc;
#define X(name, type) h->name = found ? column_double(st, ++i) : (double)NAN;
    HEALTH_DOUBLES(X)
#undef X
#define X(name, type) h->name = found ? column_count(st, ++i) : -1;
    HEALTH_INTEGERS(X)
#undef X
    sqlite3_reset(st);
    return 0;
}

static int find_verdict(const char *word)
{
    for (int v = VERDICT_VALID; v <= VERDICT_VOID; v++)
        if (!strcmp(verdict_word((enum verdict)v), word))
            return v;
    return -1;
}

/* The run's row alone. verdict of a run without one: NONE of a complete one (imported), else VOID, with the reason. */
static int read_run_row(struct reader *r, sqlite3_stmt *st, struct run *run, struct err *e)
{
    bool bad = false;
    *run = (struct run){.id = sqlite3_column_int64(st, RUN_COL_id)};
    r->run_id = run->id;
    r->seq = -1;
    const char *state = (const char *)sqlite3_column_text(st, RUN_COL_state);
    int found = run_state_find(state ? state : "");
    run->position = small(st, RUN_COL_position, &bad);
    run->block = small(st, RUN_COL_block, &bad);
    run->attempt = small(st, RUN_COL_attempt, &bad);
    run->arm = name_of(r, st, RUN_COL_arm);
    run->stratum = name_of(r, st, RUN_COL_stratum);
    run->wall_ns = column_ns(st, RUN_COL_wall_ns);
    run->started_ns = column_ns(st, RUN_COL_started_ns);
    run->ended_ns = column_ns(st, RUN_COL_ended_ns);
    run->start_state = column_z(st, RUN_COL_start_state, r->arena);
    const char *verdict = (const char *)sqlite3_column_text(st, RUN_COL_verdict);
    run->verdict = verdict ? find_verdict(verdict) : found == RUN_COMPLETE ? VERDICT_NONE : VERDICT_VOID;
    run->verdict_why = column_z(st, RUN_COL_verdict_why, r->arena);
    if (!verdict && run->verdict == VERDICT_VOID)
        run->verdict_why = "the run did not end";
    if (found < 0 || run->verdict < 0 || !run->arm || bad)
        return damaged(r, "its state, verdict, arm or place in the plan makes no sense", e);
    run->state = (enum run_state)found;
    return 0;
}

static int read_run(struct reader *r, sqlite3_stmt *st, struct run *run, struct err *e)
{
    int rc = read_run_row(r, st, run, e);
    rc = rc ? rc : read_sessions(r, run, e);
    return rc ? rc : read_health(r, run, e);
}

static int read_runs(struct reader *r, struct run **out, size_t *n, struct err *e)
{
    size_t cap = 0;
    sqlite3_stmt *st = db_prepare(r->store, DB_SELECT_RUNS, e);
    int rc;
    while ((rc = db_step(r->store, st, "read runs", e)) > 0) {
        if (*n == cap) {
            cap = cap ? 2 * cap : 32;
            *out = arena_grow(r->arena, *out, *n * sizeof **out, cap * sizeof **out);
        }
        struct run *run = &(*out)[(*n)++];
        rc = read_run(r, st, run, e);
        if (!rc && !r->heads_only)
            rc = read_requests(r, run, e);
        if (rc)
            break;
    }
    sqlite3_reset(st);
    return rc;
}

static int runs_by(struct reader *r, struct run **out, size_t *n, struct err *e)
{
    bool began;
    *out = NULL;
    *n = 0;
    int rc = db_read_begin(r->store, &began, e);
    rc = rc ? rc : read_runs(r, out, n, e);
    db_read_end(r->store, began);
    if (rc) {
        store_runs_release(*out, *n);
        *out = NULL;
        *n = 0;
    }
    return rc;
}

int store_runs(struct store *s, unsigned parts, struct arena *a, struct run **out, size_t *n, struct err *e)
{
    struct reader r = {.store = s, .arena = a, .parts = parts, .seq = -1};
    return runs_by(&r, out, n, e);
}

int store_run_heads(struct store *s, struct arena *a, struct run **out, size_t *n, struct err *e)
{
    struct reader r = {.store = s, .arena = a, .heads_only = true, .seq = -1};
    return runs_by(&r, out, n, e);
}

void store_runs_release(struct run *runs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < runs[i].n_requests + runs[i].n_warmup; k++)
            request_release(&runs[i].requests[k]);
}

/* ---- one request at a time ------------------------------------------------------------------------------------------ */

static int each_of_run(struct reader *r, const struct run *run, store_request_fn *fn, void *user, struct err *e)
{
    sqlite3_stmt *st = db_prepare(r->store, DB_SELECT_REQUESTS, e);
    if (st)
        bind_int(st, 1, run->id);
    int rc;
    while ((rc = db_step(r->store, st, "read requests", e)) > 0) {
        struct request q;
        request_init(&q);
        rc = read_request(r, st, &q, e);
        rc = rc ? rc : fn(user, run, &q);
        request_release(&q);
        if (rc)
            break;
    }
    sqlite3_reset(st);
    return rc;
}

int store_each_request(struct store *s, store_request_fn *fn, void *user, struct err *e)
{
    return store_each_run(s, fn, NULL, user, e);
}

int store_each_run(struct store *s, store_request_fn *fn, int (*end)(void *user, const struct run *run), void *user,
                   struct err *e)
{
    bool began;
    int rc = db_read_begin(s, &began, e);
    sqlite3_stmt *st = rc ? NULL : db_prepare(s, DB_SELECT_RUNS, e);
    while (!rc && (rc = db_step(s, st, "read runs", e)) > 0) {
        struct arena arena = {0}; /* of one run: an export of any size stays small */
        struct reader r = {.store = s, .arena = &arena, .parts = STORE_CHUNKS | STORE_TEXT, .seq = -1};
        struct run run;
        rc = read_run(&r, st, &run, e);
        rc = rc ? rc : each_of_run(&r, &run, fn, user, e);
        rc = rc || !end ? rc : end(user, &run);
        arena_release(&arena);
    }
    sqlite3_reset(st);
    db_read_end(s, began);
    return rc;
}

int store_run_requests(struct store *s, const struct run *run, store_request_fn *fn, void *user, struct err *e)
{
    bool began;
    struct arena arena = {0};
    struct reader r = {.store = s, .arena = &arena, .parts = STORE_CHUNKS | STORE_TEXT, .run_id = run->id, .seq = -1};
    int rc = db_read_begin(s, &began, e);
    rc = rc ? rc : each_of_run(&r, run, fn, user, e);
    db_read_end(s, began);
    arena_release(&arena);
    return rc;
}

int store_new_requests(struct store *s, int64_t run_id, int64_t *after, int (*fn)(void *user, const struct request *r),
                       void *user, struct err *e)
{
    struct arena arena = {0};
    struct reader r = {.store = s, .arena = &arena, .run_id = run_id, .seq = -1};
    sqlite3_stmt *st = db_prepare(s, DB_SELECT_NEW_REQUESTS, e);
    int rc;
    if (st) {
        bind_int(st, 1, *after);
        bind_int(st, 2, run_id);
    }
    while ((rc = db_step(s, st, "read requests", e)) > 0) {
        struct request q;
        request_init(&q);
        rc = read_request(&r, st, &q, e);
        rc = rc ? rc : fn(user, &q);
        request_release(&q);
        if (rc)
            break;
        *after = sqlite3_column_int64(st, 0);
    }
    sqlite3_reset(st);
    arena_release(&arena);
    return rc;
}
