/* The tables of a result file, version by version; private to this room. One list of columns per wide table makes the
 * CREATE TABLE, the INSERT, the SELECT, the order of the run hash and the column numbers, so that none can drift.
 *
 * Version 3; version 2 had no `source` and `source_row`, and its runs always had a wall time. Integers are plain; a
 * thing that was not measured or not said is NULL; every time is CLOCK_MONOTONIC ns of the host (`…_ns`) unless its
 * name says wall. Words of a list (outcome, state, verdict) are stored as words, never as numbers. Columns of type ANY
 * hold text where the bytes are valid UTF-8 without NUL, and a blob otherwise.
 *
 *   study    one row      what was asked, the plan and its hash, the program that made it
 *   plan     per position the work, in the order of execution
 *   host     per stratum  facts of the machine, keyed by their SHA-256
 *   server   per content  facts of a server as it answered them
 *   note     per key      other JSON objects about the study as a whole
 *   run      per attempt  an aborted run keeps its rows; the position is tried again as the next attempt
 *   health   per run      see record/health.h
 *   session  per session
 *   request  per request  its nine stamps, counts, flags, outcome, chunks (record/chunk.h) and engine stamps (blob.h)
 *   content  per text     prompts, answers, reasoning: each distinct one once, keyed by its SHA-256; body NULL: not kept
 *   sample   per sample   of the probes, as JSON
 *   source      per file  that was imported, understood or not
 *   source_row  per record of such a file, as it was read, and the runs that were made of it */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <stdint.h>

#include "record/health.h"
#include "record/request.h"

/* "CHIM"; stands at byte 68 of the file, where file(1) and we look before SQLite is let near it. */
#define SCHEMA_APPLICATION_ID 0x4348494D
enum { SCHEMA_OLDEST = 2, SCHEMA_NOW = 3, SCHEMA_SOURCES = 3 /* since when there are sources */ };

#define RUN_COLUMNS(X)                                                                                                 \
    X(position, "INTEGER NOT NULL")                                                                                    \
    X(block, "INTEGER NOT NULL")                                                                                       \
    X(attempt, "INTEGER NOT NULL")                                                                                     \
    X(arm, "TEXT NOT NULL")                                                                                            \
    X(stratum, "TEXT")                                                                                                 \
    X(wall_ns, "INTEGER")                                                                                              \
    X(started_ns, "INTEGER")                                                                                           \
    X(ended_ns, "INTEGER")                                                                                             \
    X(start_state, "TEXT")                                                                                             \
    X(state, "TEXT NOT NULL")                                                                                          \
    X(verdict, "TEXT")                                                                                                 \
    X(verdict_why, "TEXT")                                                                                             \
    X(rows_sha256, "TEXT")

#define SESSION_COLUMNS(X)                                                                                             \
    X(run_id, "INTEGER NOT NULL")                                                                                      \
    X(number, "INTEGER NOT NULL")                                                                                      \
    X(agent, "TEXT")                                                                                                   \
    X(server, "TEXT")                                                                                                  \
    X(released_ns, "INTEGER")                                                                                          \
    X(started_ns, "INTEGER")                                                                                           \
    X(ended_ns, "INTEGER")                                                                                             \
    X(ok, "INTEGER NOT NULL")                                                                                          \
    X(error, "ANY")                                                                                                    \
    X(quality_json, "ANY")                                                                                             \
    X(report_md, "ANY")

/* The nine stamp columns stand together and in the order of STAMP_LIST; the chunk blob is last, so that reading a row
 * without it does not touch its pages. */
#define REQUEST_COLUMNS(X)                                                                                             \
    X(run_id, "INTEGER NOT NULL")                                                                                      \
    X(seq, "INTEGER NOT NULL")                                                                                         \
    X(session, "INTEGER NOT NULL")                                                                                     \
    X(turn, "INTEGER NOT NULL")                                                                                        \
    X(agent, "TEXT")                                                                                                   \
    X(stage, "TEXT")                                                                                                   \
    X(server, "TEXT")                                                                                                  \
    X(backend, "TEXT")                                                                                                 \
    X(model, "TEXT")                                                                                                   \
    X(outcome, "TEXT NOT NULL")                                                                                        \
    X(flags, "INTEGER NOT NULL")                                                                                       \
    X(http_status, "INTEGER")                                                                                          \
    X(num_ctx, "INTEGER")                                                                                              \
    X(max_tok, "INTEGER")                                                                                              \
    X(planned_ns, "INTEGER")                                                                                           \
    X(ready_ns, "INTEGER")                                                                                             \
    X(sent_ns, "INTEGER")                                                                                              \
    X(first_byte_ns, "INTEGER")                                                                                        \
    X(first_chunk_ns, "INTEGER")                                                                                       \
    X(first_token_ns, "INTEGER")                                                                                       \
    X(first_answer_ns, "INTEGER")                                                                                      \
    X(last_token_ns, "INTEGER")                                                                                        \
    X(done_ns, "INTEGER")                                                                                              \
    X(server_total_ns, "INTEGER")                                                                                      \
    X(server_load_ns, "INTEGER")                                                                                       \
    X(server_prompt_eval_ns, "INTEGER")                                                                                \
    X(server_eval_ns, "INTEGER")                                                                                       \
    X(prompt_tok, "INTEGER")                                                                                           \
    X(completion_tok, "INTEGER")                                                                                       \
    X(cached_tok, "INTEGER")                                                                                           \
    X(context_ids, "INTEGER")                                                                                          \
    X(bytes_in, "INTEGER NOT NULL")                                                                                    \
    X(bytes_out, "INTEGER NOT NULL")                                                                                   \
    X(rtt_ns, "INTEGER")                                                                                               \
    X(prompt_sha256, "TEXT")                                                                                           \
    X(text_sha256, "TEXT")                                                                                             \
    X(reasoning_sha256, "TEXT")                                                                                        \
    X(error, "ANY")                                                                                                    \
    X(finish_reason, "ANY")                                                                                            \
    X(not_applied, "ANY")                                                                                              \
    X(chunks_n, "INTEGER NOT NULL")                                                                                    \
    X(chunks_dropped, "INTEGER NOT NULL")                                                                              \
    X(engine_stamps, "BLOB")                                                                                           \
    X(chunks, "BLOB")

