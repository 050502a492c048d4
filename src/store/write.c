/* write.c: rows into the result file. See store.h for the contract, db.h for the transactions. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "record/verdict.h"
#include "store/blob.h"
#include "store/db.h"
#include "store/schema.h"
#include "store/store.h"

#define BATCH_NS NS_PER_S

/* Ends one operation of the recorder: commits when it is time. What failed takes the whole transaction with it, except a
 * row that was there already: SQLite undid that statement alone. */
static int end_operation(struct store *s, int rc, struct err *e)
{
    bool lost = s->lost;
    if (rc && (rc != ERR_BUG || !s->batching)) {
        db_rollback(s);
        s->lost = lost || rc != ERR_BUG;
    }
    if (rc || (s->batching && clock_now(NULL) - s->batch_since < BATCH_NS))
        return rc;
    return db_commit(s, e);
}

int store_flush(struct store *s, struct err *e)
{
    return db_commit(s, e);
}

void store_batching(struct store *s, bool on)
{
    s->batching = on; /* an open batch is committed by the next operation */
}

void store_keep(struct store *s, bool prompts, bool texts)
{
    s->discard_prompts = !prompts;
    s->discard_texts = !texts;
}

int store_limit_bytes(struct store *s, int64_t bytes, struct err *e)
{
    char pragma[64];
    int64_t page = 4096;
    int rc = db_integer(s, "PRAGMA page_size", &page, e);
    snprintf(pragma, sizeof pragma, "PRAGMA max_page_count = %lld",
             bytes > 0 ? (long long)(bytes / page + 1) : 1073741823LL);
    return rc ? rc : db_exec(s, pragma, "limit its size", e);
}

/* ---- facts: each in a transaction of its own, so that its failure harms no request -------------------------------- */

static int begin_fact(struct store *s, struct err *e)
{
    int rc = db_commit(s, e);
    return rc ? rc : db_begin(s, e);
}

static int end_fact(struct store *s, int rc, struct err *e)
{
    bool lost = s->lost;
    if (rc)
        db_rollback(s);
    s->lost = lost; /* no row of the run was in there */
    return rc ? rc : db_commit(s, e);
}

int store_host(struct store *s, const char *facts_json, char hex[65], struct err *e)
{
    sha256_hex(facts_json, strlen(facts_json), hex);
    int rc = begin_fact(s, e);
    sqlite3_stmt *st = rc ? NULL : db_prepare(s, DB_INSERT_HOST, e);
    if (st) {
        bind_z(st, 1, hex);
        bind_z(st, 2, facts_json);
        bind_int(st, 3, clock_wall_ns());
    }
    return rc ? rc : end_fact(s, db_run(s, st, "store the host's facts", e), e);
}

int store_server(struct store *s, const char *name, const char *facts_json, struct err *e)
{
    char hex[SHA256_HEX];
    sha256_hex(facts_json, strlen(facts_json), hex);
    int rc = begin_fact(s, e);
    sqlite3_stmt *st = rc ? NULL : db_prepare(s, DB_INSERT_SERVER, e);
    if (st) {
        bind_z(st, 1, name);
        bind_z(st, 2, hex);
        bind_z(st, 3, facts_json);
        bind_int(st, 4, clock_wall_ns());
    }
    return rc ? rc : end_fact(s, db_run(s, st, "store a server's facts", e), e);
}

int store_note(struct store *s, const char *key, const char *json, struct err *e)
{
    int rc = begin_fact(s, e);
    sqlite3_stmt *st = rc ? NULL : db_prepare(s, DB_INSERT_NOTE, e);
    if (st) {
        bind_z(st, 1, key);
        bind_z(st, 2, json);
    }
    return rc ? rc : end_fact(s, db_run(s, st, "store a note", e), e);
}

/* ---- runs --------------------------------------------------------------------------------------------------------- */

/* The plan is the law: a run that is not in it, or was done, is refused. */
static int check_position(struct store *s, struct run *r, struct err *e)
{
    struct arena names = {0};
    sqlite3_stmt *st = db_prepare(s, DB_PLAN_ROW, e);
    if (st)
        bind_int(st, 1, r->position);
    int rc = db_step(s, st, "read the plan", e);
    if (rc >= 0 &&
        (rc == 0 || sqlite3_column_int64(st, 0) != r->block || !r->arm || strcmp(column_z(st, 1, &names), r->arm) != 0))
        rc = err_set(e, ERR_REFUSED, "%s: the plan has no run of arm %s in block %d at position %d", s->path,
                     r->arm ? r->arm : "(none)", r->block, r->position);
    arena_release(&names);
    sqlite3_reset(st);
    if (rc < 0)
        return rc;
    st = db_prepare(s, DB_ATTEMPTS, e);
    if (st)
        bind_int(st, 1, r->position);
    rc = db_step(s, st, "count attempts", e);
    if (rc > 0 && sqlite3_column_int64(st, 2) > 0)
        rc = err_set(e, ERR_REFUSED, "%s: position %d of the plan has a complete run already", s->path, r->position);
    if (rc > 0)
        r->attempt = (int32_t)(sqlite3_column_int64(st, 1) + 1);
    sqlite3_reset(st);
    return rc < 0 ? rc : 0;
}

