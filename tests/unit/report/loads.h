/* Result files of plain load, made through the store's own write side: a closed loop and an open one, changed by the test
 * before they are stored. */
#ifndef TESTS_REPORT_LOADS_H
#define TESTS_REPORT_LOADS_H

#include "fixture.h"

#define LOAD_PLAN                                                                                                            \
    "{\"arms\":[{\"name\":\"closed\",\"load\":\"two\"},{\"name\":\"open\",\"load\":\"ten\"}],\"loads\":[{\"name\":\"two\","  \
    "\"max_concurrency\":2,\"stages\":[]},{\"name\":\"ten\",\"max_concurrency\":0,\"arrival\":\"poisson\",\"burstiness\":1," \
    "\"stages\":[10,10,9223372036854775807]}]}"

struct load_spec {
    const char *plan; /* NULL: LOAD_PLAN */
    int32_t blocks;
    size_t n_closed, n_open; /* requests of a run of each arm */
    bool (*change)(struct run *r, int arm);
};

/* Request i: ttft 40 … 59 ms in an order that mixes, eight steps of 10 ms, every 20th with a stall of 600 ms. */
static void load_request(struct run *r, size_t i, double sent_s, double lag_s)
{
    struct request *q = add_request(r, "load", 1, 64, 9, 1);
    double ttft = 0.040 + 0.001 * (double)(i * 7 % 20), stall = i % 20 == 13 ? 0.6 : 0;
    q->usage = USAGE_NONE;
    q->usage.prompt_tok = 64;
    q->usage.completion_tok = 9;
    q->stamp[STAMP_PLANNED] = at_s(sent_s - lag_s);
    q->stamp[STAMP_SENT] = at_s(sent_s);
    q->stamp[STAMP_FIRST_TOKEN] = at_s(sent_s + ttft);
    q->stamp[STAMP_LAST_TOKEN] = q->stamp[STAMP_DONE] = at_s(sent_s + ttft + 0.08 + stall);
    chunk_list_init(&q->chunks, 9);
    for (int k = 0; k < 9; k++) {
        mono_ns t = at_s(sent_s + ttft + 0.01 * k + (k > 4 ? stall : 0));
        chunk_list_add(&q->chunks, (struct chunk){.t_ns = t, .app_ns = t, .kind = CHUNK_TEXT, .text_bytes = 5});
    }
}

/* Closed: two requests every 0.25 s. Open: one every 0.1 s, the third of each ten 3 ms late; request 5 breaks off. */
static struct run a_load_run(struct arena *a, const struct load_spec *spec, int32_t block, int arm)
{
    size_t n = arm ? spec->n_open : spec->n_closed;
    struct run r = make_run(a, arm ? "open" : "closed", block, n / 4 + 1);
    double drifted = drift(block);
    add_session(&r, "load", arm ? 0.1 * (double)n + 1 : 0.125 * (double)n * drifted + 1);
    for (size_t i = 0; i < n; i++)
        load_request(&r, i, arm ? 0.1 * (double)i : 0.25 * (double)(i / 2) * drifted, arm && i % 10 == 2 ? 0.003 : 0);
    if (arm && n > 5) {
        r.requests[5].outcome = OUTCOME_RESET;
        r.requests[5].stamp[STAMP_LAST_TOKEN] = MONO_NONE;
    }
    r.position = 2 * block + arm;
    r.wall_ns = 1790000000LL * NS_PER_S + (int64_t)r.position * 20 * NS_PER_S;
    r.ended_ns = r.sessions[0].ended_ns;
    r.health = quiet();
    r.start_state = "{}";
    return r;
}

static void write_loads(const char *path, const struct load_spec *spec)
{
    static const char *const names[] = {"closed", "open"};
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct store *s = NULL;
    char stratum[65];
    size_t n = 2 * (size_t)spec->blocks;
    struct plan_row *rows = arena_alloc(&a, (n + 1) * sizeof *rows);
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct plan_row){(int32_t)i, (int32_t)(i / 2), names[i % 2]};
    struct store_study study = {.name = "loads",
                                .question = "What does the server do under this load?",
                                .source = "study: loads\n",
                                .plan_json = spec->plan ? spec->plan : LOAD_PLAN,
                                .plan_sha256 = "0123456789abcdef",
                                .seed = 7,
                                .chimera_version = "0.1.0",
                                .chimera_commit = "abcdef123456",
                                .command = "chimera run loads.yaml",
                                .rows = rows,
                                .n_rows = n};
    unlink(path);
    if (store_create(&s, path, &study, &e) || store_host(s, HOST_FACTS, stratum, &e) ||
        store_server(s, "a", SERVER_FACTS, &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < n; i++) {
        struct run r = a_load_run(&a, spec, (int32_t)(i / 2), (int)(i % 2));
        if (!spec->change || spec->change(&r, (int)(i % 2)))
            write_run(s, &r, stratum);
        for (size_t k = 0; k < r.n_requests; k++)
            chunk_list_release(&r.requests[k].chunks);
    }
    if (store_close(s, &e))
        fail_msg("%s", e.text);
    arena_release(&a);
}

static struct report_view *view_of_loads(const struct load_spec *spec)
{
    char path[] = "/tmp/chimera-report-XXXXXX";
    new_path(path);
    write_loads(path, spec);
    return view_at(path);
}

#endif
