/* Other tools' numbers against values worked out by hand: the one stream that they describe so differently, a run
 * with everything that tells them apart, and what they cannot be asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "record/peer.h"

#define T0 (7 * NS_PER_S)

static mono_ns at_ms(double ms)
{
    return T0 + (mono_ns)(ms * 1e6);
}

static void add(struct request *r, double ms, enum chunk_kind kind, unsigned flags)
{
    chunk_list_reserve(&r->chunks, 1);
    chunk_list_add(&r->chunks, (struct chunk){at_ms(ms), at_ms(ms), 200, (uint8_t)kind, (uint8_t)flags, 4});
}

/* Stamps that the chunks prove; negative tokens: the server told none. */
static void finish(struct request *r, double planned_ms, double sent_ms, double done_ms, int64_t tokens)
{
    r->stamp[STAMP_PLANNED] = at_ms(planned_ms);
    r->stamp[STAMP_SENT] = at_ms(sent_ms);
    r->stamp[STAMP_DONE] = at_ms(done_ms);
    r->usage.completion_tok = tokens;
    for (size_t i = 0; i < r->chunks.n; i++) {
        const struct chunk *c = &r->chunks.at[i];
        if (c->kind != CHUNK_TEXT && c->kind != CHUNK_REASONING)
            continue;
        if (r->stamp[STAMP_FIRST_TOKEN] == MONO_NONE)
            r->stamp[STAMP_FIRST_TOKEN] = c->t_ns;
        if (c->kind == CHUNK_TEXT && r->stamp[STAMP_FIRST_ANSWER] == MONO_NONE)
            r->stamp[STAMP_FIRST_ANSWER] = c->t_ns;
        r->stamp[STAMP_LAST_TOKEN] = c->t_ns;
    }
}

/* Role chunk at 50 ms; 1 token at 100; 3 tokens in one chunk at 140; 1 token at 180; usage at 182; done 183. */
static struct request several_tokens_a_chunk(void)
{
    struct request r;
    request_init(&r);
    add(&r, 50, CHUNK_ROLE, 0);
    add(&r, 100, CHUNK_TEXT, 0);
    add(&r, 140, CHUNK_TEXT, 0);
    add(&r, 180, CHUNK_TEXT, 0);
    add(&r, 182, CHUNK_USAGE, 0);
    add(&r, 183, CHUNK_DONE, 0);
    finish(&r, -2, 0, 183, 5);
    r.usage.eval_ns = 100 * NS_PER_MS;
    r.usage.prompt_eval_ns = 60 * NS_PER_MS;
    r.usage.prompt_tok = 30;
    r.usage.load_ns = 10 * NS_PER_MS;
    r.usage.total_ns = 175 * NS_PER_MS;
    return r;
}

/* Reasoning first, two events in one read, a finish event with times and a usage event; a token a chunk. */
static struct request merged_reads(void)
{
    struct request r;
    request_init(&r);
    add(&r, 1040, CHUNK_COMMENT, 0);
    add(&r, 1100, CHUNK_REASONING, 0);
    add(&r, 1150, CHUNK_TEXT, CHUNK_MERGED);
    add(&r, 1150, CHUNK_TEXT, 0);
    add(&r, 1200, CHUNK_TEXT, 0);
    add(&r, 1201, CHUNK_USAGE, 0);
    add(&r, 1203, CHUNK_USAGE, 0);
    add(&r, 1204, CHUNK_DONE, 0);
    finish(&r, 995, 1000, 1204, 4);
    return r;
}

static struct request broken(void)
{
    struct request r;
    request_init(&r);
    add(&r, 1600, CHUNK_TEXT, 0);
    add(&r, 1650, CHUNK_TEXT, 0);
    finish(&r, 1500, 1500, 3000, -1);
    r.outcome = OUTCOME_RESET;
    return r;
}

static struct request one_token(void)
{
    struct request r;
    request_init(&r);
    add(&r, 2050, CHUNK_ROLE, 0);
    add(&r, 2101, CHUNK_TEXT, 0);
    add(&r, 2102, CHUNK_OTHER, 0);
    add(&r, 2103, CHUNK_USAGE, 0);
    add(&r, 2104, CHUNK_DONE, 0);
    finish(&r, 2000, 2001, 2104, 1);
    return r;
}

