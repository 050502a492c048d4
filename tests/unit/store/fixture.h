/* What the tests of store/ and exchange/ share: a scratch folder, a small study, random runs that use every field, and the
 * comparison of what was written with what was read. The seed of a failure is in its message. */
#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"
#include "store/store.h"

struct scratch {
    char dir[64];
    char path[96]; /* of the result */
};

static inline void scratch_make(struct scratch *s)
{
    /* in memory where there is such a place: every commit of a plan waits for the disk */
    snprintf(s->dir, sizeof s->dir, "%s/chimera-store-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(s->dir));
    snprintf(s->path, sizeof s->path, "%s/result.db", s->dir);
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline void scratch_remove(const struct scratch *s)
{
    assert_int_equal(nftw(s->dir, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Names in the folder besides `result.db`. */
static inline int scratch_others(const struct scratch *s)
{
    static const char *const ends[] = {"-wal", "-shm", "-journal", "-lock", "-new", "-new-journal"};
    char name[128];
    int n = 0;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(name, sizeof name, "%s%s", s->path, ends[i]);
        n += access(name, F_OK) == 0;
    }
    return n;
}

static inline void must(int rc, const struct err *e)
{
    if (rc || e->code)
        fail_msg("rc %d: %s", rc, e->text);
}

static const struct plan_row fixture_rows[] = {{0, 0, "solo"}, {1, 0, "pair"}, {2, 1, "pair"}, {3, 1, "solo"}};

static inline struct store_study fixture_study(void)
{
    struct store_study study = {
        .name = "duet",
        .question = "is two faster than one?",
        .source = "study: duet\n",
        .plan_json = "{\"arms\":[\"solo\",\"pair\"]}",
        .plan_sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        .seed = 0xFEDCBA9876543210u,
        .chimera_version = "0.1.0",
        .chimera_commit = "abc",
        .command = "chimera run duet.yaml",
        .rows = fixture_rows,
        .n_rows = 4,
    };
    return study;
}

static inline struct store *fixture_create(const struct scratch *s)
{
    struct err e = ERR_INIT;
    struct store *store = NULL;
    struct store_study study = fixture_study();
    must(store_create(&store, s->path, &study, &e), &e);
    return store;
}

static inline struct store *fixture_open(const struct scratch *s, bool write)
{
    struct err e = ERR_INIT;
    struct store *store = NULL;
    must(store_open(&store, s->path, write, &e), &e);
    return store;
}

static inline void fixture_close(struct store *store)
{
    struct err e = ERR_INIT;
    must(store_close(store, &e), &e);
}

/* ---- random values -------------------------------------------------------------------------------------------------- */

static inline bool chance(struct rng *g, double p)
{
    return rng_double(g) < p;
}

static inline const char *pick_name(struct rng *g)
{
    static const char *const names[] = {NULL, "analysis", "report", "a", "with space", "h\xC3\xA9", ""};
    return names[rng_below(g, 7)];
}

/* Any stamp: missing, near, and the ends of the range. */
static inline mono_ns any_ns(struct rng *g)
{
    switch (rng_below(g, 8)) {
    case 0: return MONO_NONE;
    case 1: return INT64_MAX;
    case 2: return INT64_MIN + 1;
    case 3: return 0;
    case 4: return -(mono_ns)rng_below(g, 1000);
    default: return (mono_ns)(100000 * NS_PER_S + (mono_ns)rng_below(g, 1u << 30));
    }
}

static inline int64_t any_count(struct rng *g)
{
    return chance(g, 0.3) ? -1 : chance(g, 0.1) ? INT64_MAX : (int64_t)rng_below(g, 1u << 20);
}

static inline double any_double(struct rng *g)
{
    switch (rng_below(g, 6)) {
    case 0: return NAN;
    case 1: return INFINITY;
    case 2: return 0.0;
    case 3: return 5e-324;
    default: return rng_double(g) * 1e6 - 1e5;
    }
}

/* Plain, hostile and binary text; sometimes nothing at all, and sometimes an empty text (which is not nothing). */
static inline void any_text(struct rng *g, struct str *out, bool may_be_absent)
{
    static const char *const pieces[] = {"The file ",    "\"quoted\"",   "\\",
                                         "\n",           "\r\n",         "\t",
                                         "\xE2\x80\xA8", "\xE2\x80\xA9", "\xF0\x9F\x98\x80",
                                         "\xFF",         "\xC3",         "\xED\xA0\x80",
                                         "</script>",    "=1+1",         "\x1B[31m",
                                         "\x7F",         "\xC0\x80",     "\xF4\x90\x80\x80",
                                         "caf\xC3\xA9"};
    if (may_be_absent && chance(g, 0.2))
        return;
    str_reserve(out, 0);
    out->at[0] = 0;
    for (uint64_t n = rng_below(g, 20); n; n--) {
        str_addz(out, pieces[rng_below(g, sizeof pieces / sizeof pieces[0])]);
        if (chance(g, 0.02))
            str_addc(out, 0);
    }
}

static inline void any_chunks(struct rng *g, struct chunk_list *l)
{
    size_t n = (size_t)rng_below(g, 40);
    chunk_list_init(l, n);
    mono_ns t = 100000 * NS_PER_S;
    for (size_t i = 0; i < n; i++) {
        t += (mono_ns)rng_below(g, 1u << 25);
        struct chunk c = {
            .t_ns = t,
            .app_ns = t + (mono_ns)rng_below(g, 50000),
            .bytes = (uint32_t)rng_below(g, 1u << 16),
            .kind = (uint8_t)rng_below(g, CHUNK_KIND_COUNT),
            .flags = (uint8_t)rng_below(g, 4),
            .text_bytes = (uint16_t)rng_below(g, 65536),
        };
        chunk_list_add(l, c);
    }
    if (chance(g, 0.1))
        l->dropped = (size_t)rng_below(g, 100);
}

static inline void any_request(struct rng *g, struct request *r, int64_t seq)
{
    request_init(r);
    r->seq = seq;
    r->session = (int32_t)rng_below(g, 5);
    r->turn = (int32_t)rng_below(g, 1u << 31);
    r->agent = pick_name(g);
    r->stage = pick_name(g);
    r->server = pick_name(g);
    r->backend = pick_name(g);
    r->model = pick_name(g);
    r->outcome = (enum outcome)rng_below(g, OUTCOME_COUNT);
    r->flags = (unsigned)rng_below(g, 128);
    r->http_status = chance(g, 0.2) ? 0 : (int)(100 + rng_below(g, 500));
    r->num_ctx = any_count(g);
    r->max_tok = any_count(g);
    for (int i = 0; i < STAMP_COUNT; i++)
        r->stamp[i] = any_ns(g);
    r->usage = (struct usage){any_count(g), any_count(g), any_count(g), any_count(g),
                              any_count(g), any_count(g), any_count(g), any_count(g)};
    if (chance(g, 0.5)) {
        r->engine.queued_ns = any_ns(g);
        r->engine.prefill_start_ns = any_ns(g);
        r->engine.prefill_end_ns = any_ns(g);
        r->engine.n = (size_t)rng_below(g, 20);
        r->engine.token_ns = r->engine.n ? xcalloc(r->engine.n, sizeof *r->engine.token_ns) : NULL;
        for (size_t i = 0; i < r->engine.n; i++)
            r->engine.token_ns[i] = any_ns(g);
    }
    any_chunks(g, &r->chunks);
    r->bytes_in = (int64_t)rng_below(g, 1u << 30);
    r->bytes_out = (int64_t)rng_below(g, 1u << 30);
    r->rtt_ns = any_ns(g);
    any_text(g, &r->prompt, true);
    any_text(g, &r->text, true);
    any_text(g, &r->reasoning, true);
    any_text(g, &r->error, true);
    any_text(g, &r->finish_reason, true);
    any_text(g, &r->not_applied, true);
    if (r->prompt.at && chance(g, 0.5)) /* the driver takes the hash itself */
        sha256_hex(r->prompt.at, r->prompt.len, r->prompt_sha256);
    if (!r->text.at && chance(g, 0.3)) /* only the hash is known */
        sha256_hex("gone", 4, r->text_sha256);
}

static inline void any_session(struct rng *g, struct session *x, int32_t number)
{
    *x = (struct session){
        .number = number,
        .agent = pick_name(g),
        .server = pick_name(g),
        .released_ns = any_ns(g),
        .started_ns = any_ns(g),
        .ended_ns = any_ns(g),
        .ok = chance(g, 0.5),
        .error = chance(g, 0.5) ? "reset \xFF by peer" : NULL,
        .quality_json = chance(g, 0.5) ? "{\"keywords\":0.5}" : NULL,
        .report_md = chance(g, 0.5) ? "# Report\n" : NULL,
    };
}

static inline void any_health(struct rng *g, struct health *h)
{
    *h = (struct health){
        any_double(g), any_double(g), any_double(g), any_double(g), any_double(g), any_double(g), any_double(g),
        any_double(g), any_double(g), any_double(g), any_double(g), any_count(g),  any_count(g),  any_count(g),
        any_count(g),  any_count(g),  any_count(g),  any_count(g),  any_count(g),  any_count(g),  any_double(g),
        any_double(g), any_double(g), any_count(g),  any_count(g),
    };
}

/* A run of n requests at a place of the fixture's plan; release with any_run_release. */
static inline void any_run(struct rng *g, struct run *r, int32_t position, size_t n)
{
    *r = (struct run){
        .position = position,
        .block = fixture_rows[position].block,
        .arm = fixture_rows[position].arm,
        .state = RUN_COMPLETE,
        .stratum = chance(g, 0.5) ? "feedface" : NULL,
        .wall_ns = 1700000000 * NS_PER_S,
        .started_ns = any_ns(g),
        .ended_ns = any_ns(g),
        .n_sessions = (size_t)rng_below(g, 5),
        .n_requests = n,
        .verdict = (int)rng_below(g, 3),
        .verdict_why = chance(g, 0.5) ? "" : "steal over 1 %",
        .start_state = chance(g, 0.5) ? NULL : "{\"cold\":true}",
    };
    r->sessions = xcalloc(r->n_sessions, sizeof *r->sessions);
    r->requests = xcalloc(n, sizeof *r->requests);
    for (size_t i = 0; i < r->n_sessions; i++)
        any_session(g, &r->sessions[i], (int32_t)i);
    for (size_t i = 0; i < n; i++)
        any_request(g, &r->requests[i], (int64_t)i);
    any_health(g, &r->health);
}

static inline void any_run_release(struct run *r)
{
    for (size_t i = 0; i < r->n_requests; i++)
        request_release(&r->requests[i]);
    free(r->sessions);
    free(r->requests);
}

static inline void write_run(struct store *store, struct run *r)
{
    struct err e = ERR_INIT;
    must(store_run_begin(store, r, &e), &e);
    for (size_t i = 0; i < r->n_requests; i++)
        must(store_request(store, r->id, &r->requests[i], &e), &e);
    must(store_run_end(store, r, &e), &e);
}

/* ---- comparison ------------------------------------------------------------------------------------------------------ */

static inline void same_z(const char *a, const char *b)
{
    if (!a || !b)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

static inline void same_str(const struct str *a, const struct str *b)
{
    assert_int_equal(a->len, b->len);
    if (a->len)
        assert_memory_equal(a->at, b->at, a->len);
}

/* As same_str; and an empty text is kept apart from none. */
static inline void same_text(const struct str *a, const struct str *b)
{
    assert_int_equal(a->at != NULL, b->at != NULL);
    same_str(a, b);
}

static inline void same_double(double a, double b)
{
    if (isnan(a))
        assert_true(isnan(b));
    else
        assert_memory_equal(&a, &b, sizeof a);
}

static inline void same_sha(const struct str *text, const char *given, const char *read)
{
    char hex[SHA256_HEX] = "";
    if (given[0])
        memcpy(hex, given, sizeof hex);
    else if (text->at)
        sha256_hex(text->at, text->len, hex);
    assert_string_equal(hex, read);
}

static inline void same_chunks(const struct chunk_list *a, const struct chunk_list *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->dropped, b->dropped);
    for (size_t i = 0; i < a->n; i++) {
        const struct chunk *x = &a->at[i], *y = &b->at[i];
        assert_int_equal(x->t_ns, y->t_ns);
        assert_int_equal(x->app_ns, y->app_ns);
        assert_int_equal(x->bytes, y->bytes);
        assert_int_equal(x->kind, y->kind);
        assert_int_equal(x->flags, y->flags);
        assert_int_equal(x->text_bytes, y->text_bytes);
    }
}

static inline void same_request(const struct request *a, const struct request *b)
{
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->session, b->session);
    assert_int_equal(a->turn, b->turn);
    same_z(a->agent, b->agent);
    same_z(a->stage, b->stage);
    same_z(a->server, b->server);
    same_z(a->backend, b->backend);
    same_z(a->model, b->model);
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->http_status, b->http_status);
    assert_int_equal(a->num_ctx, b->num_ctx);
    assert_int_equal(a->max_tok, b->max_tok);
    assert_memory_equal(a->stamp, b->stamp, sizeof a->stamp);
    assert_memory_equal(&a->usage, &b->usage, sizeof a->usage);
    assert_int_equal(a->engine.queued_ns, b->engine.queued_ns);
    assert_int_equal(a->engine.prefill_start_ns, b->engine.prefill_start_ns);
    assert_int_equal(a->engine.prefill_end_ns, b->engine.prefill_end_ns);
    assert_int_equal(a->engine.n, b->engine.n);
    if (a->engine.n)
        assert_memory_equal(a->engine.token_ns, b->engine.token_ns, a->engine.n * sizeof *a->engine.token_ns);
    same_chunks(&a->chunks, &b->chunks);
    assert_int_equal(a->bytes_in, b->bytes_in);
    assert_int_equal(a->bytes_out, b->bytes_out);
    assert_int_equal(a->rtt_ns, b->rtt_ns);
    same_text(&a->prompt, &b->prompt);
    same_text(&a->text, &b->text);
    same_str(&a->reasoning, &b->reasoning);
    same_str(&a->error, &b->error);
    same_str(&a->finish_reason, &b->finish_reason);
    same_str(&a->not_applied, &b->not_applied);
    same_sha(&a->prompt, a->prompt_sha256, b->prompt_sha256);
    same_sha(&a->text, a->text_sha256, b->text_sha256);
}

static inline void same_health(const struct health *a, const struct health *b)
{
    same_double(a->send_lag_p50_us, b->send_lag_p50_us);
    same_double(a->send_lag_p99_us, b->send_lag_p99_us);
    same_double(a->app_delay_p50_us, b->app_delay_p50_us);
    same_double(a->app_delay_p99_us, b->app_delay_p99_us);
    same_double(a->barrier_spread_us, b->barrier_spread_us);
    same_double(a->stopped_max_ms, b->stopped_max_ms);
    same_double(a->receive_full, b->receive_full);
    same_double(a->loop_busy, b->loop_busy);
    same_double(a->steal, b->steal);
    same_double(a->host_busy, b->host_busy);
    same_double(a->psi_cpu_some, b->psi_cpu_some);
    same_double(a->ceiling_chunks_per_s, b->ceiling_chunks_per_s);
    same_double(a->ceiling_requests_per_s, b->ceiling_requests_per_s);
    same_double(a->client_cpu_s, b->client_cpu_s);
    assert_int_equal(a->ctx_voluntary, b->ctx_voluntary);
    assert_int_equal(a->ctx_involuntary, b->ctx_involuntary);
    assert_int_equal(a->retransmits, b->retransmits);
    assert_int_equal(a->chunks, b->chunks);
    assert_int_equal(a->merged, b->merged);
    assert_int_equal(a->unstamped, b->unstamped);
    assert_int_equal(a->dropped_chunks, b->dropped_chunks);
    assert_int_equal(a->clock_steps, b->clock_steps);
    assert_int_equal(a->clock_step_max_ns, b->clock_step_max_ns);
    assert_int_equal(a->client_rss_bytes, b->client_rss_bytes);
    assert_int_equal(a->samples, b->samples);
}

static inline void same_run_head(const struct run *a, const struct run *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->position, b->position);
    assert_int_equal(a->block, b->block);
    assert_int_equal(a->attempt, b->attempt);
    same_z(a->arm, b->arm);
    assert_int_equal(a->state, b->state);
    same_z(a->stratum, b->stratum);
    assert_int_equal(a->wall_ns, b->wall_ns);
    assert_int_equal(a->started_ns, b->started_ns);
    assert_int_equal(a->ended_ns, b->ended_ns);
    assert_int_equal(a->verdict, b->verdict);
    same_z(a->verdict_why, b->verdict_why);
    same_z(a->start_state, b->start_state);
    same_health(&a->health, &b->health);
    assert_int_equal(a->n_sessions, b->n_sessions);
    for (size_t i = 0; i < a->n_sessions; i++) {
        const struct session *x = &a->sessions[i], *y = &b->sessions[i];
        assert_int_equal(x->number, y->number);
        same_z(x->agent, y->agent);
        same_z(x->server, y->server);
        assert_int_equal(x->released_ns, y->released_ns);
        assert_int_equal(x->started_ns, y->started_ns);
        assert_int_equal(x->ended_ns, y->ended_ns);
        assert_int_equal(x->ok, y->ok);
        same_z(x->error, y->error);
        same_z(x->quality_json, y->quality_json);
        same_z(x->report_md, y->report_md);
    }
}

static inline void same_run(const struct run *a, const struct run *b)
{
    same_run_head(a, b);
    assert_int_equal(a->n_requests, b->n_requests);
    for (size_t i = 0; i < a->n_requests; i++)
        same_request(&a->requests[i], &b->requests[i]);
}

#endif