static int insert_run(struct store *s, const struct run *r, struct err *e)
{
    sqlite3_stmt *st = db_prepare(s, DB_INSERT_RUN, e);
    if (!st)
        return s->unprepared;
    bind_int(st, RUN_COL_position, r->position);
    bind_int(st, RUN_COL_block, r->block);
    bind_int(st, RUN_COL_attempt, r->attempt);
    bind_z(st, RUN_COL_arm, r->arm);
    bind_z(st, RUN_COL_stratum, r->stratum);
    bind_ns(st, RUN_COL_wall_ns, r->wall_ns);
    bind_ns(st, RUN_COL_started_ns, r->started_ns);
    bind_z(st, RUN_COL_start_state, r->start_state);
    bind_z(st, RUN_COL_state, run_state_word(RUN_RUNNING));
    return db_run(s, st, "begin a run", e);
}

int store_run_begin(struct store *s, struct run *r, struct err *e)
{
    if (s->open_run)
        return err_set(e, ERR_REFUSED, "%s: run %lld is still open", s->path, (long long)s->open_run);
    int rc = begin_fact(s, e);
    if (rc)
        return rc;
    rc = check_position(s, r, e);
    rc = rc ? rc : insert_run(s, r, e);
    int64_t id = sqlite3_last_insert_rowid(s->db);
    rc = end_fact(s, rc, e);
    if (rc)
        return rc;
    r->id = s->open_run = id;
    s->lost = false;
    return 0;
}

int store_sample(struct store *s, int64_t run_id, int64_t t_ns, const char *json, struct err *e)
{
    if (!s->open_run || run_id != s->open_run)
        return err_set(e, ERR_REFUSED, "%s: run %lld is not open", s->path, (long long)run_id);
    int rc = db_begin(s, e);
    if (rc)
        return rc;
    sqlite3_stmt *st = db_prepare(s, DB_INSERT_SAMPLE, e);
    if (st) {
        bind_int(st, 1, run_id);
        bind_int(st, 2, t_ns);
        bind_z(st, 3, json);
    }
    return end_operation(s, db_run(s, st, "store a sample", e), e);
}

static int insert_session(struct store *s, int64_t run_id, const struct session *x, struct err *e)
{
    sqlite3_stmt *st = db_prepare(s, DB_INSERT_SESSION, e);
    if (!st)
        return s->unprepared;
    bind_int(st, SESSION_COL_run_id, run_id);
    bind_int(st, SESSION_COL_number, x->number);
    bind_z(st, SESSION_COL_agent, x->agent);
    bind_z(st, SESSION_COL_server, x->server);
    bind_ns(st, SESSION_COL_released_ns, x->released_ns);
    bind_ns(st, SESSION_COL_started_ns, x->started_ns);
    bind_ns(st, SESSION_COL_ended_ns, x->ended_ns);
    bind_int(st, SESSION_COL_ok, x->ok);
    bind_bytes(st, SESSION_COL_error, x->error, x->error ? strlen(x->error) : 0);
    bind_bytes(st, SESSION_COL_quality_json, x->quality_json, x->quality_json ? strlen(x->quality_json) : 0);
    bind_bytes(st, SESSION_COL_report_md, x->report_md, x->report_md ? strlen(x->report_md) : 0);
    return db_run(s, st, "store a session", e);
}

static int insert_health(struct store *s, int64_t run_id, const struct health *h, struct err *e)
{
    int i = 1;
    sqlite3_stmt *st = db_prepare(s, DB_INSERT_HEALTH, e);
    if (!st)
        return s->unprepared;
    bind_int(st, i, run_id);
#define X(name, type) bind_double(st, ++i, h->name);
    HEALTH_DOUBLES(X)
#undef X
#define X(name, type) bind_count(st, ++i, h->name);
    HEALTH_INTEGERS(X)
#undef X
    return db_run(s, st, "store a run's health", e);
}