static struct request no_usage(void)
{
    struct request r;
    request_init(&r);
    add(&r, 2560, CHUNK_TEXT, 0);
    add(&r, 2600, CHUNK_TEXT, 0);
    add(&r, 2680, CHUNK_TEXT, 0);
    add(&r, 2690, CHUNK_DONE, 0);
    finish(&r, 2500, 2500, 2690, -1);
    return r;
}

static const struct peer_limits *limits; /* of the test that runs */

static struct peer_number of(const char *id, struct request *requests, size_t n)
{
    struct run run = {.requests = requests, .n_requests = n};
    const struct run *runs[] = {&run};
    const struct peer *p = peer_find(id);
    if (!p)
        fail_msg("no row %s", id);
    return peer_of_runs(p, limits, runs, 1);
}

static void near(const char *what, double got, double want)
{
    if (isnan(want) ? !isnan(got) : !(fabs(got - want) <= 1e-9 * fmax(1, fabs(want))))
        fail_msg("%s: got %.17g, want %.17g", what, got, want);
}

struct expected {
    const char *id;
    size_t n;
    double mean, p50, p90;
};

static void check(const struct expected *rows, size_t n_rows, struct request *requests, size_t n)
{
    for (size_t i = 0; i < n_rows; i++) {
        struct peer_number x = of(rows[i].id, requests, n);
        if (x.n != rows[i].n)
            fail_msg("%s: n %zu, want %zu", rows[i].id, x.n, rows[i].n);
        near(rows[i].id, x.mean, rows[i].mean);
        near(rows[i].id, x.p50, rows[i].p50);
        near(rows[i].id, x.p90, rows[i].p90);
        assert_null(x.lack);
    }
}
#define CHECK(rows, requests, n) check(rows, sizeof rows / sizeof rows[0], requests, n)

/* ---- one stream, all definitions ------------------------------------------------------------------------- */

static void the_worked_example(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        double mean;
    } rows[] = {
        {"ttft.vllm", 50},
        {"itl.vllm", 130.0 / 3},
        {"tpot.vllm", 32.5},
        {"e2e.vllm", 180},
        {"ttft.aiperf", 100},
        {"ttfo.aiperf", 100},
        {"itl.aiperf", 20},
        {"icl.aiperf", 40},
        {"e2e.aiperf", 180},
        {"user_rate.aiperf", 50},
        {"ttft.guidellm", 100},
        {"itl.guidellm", 20},
        {"tpot.guidellm", 36},
        {"e2e.guidellm", 183},
        {"ttft.inference-perf", 100},
        {"itl.inference-perf", 20},
        {"tpot.inference-perf", 20},
        {"ntpot.inference-perf", 36.6},
        {"e2e.inference-perf", 183},
        {"ttft.genai-bench", 100},
        {"tpot.genai-bench", 20.5},
        {"e2e.genai-bench", 182},
        {"ttft.llmperf", 100},
        {"itl.llmperf", 45},
        {"e2e.llmperf", 183},
        {"ttft.mlperf-loadgen", 102},
        {"tpot.mlperf-loadgen", 20.75},
        {"e2e.mlperf-loadgen", 185},
        {"ttft.mlperf-endpoints", 100},
        {"e2e.mlperf-endpoints", 183},
        {"ttft.ollama", 100},
    };
    struct request r = several_tokens_a_chunk();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        near(rows[i].id, of(rows[i].id, &r, 1).mean, rows[i].mean);
    assert_int_equal(of("itl.vllm", &r, 1).n, 3);
    assert_int_equal(of("icl.aiperf", &r, 1).n, 2);
    assert_int_equal(of("itl.inference-perf", &r, 1).n, 4);
    assert_string_equal(of("tpot.mlperf-endpoints", &r, 1).lack, peer_lack_tokenizer);
    request_release(&r);
}

