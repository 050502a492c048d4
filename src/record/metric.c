/* metric.c: the table of metric.h. An id, once in a result file, keeps its definition for ever; another
 * formula is another id. Words are those of doc/method.md; a stamp is written as its word, a time told
 * by the server as its field. */
#include "record/metric.h"

#include <string.h>

#include "record/metric_fns.h"

#define OF_REQUEST(fn) METRIC_REQUEST, .of_request = metric_##fn
#define OF_SESSION(fn) METRIC_SESSION, .of_session = metric_##fn
#define OF_RUN(fn) METRIC_RUN, .of_run = metric_##fn

/* clang-format off */
#define ROW(name, unit_, better_, level_fn, source_, definition_)                                                      \
    {.id = name, .unit = unit_, .better = BETTER_##better_, .source = source_, .definition = definition_, .level = level_fn}

static const struct metric rows[] = {
    /* ---- latency of a request, seen by the client ---- */
    ROW("ttft", "ms", LOWER, OF_REQUEST(ttft), "",
        "first_token - sent: from the request's last byte sent to the first chunk with text, reasoning "
        "included; an empty role chunk is not a token"),
    ROW("ttft.planned", "ms", LOWER, OF_REQUEST(ttft_planned), "wrk2 (coordinated omission)",
        "first_token - planned: time to the first token from when the request should have been sent"),
    ROW("ttfb", "ms", LOWER, OF_REQUEST(ttfb), "",
        "first_byte - sent: to the first byte of the response, its head included; many servers send the "
        "head long before the first token"),
    ROW("ttfa", "ms", LOWER, OF_REQUEST(ttfa), "",
        "first_answer - sent: to the first chunk with text that is not reasoning"),
    ROW("tpot", "ms", LOWER, OF_REQUEST(tpot), "",
        "(last_token - first_token) / (completion_tok - 1), for two tokens and more; completion_tok as the "
        "server counts"),
    ROW("gap.p50", "ms", LOWER, OF_REQUEST(gap_p50), "quantile: Hyndman and Fan 1996, type 1",
        "median of the gaps between the arrivals of a request's text chunks; chunks that came in one read "
        "are one arrival and give no gap"),
    ROW("gap.p99", "ms", LOWER, OF_REQUEST(gap_p99), "quantile: Hyndman and Fan 1996, type 1",
        "99th percentile (nearest rank) of the same gaps as gap.p50"),
    ROW("gap.max", "ms", LOWER, OF_REQUEST(gap_max), "", "largest of the same gaps as gap.p50: the longest stall"),
    ROW("stall.time", "ms", LOWER, OF_REQUEST(stall_time), "", "sum of those gaps of gap.p50 that are over 500 ms"),
    ROW("reader.wait", "ms", LOWER, OF_REQUEST(reader_wait), "",
        "time that a reader of 8 tok/s, who begins with the first text chunk, waits for text in all: the largest, over "
        "the text chunks and not below 0, of arrival - first arrival - (tokens before it) / 8; completion_tok as the "
        "server counts, spread over the chunks by their bytes of text; for two text chunks and more"),
    ROW("e2e", "ms", LOWER, OF_REQUEST(e2e), "",
        "done - sent: to the last byte of the response, usage and terminator included"),
    ROW("e2e.planned", "ms", LOWER, OF_REQUEST(e2e_planned), "wrk2 (coordinated omission)",
        "done - planned: to the last byte of the response, from when the request should have been sent"),

    /* ---- rates of a request ---- */
    ROW("decode_rate.server", "tok/s", HIGHER, OF_REQUEST(decode_rate_server), "Ollama: eval_count / eval_duration",
        "completion_tok / eval time, both as the server reports them, for two tokens and more"),
    ROW("decode_rate.steps", "tok/s", HIGHER, OF_REQUEST(decode_rate_steps), "llama-server: predicted_per_second",
        "(completion_tok - 1) / eval time, both as the server reports them: the first token comes from the "
        "prefill and is no decode step"),
    ROW("decode_rate.client", "tok/s", HIGHER, OF_REQUEST(decode_rate_client), "",
        "(completion_tok - 1) / (last_token - first_token): the decode rate as the client saw it; 1000 / "
        "tpot"),
    ROW("prompt_rate", "tok/s", HIGHER, OF_REQUEST(prompt_rate), "",
        "(prompt_tok - cached_tok) / prompt_eval time as the server reports them; cached_tok is 0 where it "
        "is not told"),
    ROW("output_rate", "tok/s", HIGHER, OF_REQUEST(output_rate), "",
        "completion_tok / e2e: queue, load and prefill included"),

    /* ---- times that the server tells, and what is left between it and the client ---- */
    ROW("load_time", "ms", LOWER, OF_REQUEST(load_time), "Ollama: load_duration",
        "load time as the server reports it; a warm Ollama says 7 to 40 ms, never 0"),
    ROW("queue.server", "ms", LOWER, OF_REQUEST(queue_server), "",
        "total - load - prompt_eval - eval, all as the server reports them: the time a request waited "
        "inside the server"),
    ROW("queue.client", "ms", LOWER, OF_REQUEST(queue_client), "",
        "ttft - load - prompt_eval: waiting, transport and the first sampling; for servers that report no "
        "total; a load time that is not reported counts as 0"),
    ROW("client_overhead", "ms", LOWER, OF_REQUEST(client_overhead), "",
        "e2e - total as the server reports it: network, both HTTP stacks and the client"),

    /* ---- the exact split by chimera-engine's stamps: the five parts add up to e2e.planned, the last four
     * to e2e ---- */
    ROW("engine.client", "ms", LOWER, OF_REQUEST(engine_client), "",
        "sent - planned, of a request with engine stamps: the client's own part"),
    ROW("engine.transport", "ms", LOWER, OF_REQUEST(engine_transport), "",
        "(queued - sent) + (done - the engine's last token): both ways through sockets and HTTP; with "
        "engine.client, .queue, .prefill and .decode it adds up to e2e.planned"),
    ROW("engine.queue", "ms", LOWER, OF_REQUEST(engine_queue), "",
        "prefill_start - queued, by the engine's own stamps: waiting for a slot"),
    ROW("engine.prefill", "ms", LOWER, OF_REQUEST(engine_prefill), "",
        "prefill_end - prefill_start, by the engine's own stamps"),
    ROW("engine.decode", "ms", LOWER, OF_REQUEST(engine_decode), "",
        "the engine's last token - prefill_end, by the engine's own stamps; 0 without a token"),

    /* ---- counts of a request, and the instrument's part in it ---- */
    ROW("tokens.prompt", "tok", NONE, OF_REQUEST(tokens_prompt), "",
        "prompt_tok: tokens of the prompt as the server counts, cached ones included"),
    ROW("tokens.completion", "tok", NONE, OF_REQUEST(tokens_completion), "",
        "completion_tok: generated tokens as the server counts, reasoning included"),
    ROW("send_lag", "us", LOWER, OF_REQUEST(send_lag), "", "sent - planned"),
    ROW("rtt", "us", LOWER, OF_REQUEST(rtt), "",
        "from the request's last byte sent to its acknowledgement by the peer's TCP, sampled at most every 10 ms on a "
        "connection"),
    ROW("chunks.merged", "1", LOWER, OF_REQUEST(chunks_merged), "",
        "chunks that shared a read with a later one: their stamp is an upper bound"),
    ROW("chunks.unstamped", "1", LOWER, OF_REQUEST(chunks_unstamped), "",
        "chunks without the kernel's stamp: their time is the client's own clock after the read"),
    ROW("app_delay.p99", "us", LOWER, OF_REQUEST(app_delay_p99), "quantile: Hyndman and Fan 1996, type 1",
        "99th percentile (nearest rank), over the stamped chunks of a request, of the time from the "
        "kernel's stamp to the client's clock after the read: the error that stamps remove"),

    /* ---- session ---- */
    ROW("session.duration", "s", LOWER, OF_SESSION(session_duration), "",
        "session ended - released: from the barrier to the end of its last step"),
    ROW("session.tokens", "tok", NONE, OF_SESSION(session_tokens), "",
        "sum of completion_tok over the session's requests; not given when a completed request tells no "
        "count"),
    ROW("session.rate", "tok/s", HIGHER, OF_SESSION(session_rate), "", "session.tokens / session.duration"),
    ROW("session.think", "s", NONE, OF_SESSION(session_think), "",
        "session.duration - the time in which one of its requests was between sent and done: the agent's "
        "own time"),

    /* ---- run ---- */
    ROW("makespan", "s", LOWER, OF_RUN(makespan), "", "last session ended - first session released"),
    ROW("output_rate.system", "tok/s", HIGHER, OF_RUN(output_rate_system), "",
        "sum of session.tokens over the run / makespan"),
    ROW("overlap", "%", NONE, OF_RUN(overlap), "TR110 'efficiency'",
        "50 * (1 + min / max) of the two sessions' session.duration: how equal two durations are, not a "
        "speedup; for runs of exactly two sessions"),
    ROW("contention.tr110", "1", LOWER, OF_RUN(contention_tr110), "TR110 (code): speedup < 1.5",
        "1 when sum of the two session.duration / makespan < 1.5, else 0: an alarm on the same quantity as "
        "overlap; for runs of exactly two sessions"),
    ROW("jain", "ratio", HIGHER, OF_RUN(jain), "Jain, Chiu, Hawe 1984 (DEC-TR-301), eq. 1",
        "(sum x)^2 / (n * sum x^2) over the sessions' session.rate: 1 is fair, 1/n is one session taking "
        "all; for two sessions and more"),
    ROW("requests.failed", "ratio", LOWER, OF_RUN(requests_failed), "",
        "share of planned requests that failed or were never sent; cancelled ones stay in the denominator"),

    /* ---- block: computed in analysis/, over the runs of one block ---- */
    {.id = "speedup.time", .unit = "ratio", .better = BETTER_HIGHER, .level = METRIC_BLOCK, .source = "",
     .definition =
         "sum over agents of session.duration in the agent's solo run / makespan of the multi-agent run, in "
         "one block with the same servers, threads and options; the headline only when each agent's prompt "
         "and completion tokens match its solo run within 2 %"},
    {.id = "speedup.tokens", .unit = "ratio", .better = BETTER_HIGHER, .level = METRIC_BLOCK, .source = "audit of TR114",
     .definition =
         "sum over agents of (sum over stages of completion tokens in the multi-agent run / the agent's own "
         "solo decode rate in that stage + the agent's own solo time outside decode) / makespan of the "
         "multi-agent run: what its tokens would have cost one agent after the other"},
    {.id = "slowdown", .unit = "ratio", .better = BETTER_LOWER, .level = METRIC_BLOCK, .source = "",
     .definition =
         "per agent: decode rate in its solo run / decode rate in the multi-agent run of the same block; a "
         "decode rate is the sum of completion_tok / the sum of eval time over the agent's requests, and "
         "where the server tells no eval time the sum of (completion_tok - 1) / the sum of (last_token - "
         "first_token)"},
};

/* clang-format on */
static const char *const level_words[] = {"request", "session", "run", "block"};
static const char *const better_words[] = {"", "lower", "higher"};

const struct metric *metric_at(size_t i)
{
    return i < sizeof rows / sizeof rows[0] ? &rows[i] : NULL;
}

const struct metric *metric_find(const char *id)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rows[i].id, id))
            return &rows[i];
    return NULL;
}

const char *metric_level_word(enum metric_level l)
{
    return (unsigned)l <= METRIC_BLOCK ? level_words[l] : "?";
}

const char *metric_better_word(enum metric_better b)
{
    return (unsigned)b <= BETTER_HIGHER ? better_words[b] : "?";
}