static int update_run(struct store *s, const struct run *r, const char *hash, struct err *e)
{
    sqlite3_stmt *st = db_prepare(s, DB_END_RUN, e);
    if (!st)
        return s->unprepared;
    bind_int(st, 1, r->id);
    bind_z(st, 2, run_state_word(r->state));
    bind_ns(st, 3, r->started_ns);
    bind_ns(st, 4, r->ended_ns);
    bind_z(st, 5, r->verdict == VERDICT_NONE ? NULL : verdict_word((enum verdict)r->verdict));
    bind_bytes(st, 6, r->verdict_why, r->verdict_why ? strlen(r->verdict_why) : 0);
    bind_z(st, 7, r->start_state);
    bind_z(st, 8, hash);
    return db_run(s, st, "end a run", e);
}

/* The hash is taken over the rows as they now stand in the file, inside the transaction that completes the run. */
static int write_end(struct store *s, const struct run *r, struct err *e)
{
    char hash[SHA256_HEX];
    int rc = db_begin(s, e);
    for (size_t i = 0; !rc && i < r->n_sessions; i++)
        rc = insert_session(s, r->id, &r->sessions[i], e);
    if (r->verdict != VERDICT_NONE) /* nobody watched an imported run */
        rc = rc ? rc : insert_health(s, r->id, &r->health, e);
    rc = rc ? rc : update_run(s, r, NULL, e);
    rc = rc ? rc : store_run_hash(s, r->id, hash, e);
    rc = rc ? rc : update_run(s, r, hash, e);
    if (rc)
        db_rollback(s);
    return rc ? rc : db_commit(s, e);
}

int store_run_end(struct store *s, const struct run *r, struct err *e)
{
    if (!s->open_run || r->id != s->open_run)
        return err_set(e, ERR_REFUSED, "%s: run %lld is not open", s->path, (long long)r->id);
    if (r->state != RUN_COMPLETE && r->state != RUN_ABORTED)
        return err_set(e, ERR_REFUSED, "%s: a run ends complete or aborted, not %s", s->path, run_state_word(r->state));
    if (s->lost && r->state == RUN_COMPLETE)
        return err_set(e, ERR_IO, "%s: run %lld is not complete: some of its requests could not be written", s->path,
                       (long long)r->id);
    int rc = db_commit(s, e);
    rc = rc ? rc : db_exec(s, "PRAGMA synchronous = FULL", "end a run", e);
    rc = rc ? rc : write_end(s, r, e);
    if (rc)
        return rc;
    s->open_run = 0;
    db_exec(s, "PRAGMA synchronous = NORMAL", "end a run", NULL);
    /* only tidies, and a reader may be in its way */
    db_exec(s, "PRAGMA wal_checkpoint(PASSIVE)", "write the log back", NULL);
    return 0;
}

/* ---- requests ----------------------------------------------------------------------------------------------------- */

/* One text by its hash; sha[0] == 0 asks for the hash to be taken. Afterwards sha is "" when there was nothing at all. */
static int put_content(struct store *s, const struct str *text, char sha[SHA256_HEX], bool discard, struct err *e)
{
    if (!text->at && !sha[0])
        return 0;
    if (!sha[0])
        sha256_hex(text->at, text->len, sha);
    sqlite3_stmt *st = db_prepare(s, DB_INSERT_CONTENT, e);
    if (!st)
        return s->unprepared;
    bind_z(st, 1, sha);
    if (text->at) {
        bool plain;
        bind_int(st, 2, (int64_t)text->len);
        bind_int(st, 3, text_chars(text->at, text->len, &plain));
        bind_checked(st, 4, discard ? NULL : text->at, text->len, plain);
    }
    return db_run(s, st, "store a text", e);
}

static void bind_nonempty(sqlite3_stmt *st, int i, const struct str *s)
{
    bind_bytes(st, i, s->len ? s->at : NULL, s->len);
}

static void bind_identity(sqlite3_stmt *st, int64_t run_id, const struct request *r)
{
    bind_int(st, REQUEST_COL_run_id, run_id);
    bind_int(st, REQUEST_COL_seq, r->seq);
    bind_int(st, REQUEST_COL_session, r->session);
    bind_int(st, REQUEST_COL_turn, r->turn);
    bind_z(st, REQUEST_COL_agent, r->agent);
    bind_z(st, REQUEST_COL_stage, r->stage);
    bind_z(st, REQUEST_COL_server, r->server);
    bind_z(st, REQUEST_COL_backend, r->backend);
    bind_z(st, REQUEST_COL_model, r->model);
    bind_z(st, REQUEST_COL_outcome, outcome_word(r->outcome));
    bind_int(st, REQUEST_COL_flags, r->flags);
    bind_count(st, REQUEST_COL_http_status, r->http_status ? r->http_status : -1);
    bind_count(st, REQUEST_COL_num_ctx, r->num_ctx);
    bind_count(st, REQUEST_COL_max_tok, r->max_tok);
    bind_nonempty(st, REQUEST_COL_error, &r->error);
    bind_nonempty(st, REQUEST_COL_finish_reason, &r->finish_reason);
    bind_nonempty(st, REQUEST_COL_not_applied, &r->not_applied);
}