/* ---- a run with everything in it ------------------------------------------------------------------------- */

static const double none = NAN;

static void a_run_pooled(void **state)
{
    (void)state;
    struct request r[] = {several_tokens_a_chunk(), merged_reads(), broken(), one_token()};
    const struct expected rows[] = {
        {"ttft.vllm", 3, 199.0 / 3, 50, 90},
        {"itl.vllm", 9, 283.0 / 9, 40, 50.2},
        {"tpot.vllm", 2, (32.5 + 101.0 / 3) / 2, (32.5 + 101.0 / 3) / 2, 32.5 + 0.9 * (101.0 / 3 - 32.5)},
        {"e2e.vllm", 3, 482.0 / 3, 180, 196.8},
        {"output_rate.vllm", 1, 10 / 3.0, none, none},
        {"request_rate.vllm", 1, 1, none, none},
        {"ttft.aiperf", 3, 100, 100, 100},
        {"ttfo.aiperf", 3, 350.0 / 3, 100, 140},
        {"itl.aiperf", 2, 80.0 / 3, 80.0 / 3, 32},
        {"icl.aiperf", 5, 36, 40, 50},
        {"e2e.aiperf", 3, 160, 180, 196},
        {"user_rate.aiperf", 2, 40, 40, 48},
        {"e2e_rate.aiperf", 3, (5 / 0.18 + 20 + 10) / 3, 20, 20 + 0.8 * (5 / 0.18 - 20)},
        {"output_rate.aiperf", 1, 10 / 2.101, none, none},
        {"request_rate.aiperf", 1, 3 / 2.101, none, none},
        {"ttft.guidellm", 3, 100, 100, 100},
        {"ttfo.guidellm", 3, 350.0 / 3, 100, 150},
        {"itl.guidellm", 2, 180.0 / 7, 20, 100.0 / 3}, /* weights 4 and 3 */
        {"tpot.guidellm", 3, 48, 36, 50},              /* 36, 50, 100 with weights 5, 4, 1 */
        {"e2e.guidellm", 3, 490.0 / 3, 183, 204},
        {"output_rate.guidellm", 1, 10 / 3.0, none, none},
        {"request_rate.guidellm", 1, 1, none, none},
        {"ttft.inference-perf", 2, 125, 125, 145},
        {"itl.inference-perf", 7, 130.0 / 7, none, none},
        {"tpot.inference-perf", 2, 55.0 / 3, 55.0 / 3, 50.0 / 3 + 0.9 * 10 / 3},
        {"ntpot.inference-perf", 3, (36.6 + 51 + 103) / 3, 51, 92.6},
        {"e2e.inference-perf", 3, 490.0 / 3, 183, 199.8},
        {"output_rate.inference-perf", 1, 10 / 3.0, none, none},
        {"request_rate.inference-perf", 1, 1, none, none},
        {"ttft.genai-bench", 3, 100, 100, 100},
        {"tpot.genai-bench", 2, (20.5 + 103.0 / 3) / 2, (20.5 + 103.0 / 3) / 2, 20.5 + 0.9 * (103.0 / 3 - 20.5)},
        {"e2e.genai-bench", 3, 487.0 / 3, 182, 198.8},
        {"speed.genai-bench", 2, (1 / 0.0205 + 3 / 0.103) / 2, (1 / 0.0205 + 3 / 0.103) / 2,
         3 / 0.103 + 0.9 * (1 / 0.0205 - 3 / 0.103)},
        {"output_rate.genai-bench", 1, 10 / 3.0, none, none},
        {"request_rate.genai-bench", 1, 1, none, none},
        {"ttft.llmperf", 3, 350.0 / 3, 100, 140},
        {"itl.llmperf", 3, (45 + 40 + 100.0 / 3) / 3, 40, 44},
        {"e2e.llmperf", 3, 490.0 / 3, 183, 199.8},
        {"request_rate.llmperf", 1, 1, none, none},
        {"ttft.mlperf-loadgen", 3, 308.0 / 3, 102, 105},
        {"tpot.mlperf-loadgen", 2, (20.75 + 104.0 / 3) / 2, 104.0 / 3, 104.0 / 3},
        {"e2e.mlperf-loadgen", 3, 498.0 / 3, 185, 209},
        {"output_rate.mlperf-loadgen", 1, 10 / 2.106, none, none},
        {"request_rate.mlperf-loadgen", 1, 2 / 2.106, none, none},
        {"ttft.mlperf-endpoints", 3, 100, 100, 100},
        {"e2e.mlperf-endpoints", 3, 490.0 / 3, 183, 204},
        {"request_rate.mlperf-endpoints", 1, 1, none, none},
        {"ttft.ollama", 3, 350.0 / 3, 100, none},
        {"generate.ollama", 1, 20, 20, none},
        {"generate_rate.ollama", 1, 50, 50, none},
        {"prefill_rate.ollama", 1, 500, 500, none},
        {"load.ollama", 1, 10, 10, none},
        {"total.ollama", 1, 175, 175, none},
    };
    CHECK(rows, r, 4);
    near("p99", of("ttft.vllm", r, 4).p99, 99);
    near("p99", of("tpot.guidellm", r, 4).p99, 100);
    near("p99", of("ttft.ollama", r, 4).p99, none);
    assert_string_equal(of("itl.inference-perf", r, 4).lack_quantiles, peer_lack_tokenizer);
    assert_null(of("tpot.inference-perf", r, 4).lack_quantiles);
    for (size_t i = 0; i < 4; i++)
        request_release(&r[i]);
}