#define SOURCE_COLUMNS(X)                                                                                              \
    X(path, "ANY NOT NULL")                                                                                            \
    X(sha256, "TEXT")                                                                                                  \
    X(bytes, "INTEGER")                                                                                                \
    X(format, "TEXT")                                                                                                  \
    X(rows, "INTEGER NOT NULL")                                                                                        \
    X(refused, "INTEGER NOT NULL")                                                                                     \
    X(problem, "ANY")                                                                                                  \
    X(head_json, "TEXT")

#define SOURCE_ROW_COLUMNS(X)                                                                                          \
    X(source, "INTEGER NOT NULL")                                                                                      \
    X(line, "INTEGER NOT NULL")                                                                                        \
    X(origin, "ANY")                                                                                                   \
    X(run_id, "INTEGER")                                                                                               \
    X(runs, "INTEGER NOT NULL")                                                                                        \
    X(json, "TEXT NOT NULL")

/* Columns of `health`: the fields of struct health, by name; doubles (NaN is NULL) and integers (-1 is NULL). */
#define HEALTH_DOUBLES(X)                                                                                              \
    X(send_lag_p50_us, "REAL")                                                                                         \
    X(send_lag_p99_us, "REAL")                                                                                         \
    X(app_delay_p50_us, "REAL")                                                                                        \
    X(app_delay_p99_us, "REAL")                                                                                        \
    X(barrier_spread_us, "REAL")                                                                                       \
    X(stopped_max_ms, "REAL")                                                                                          \
    X(receive_full, "REAL")                                                                                            \
    X(loop_busy, "REAL")                                                                                               \
    X(steal, "REAL")                                                                                                   \
    X(host_busy, "REAL")                                                                                               \
    X(psi_cpu_some, "REAL")                                                                                            \
    X(ceiling_chunks_per_s, "REAL")                                                                                    \
    X(ceiling_requests_per_s, "REAL")                                                                                  \
    X(client_cpu_s, "REAL")
#define HEALTH_INTEGERS(X)                                                                                             \
    X(ctx_voluntary, "INTEGER")                                                                                        \
    X(ctx_involuntary, "INTEGER")                                                                                      \
    X(retransmits, "INTEGER")                                                                                          \
    X(chunks, "INTEGER")                                                                                               \
    X(merged, "INTEGER")                                                                                               \
    X(unstamped, "INTEGER")                                                                                            \
    X(dropped_chunks, "INTEGER")                                                                                       \
    X(clock_steps, "INTEGER")                                                                                          \
    X(clock_step_max_ns, "INTEGER")                                                                                    \
    X(client_rss_bytes, "INTEGER")                                                                                     \
    X(samples, "INTEGER")

#define HEALTH_COLUMNS(X) HEALTH_DOUBLES(X) HEALTH_INTEGERS(X)

/* Who adds a field to one of these adds its column. */
#define COLUMN_BYTES(name, type) +8
_Static_assert(sizeof(struct health) == 0 HEALTH_COLUMNS(COLUMN_BYTES), "a column for every field of struct health");
_Static_assert(sizeof(struct usage) == 8 * sizeof(int64_t), "a column for every field of struct usage");

/* Numbers of the columns in SELECT_…, and of the parameters in INSERT_…: `id` is column 0, so both are the same. */
enum run_column {
    RUN_COL_id,
#define X(name, type) RUN_COL_##name,
    RUN_COLUMNS(X)
#undef X
};
enum session_column {
    SESSION_COL_id,
#define X(name, type) SESSION_COL_##name,
    SESSION_COLUMNS(X)
#undef X
};
enum request_column {
    REQUEST_COL_id,
#define X(name, type) REQUEST_COL_##name,
    REQUEST_COLUMNS(X)
#undef X
        REQUEST_COL_COUNT
};
_Static_assert(REQUEST_COL_done_ns == REQUEST_COL_planned_ns + STAMP_DONE, "one column per stamp, in their order");

enum source_column {
    SOURCE_COL_id,
#define X(name, type) SOURCE_COL_##name,
    SOURCE_COLUMNS(X)
#undef X
};
enum source_row_column {
    SOURCE_ROW_COL_id,
#define X(name, type) SOURCE_ROW_COL_##name,
    SOURCE_ROW_COLUMNS(X)
#undef X
};

#define COLUMN_NAME(name, type) ", " #name
#define COLUMN_PARAMETER(name, type) ", ?"

/* The statements that make an empty result file of version SCHEMA_NOW; NULL behind the last. */
const char *schema_statement(int i);

/* What the first 100 bytes of a file say (SQLite file format, section 1.3), read without opening it as a database. */
struct schema_header {
    bool sqlite;     /* it begins as a SQLite 3 database */
    bool ours;       /* its application id is ours */
    int64_t version; /* its user_version: the schema */
};
enum { SCHEMA_HEADER_BYTES = 100 };
struct schema_header schema_header_of(const unsigned char bytes[SCHEMA_HEADER_BYTES]);

#endif