static void bind_measures(sqlite3_stmt *st, const struct request *r)
{
    for (int i = 0; i < STAMP_COUNT; i++)
        bind_ns(st, REQUEST_COL_planned_ns + i, r->stamp[i]);
    bind_count(st, REQUEST_COL_server_total_ns, r->usage.total_ns);
    bind_count(st, REQUEST_COL_server_load_ns, r->usage.load_ns);
    bind_count(st, REQUEST_COL_server_prompt_eval_ns, r->usage.prompt_eval_ns);
    bind_count(st, REQUEST_COL_server_eval_ns, r->usage.eval_ns);
    bind_count(st, REQUEST_COL_prompt_tok, r->usage.prompt_tok);
    bind_count(st, REQUEST_COL_completion_tok, r->usage.completion_tok);
    bind_count(st, REQUEST_COL_cached_tok, r->usage.cached_tok);
    bind_count(st, REQUEST_COL_context_ids, r->usage.context_ids);
    bind_int(st, REQUEST_COL_bytes_in, r->bytes_in);
    bind_int(st, REQUEST_COL_bytes_out, r->bytes_out);
    bind_ns(st, REQUEST_COL_rtt_ns, r->rtt_ns);
    bind_int(st, REQUEST_COL_chunks_n, (int64_t)r->chunks.n);
    bind_int(st, REQUEST_COL_chunks_dropped, (int64_t)r->chunks.dropped);
}

/* Both blobs into one buffer: the first's length divides it. Their stamps are differences to `planned`, or to 0. */
static void bind_blobs(sqlite3_stmt *st, const struct request *r, struct str *blob)
{
    mono_ns planned = r->stamp[STAMP_PLANNED], base = planned == MONO_NONE ? 0 : planned;
    size_t engine_len = 0;
    str_clear(blob);
    if (engine_stamps_given(&r->engine)) {
        engine_stamps_encode(&r->engine, base, blob);
        engine_len = blob->len;
    }
    if (r->chunks.n)
        chunk_list_encode(&r->chunks, base, blob);
    if (engine_len)
        sqlite3_bind_blob64(st, REQUEST_COL_engine_stamps, blob->at, engine_len, SQLITE_STATIC);
    if (r->chunks.n)
        sqlite3_bind_blob64(st, REQUEST_COL_chunks, blob->at + engine_len, blob->len - engine_len, SQLITE_STATIC);
}

static int insert_request(struct store *s, int64_t run_id, const struct request *r, struct err *e)
{
    char prompt[SHA256_HEX], text[SHA256_HEX], reasoning[SHA256_HEX] = "";
    memcpy(prompt, r->prompt_sha256, sizeof prompt);
    memcpy(text, r->text_sha256, sizeof text);
    int rc = put_content(s, &r->prompt, prompt, s->discard_prompts, e);
    rc = rc ? rc : put_content(s, &r->text, text, s->discard_texts, e);
    if (!rc && r->reasoning.len)
        rc = put_content(s, &r->reasoning, reasoning, s->discard_texts, e);
    sqlite3_stmt *st = rc ? NULL : db_prepare(s, DB_INSERT_REQUEST, e);
    if (!st)
        return rc ? rc : s->unprepared;
    bind_identity(st, run_id, r);
    bind_measures(st, r);
    bind_blobs(st, r, &s->blob);
    bind_z(st, REQUEST_COL_prompt_sha256, prompt[0] ? prompt : NULL);
    bind_z(st, REQUEST_COL_text_sha256, text[0] ? text : NULL);
    bind_z(st, REQUEST_COL_reasoning_sha256, reasoning[0] ? reasoning : NULL);
    return db_run(s, st, "store a request", e);
}

int store_request(struct store *s, int64_t run_id, const struct request *r, struct err *e)
{
    if (!s->open_run || run_id != s->open_run)
        return err_set(e, ERR_REFUSED, "%s: run %lld is not open", s->path, (long long)run_id);
    int rc = db_begin(s, e);
    rc = rc ? rc : insert_request(s, run_id, r, e);
    rc = end_operation(s, rc, e);
    s->lost = s->lost || (rc && rc != ERR_BUG);
    return rc;
}