/* What a run has once: a value per run, not a pool; requests of all runs: one pool. */
static void several_runs(void **state)
{
    (void)state;
    struct request a = several_tokens_a_chunk(), b = merged_reads();
    struct run one = {.requests = &a, .n_requests = 1}, two = {.requests = &b, .n_requests = 1}, empty = {0};
    const struct run *runs[] = {&one, &empty, &two};
    struct peer_number x = peer_of_runs(peer_find("output_rate.vllm"), NULL, runs, 3);
    assert_int_equal(x.n, 2);
    near("two runs", x.mean, (5 / 0.183 + 4 / 0.204) / 2);
    x = peer_of_runs(peer_find("e2e.guidellm"), NULL, runs, 3);
    assert_int_equal(x.n, 2);
    near("two requests", x.mean, 193.5);
    near("nearest rank", x.p50, 183);
    request_release(&a);
    request_release(&b);
}

/* LoadGen's window ends with the request that was planned last, not with the one that ended last. */
static void loadgen_does_not_wait(void **state)
{
    (void)state;
    struct request r[] = {merged_reads(), several_tokens_a_chunk(), broken()};
    r[1].stamp[STAMP_DONE] = at_ms(5000);
    r[2].stamp[STAMP_PLANNED] = at_ms(-500);
    near("tokens", of("output_rate.mlperf-loadgen", r, 3).mean, 9 / 1.206);
    near("requests", of("request_rate.mlperf-loadgen", r, 3).mean, 1 / 1.206);
    near("native", of("request_rate.mlperf-endpoints", r, 3).mean, 2 / 5.0);
    for (size_t i = 0; i < 3; i++)
        request_release(&r[i]);
}

/* ---- quirks ---------------------------------------------------------------------------------------------- */

