/* Result files made through the store's own write side: a duet of alpha and beta, changed by the test before
 * it is stored. */
#ifndef TESTS_REPORT_FIXTURE_H
#define TESTS_REPORT_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../analysis/runs.h"
#include "base/file.h"
#include "report/report.h"
#include "report/view.h"
#include "write_run.h"

#define HOST_FACTS                                                                                                     \
    "{\"arch\":\"x86_64\",\"cores\":2,\"cpu\":\"Example CPU @ 2.00GHz\",\"governor\":\"performance\",\"kernel\":"      \
    "\"6.1.0\",\"memory_bytes\":8589934592,\"virtualisation\":null}"
#define SERVER_FACTS                                                                                                   \
    "{\"backend\":\"openai\",\"context\":2048,\"kind\":\"engine\",\"model\":\"tiny.gguf\",\"model_digest\":"           \
    "\"b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53\",\"parallel\":1,\"quantisation\":\"Q4_1\","   \
    "\"threads\":1,\"version\":\"0.1.0\"}"
#define PLAN_JSON "{\"arms\":[{\"name\":\"solo-alpha\"},{\"name\":\"solo-beta\"},{\"name\":\"pair\"}]}"

struct study_spec {
    const char *question;
    int32_t blocks;
    /* Changes run r (of block, arm 0 … 2) before it is stored; false: it is never started. May be NULL. */
    bool (*change)(struct run *r, int arm);
};

static const char *const arm_names[] = {"solo-alpha", "solo-beta", "pair"};

/* A little faster or slower from block to block, so that there is an interval: 1.5, 1.44, 1.56, … */
static double drift(int32_t block)
{
    static const double part[] = {1, 1.04, 0.96, 1.02, 0.98, 1.01};
    return part[block % 6];
}

static struct health quiet(void)
{
    return (struct health){.send_lag_p50_us = 40,
                           .send_lag_p99_us = 90,
                           .app_delay_p50_us = 5,
                           .app_delay_p99_us = 21,
                           .barrier_spread_us = 60,
                           .stopped_max_ms = NAN,
                           .receive_full = NAN,
                           .loop_busy = 0.02,
                           .steal = 0.001,
                           .host_busy = 0.97,
                           .psi_cpu_some = 0.4,
                           .ctx_voluntary = 900,
                           .ctx_involuntary = 30,
                           .retransmits = 0,
                           .chunks = 440,
                           .merged = 4,
                           .client_cpu_s = 0.12,
                           .client_rss_bytes = 9 << 20,
                           .samples = 40};
}

static struct run duet_run(struct arena *a, int32_t block, int arm)
{
    struct run r = make_run(a, arm_names[arm], block, 2);
    double d = drift(block);
    if (arm == 0 || arm == 2) {
        add_session(&r, "alpha", arm == 2 ? 12 * d : 10)->quality_json =
            "{\"keyword_score\":0.42,\"grounding\":{\"supported\":7,\"supported_named\":5,\"contradicted\":1,\"not_found\":4}}";
        add_request(&r, "analysis", 1, 400, 100, arm == 2 ? 5 : 4);
        add_request(&r, "report", 6.2, 300, 200, arm == 2 ? 5 : 3.5);
    }
    if (arm == 1 || arm == 2) {
        add_session(&r, "beta", arm == 2 ? 9 * d : 8)->quality_json = "{\"keyword_score\":0.38}";
        add_request(&r, "analysis", 1, 400, 80, arm == 2 ? 4.5 : 4);
        add_request(&r, "report", 5.7, 300, 60, arm == 2 ? 2.5 : 2);
    }
    r.position = 3 * block + arm;
    r.wall_ns = 1790000000LL * NS_PER_S + (int64_t)r.position * 20 * NS_PER_S;
    r.ended_ns = at_s(13);
    r.health = quiet();
    r.start_state = "{}";
    return r;
}

static void write_study(const char *path, const struct study_spec *spec)
{
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct store *s = NULL;
    char stratum[65];
    size_t n = 3 * (size_t)spec->blocks;
    struct plan_row *rows = arena_alloc(&a, (n + 1) * sizeof *rows);
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct plan_row){(int32_t)i, (int32_t)(i / 3), arm_names[i % 3]};
    struct store_study study = {.name = "duet",
                                .question = spec->question,
                                .source = "study: duet\n",
                                .plan_json = PLAN_JSON,
                                .plan_sha256 = "0123456789abcdef",
                                .seed = 7,
                                .chimera_version = "0.1.0",
                                .chimera_commit = "abcdef123456",
                                .command = "chimera run duet.yaml",
                                .rows = rows,
                                .n_rows = n};
    unlink(path);
    if (store_create(&s, path, &study, &e) || store_host(s, HOST_FACTS, stratum, &e) ||
        store_server(s, "a", SERVER_FACTS, &e) || store_server(s, "b", SERVER_FACTS, &e) ||
        store_note(s, "corpus", "{\"sha256\":\"feedfacefeedface\",\"files\":12}", &e) ||
        store_note(s, "host_at_start", "{\"load_1\":0.25,\"memory_available_bytes\":4294967296}", &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < n; i++) {
        struct run r = duet_run(&a, (int32_t)(i / 3), (int)(i % 3));
        if (!spec->change || spec->change(&r, (int)(i % 3)))
            write_run(s, &r, stratum);
    }
    if (store_close(s, &e))
        fail_msg("%s", e.text);
    arena_release(&a);
}

/* The view of the result at path, with the one thing that differs from run to run set. */
static inline struct report_view *view_at(const char *path)
{
    struct err e = ERR_INIT;
    struct store *s = NULL;
    struct report_view *v = NULL;
    if (store_open(&s, path, false, &e) || report_view_build(s, &v, &e) || store_close(s, &e))
        fail_msg("%s", e.text);
    unlink(path);
    v->info.created_wall_ns = 1790000000LL * NS_PER_S;
    return v;
}

static void new_path(char path[])
{
    int fd = mkstemp(path);
    if (fd < 0)
        fail_msg("no temporary file");
    close(fd);
}

static inline struct report_view *view_of(const struct study_spec *spec)
{
    char path[] = "/tmp/chimera-report-XXXXXX";
    new_path(path);
    write_study(path, spec);
    return view_at(path);
}

#endif