/* Failed requests are no good ones; whether they count at all, and what a missing TPOT is, each decides for itself. */
static void goodput(void **state)
{
    (void)state;
    static const struct peer_limits all = {95, 33, 190}, late = {.ttft_ms = 60}, whole = {.e2e_ms = 190},
                                    steps = {.tpot_ms = 33}, middle = {.ttft_ms = 120};
    static const struct {
        const struct peer_limits *limits;
        double vllm, aiperf, fraction, inference_perf, share;
    } rows[] = {
        /* vLLM: the first one (50, 32.5, 180) and the one token (49, 0, 101); the others: ttft is 100 for all */
        {&all, 2 / 3.0, 0, 0, 0, 0},
        {&late, 2 / 3.0, 0, 0, 0, 0},
        /* inference-perf: 100, 150, none */
        {&middle, 1, 3 / 2.101, 0.75, 1 / 2.104, 100.0 / 3},
        /* AIPerf 180, 200, 100; inference-perf 183, 204, 103 */
        {&whole, 2 / 3.0, 2 / 2.101, 0.5, 2 / 2.104, 200.0 / 3},
        /* vLLM 32.5, 33.7, 0; AIPerf 20, 33.3, none; inference-perf 20, 16.7, none */
        {&steps, 2 / 3.0, 1 / 2.101, 0.25, 2 / 2.104, 200.0 / 3},
    };
    struct request r[] = {several_tokens_a_chunk(), merged_reads(), broken(), one_token(), no_usage()};
    r[2].stamp[STAMP_LAST_TOKEN] = at_ms(2900); /* later than any completed one's */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        limits = rows[i].limits;
        near("goodput.vllm", of("goodput.vllm", r, 4).mean, rows[i].vllm);
        near("goodput.aiperf", of("goodput.aiperf", r, 4).mean, rows[i].aiperf);
        near("good_fraction.aiperf", of("good_fraction.aiperf", r, 4).mean, rows[i].fraction);
        near("goodput.inference-perf", of("goodput.inference-perf", r, 4).mean, rows[i].inference_perf);
        near("good_share.inference-perf", of("good_share.inference-perf", r, 4).mean, rows[i].share);
    }
    assert_string_equal(of("goodput.vllm", r, 5).lack, peer_lack_tokenizer);
    r[2].stamp[STAMP_SENT] = MONO_NONE; /* it was never sent */
    near("three were", of("good_fraction.aiperf", r, 4).mean, 1 / 3.0);
    limits = NULL;
    assert_string_equal(of("goodput.aiperf", r, 4).lack, peer_lack_limits);
    near("aiperf's window", of("request_rate.aiperf", r, 4).mean, 3 / 2.101);
    for (size_t i = 0; i < 5; i++)
        request_release(&r[i]);
}

static void a_token_a_chunk(void **state)
{
    (void)state;
    struct request r = merged_reads();
    r.chunks.at[1].kind = CHUNK_TEXT; /* no reasoning: four answers, four tokens */
    const struct expected rows[] = {
        {"ttft.inference-perf", 1, 100, 100, 100},
        {"itl.inference-perf", 3, 100.0 / 3, 50, 50},
        {"tpot.mlperf-endpoints", 1, 104.0 / 3, 104.0 / 3, 104.0 / 3},
    };
    CHECK(rows, &r, 1);
    struct request pair[] = {r, several_tokens_a_chunk()}; /* one request's gaps are known, the other's are not */
    struct peer_number x = of("itl.inference-perf", pair, 2);
    assert_int_equal(x.n, 7);
    near("all gaps", x.mean, 180.0 / 7);
    near("some gaps are no percentile", x.p50, none);
    assert_string_equal(x.lack_quantiles, peer_lack_tokenizer);
    request_release(&r);
    request_release(&pair[1]);
}

/* Two token stamps are needed; one chunk with three tokens has three. */
static void all_in_one_chunk(void **state)
{
    (void)state;
    struct request r;
    request_init(&r);
    add(&r, 90, CHUNK_TEXT, 0);
    finish(&r, 0, 0, 95, 3);
    const struct expected rows[] = {
        {"ttft.inference-perf", 1, 90, 90, 90},   {"tpot.inference-perf", 1, 0, 0, 0},
        {"itl.inference-perf", 2, 0, none, none}, {"tpot.vllm", 1, 0, 0, 0},
        {"itl.vllm", 0, none, none, none},        {"tpot.mlperf-loadgen", 1, 2.5, 2.5, 2.5},
    };
    CHECK(rows, &r, 1);
    request_release(&r);
}

static void genai_drops_what_is_too_fast(void **state)
{
    (void)state;
    struct request r;
    request_init(&r);
    add(&r, 99.2, CHUNK_TEXT, 0);
    add(&r, 99.9, CHUNK_TEXT, 0);
    add(&r, 100.1, CHUNK_USAGE, 0);
    finish(&r, 0, 0, 101, 2);
    assert_int_equal(of("tpot.genai-bench", &r, 1).n, 0);
    assert_int_equal(of("speed.genai-bench", &r, 1).n, 0);
    near("e2e stays", of("e2e.genai-bench", &r, 1).mean, 100.1);
    r.chunks.at[2].t_ns = at_ms(100.2);
    near("1 ms is enough", of("tpot.genai-bench", &r, 1).mean, 1);
    request_release(&r);
}

/* Tool calls are content to AIPerf and GuideLLM and none to inference-perf and llmperf. */
static void tool_calls(void **state)
{
    (void)state;
    struct request r;
    request_init(&r);
    add(&r, 30, CHUNK_TOOL, 0);
    add(&r, 50, CHUNK_TEXT, 0);
    add(&r, 60, CHUNK_TEXT, 0);
    finish(&r, 0, 0, 61, 3);
    r.stamp[STAMP_FIRST_TOKEN] = at_ms(30);
    near("aiperf", of("icl.aiperf", &r, 1).mean, 15);
    near("llmperf", of("ttft.llmperf", &r, 1).mean, 50);
    near("inference-perf", of("ttft.inference-perf", &r, 1).mean, 50);
    near("vllm", of("ttft.vllm", &r, 1).mean, 30);
    near("endpoints", of("tpot.mlperf-endpoints", &r, 1).mean, 31.0 / 2);
    request_release(&r);
}

/* ---- what cannot be told --------------------------------------------------------------------------------- */

static void lacks(const char *id, struct request *r, size_t n, const char *lack)
{
    struct peer_number x = of(id, r, n);
    if (!x.lack || strcmp(x.lack, lack) != 0)
        fail_msg("%s: lack %s, want %s", id, x.lack ? x.lack : "(none)", lack);
    assert_int_equal(x.n, 0);
    assert_true(isnan(x.mean) && isnan(x.p50) && isnan(x.p90) && isnan(x.p99));
}

static void without_usage(void **state)
{
    (void)state;
    struct request r[] = {several_tokens_a_chunk(), no_usage()};
    static const char *const tokenizer[] = {
        "tpot.vllm",
        "output_rate.vllm",
        "itl.aiperf",
        "user_rate.aiperf",
        "e2e_rate.aiperf",
        "output_rate.aiperf",
        "itl.inference-perf",
        "tpot.inference-perf",
        "ntpot.inference-perf",
        "output_rate.inference-perf",
        "tpot.genai-bench",
        "speed.genai-bench",
        "output_rate.genai-bench",
        "tpot.mlperf-loadgen",
        "output_rate.mlperf-loadgen",
        "tpot.mlperf-endpoints",
    };
    for (size_t i = 0; i < sizeof tokenizer / sizeof tokenizer[0]; i++)
        lacks(tokenizer[i], r, 2, peer_lack_tokenizer);
    const struct expected chunks_for_tokens[] = {
        {"itl.guidellm", 2, 200.0 / 6, 20, 60}, /* weights 4 and 2 */
        {"tpot.guidellm", 2, 45, 36, 60},       /* weights 5 and 3 */
        {"output_rate.guidellm", 1, 8 / 2.69, none, none},
        {"ttft.inference-perf", 2, 80, 80, 96},
        {"e2e.genai-bench", 2, 186, 186, 189.2},
        {"itl.llmperf", 2, 52.5, 52.5, 58.5},
    };
    CHECK(chunks_for_tokens, r, 2);
    r[0].usage.completion_tok = 1000000001; /* a file may claim anything */
    lacks("tpot.vllm", r, 1, peer_lack_tokenizer);
    for (size_t i = 0; i < 2; i++)
        request_release(&r[i]);
}

static void always_by_its_own_tokenizer(void **state)
{
    (void)state;
    struct request r = merged_reads();
    lacks("speed.llmperf", &r, 1, peer_lack_tokenizer);
    lacks("output_rate.llmperf", &r, 1, peer_lack_tokenizer);
    lacks("output_rate.mlperf-endpoints", &r, 1, peer_lack_tokenizer);
    request_release(&r);
}

static void without_chunks(void **state)
{
    (void)state;
    static const char *const chunks[] = {"ttft.vllm",          "itl.vllm",
                                         "tpot.vllm",          "e2e.vllm",
                                         "icl.aiperf",         "ttft.inference-perf",
                                         "itl.inference-perf", "tpot.inference-perf",
                                         "tpot.genai-bench",   "speed.genai-bench",
                                         "e2e.genai-bench",    "ttft.llmperf",
                                         "itl.llmperf",        "tpot.mlperf-endpoints"};
    struct request r = merged_reads();
    r.chunks.dropped = 1;
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++)
        lacks(chunks[i], &r, 1, peer_lack_chunks);
    r.chunks.dropped = 0;
    r.chunks.n = 0;
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++)
        lacks(chunks[i], &r, 1, peer_lack_chunks);
    near("stamps are there", of("itl.guidellm", &r, 1).mean, 100.0 / 3);
    r.usage.completion_tok = -1;
    lacks("itl.guidellm", &r, 1, peer_lack_chunks);
    lacks("output_rate.guidellm", &r, 1, peer_lack_chunks);
    request_release(&r);
}

/* Nothing completed, or a hostile file's stamps: no number, and no complaint either. */
static void nothing_there(void **state)
{
    (void)state;
    struct request r[] = {broken(), merged_reads()};
    r[1].stamp[STAMP_SENT] = INT64_MIN + 1;
    r[1].stamp[STAMP_DONE] = INT64_MAX;
    for (size_t i = 0; peer_at(i); i++) {
        struct peer_number x = of(peer_at(i)->id, r, 1);
        bool always = x.lack == peer_lack_tokenizer || x.lack == peer_lack_limits;
        assert_true(x.n == 0 || !strncmp(peer_at(i)->id, "request_rate", 12) ||
                    !strncmp(peer_at(i)->id, "output_rate", 11));
        assert_true(x.n || always || (isnan(x.mean) && !x.lack));
        of(peer_at(i)->id, r, 2);
    }
    assert_int_equal(of("e2e.guidellm", r, 2).n, 0);
    request_release(&r[0]);
    request_release(&r[1]);
}

/* ---- the tables ------------------------------------------------------------------------------------------ */

static void the_tables_are_whole(void **state)
{
    (void)state;
    size_t seen = 0;
    const struct peer *p;
    for (size_t i = 0; (p = peer_at(i)); i++) {
        const char *dot = strchr(p->id, '.');
        assert_non_null(dot);
        assert_string_equal(dot + 1, p->tool->id);
        assert_ptr_equal(peer_find(p->id), p); /* no id twice */
        assert_true(!p->of_request != !p->of_run);
        assert_true(*p->name && *p->unit && *p->definition && *p->tool->source);
        assert_string_equal(p->over, p->of_run ? "runs" : strstr(p->definition, "every gap") ? "gaps" : "requests");
        while (peer_tool_at(seen) != p->tool)
            assert_non_null(peer_tool_at(++seen)); /* the tools one after the other */
    }
    assert_null(peer_tool_at(seen + 1));
    assert_null(peer_find("ttft"));
    for (int r = PEER_RULE_LINEAR; r <= PEER_RULE_MEDIAN; r++)
        assert_true(strlen(peer_rule_words((enum peer_rule)r)) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_example),
        cmocka_unit_test(a_run_pooled),
        cmocka_unit_test(several_runs),
        cmocka_unit_test(loadgen_does_not_wait),
        cmocka_unit_test(goodput),
        cmocka_unit_test(a_token_a_chunk),
        cmocka_unit_test(all_in_one_chunk),
        cmocka_unit_test(genai_drops_what_is_too_fast),
        cmocka_unit_test(tool_calls),
        cmocka_unit_test(without_usage),
        cmocka_unit_test(always_by_its_own_tokenizer),
        cmocka_unit_test(without_chunks),
        cmocka_unit_test(nothing_there),
        cmocka_unit_test(the_tables_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
