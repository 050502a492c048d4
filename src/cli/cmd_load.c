/* chimera load: plain load on a server. The flags become a study file of one load, which is what is stored. */
#include <stdio.h>
#include <string.h>

#include "cli/carry_out.h"
#include "format/yaml.h"

struct load_flags {
    const char *server, *backend, *model, *input_len, *output_len, *rate, *arrival, *route, *extra_body, *trace,
        *precision, *turns, *think;
    int64_t concurrency, requests, shared_prefix, threads, runs, seed, parallel, num_ctx;
    double burstiness, trace_speed, duration, warmup, temperature, timeout;
    bool no_stream, keep_text, ignore_eos;
};

static void add_text(struct str *y, const char *key, const char *z)
{
    if (!z)
        return;
    str_addf(y, ", %s: ", key);
    yaml_add_quoted(y, z);
}

static void add_int(struct str *y, const char *key, int64_t v)
{
    if (v)
        str_addf(y, ", %s: %lld", key, (long long)v);
}

static void add_double(struct str *y, const char *key, double v)
{
    if (v > 0)
        str_addf(y, ", %s: %.9g", key, v);
}

static int write_study(const struct load_flags *f, struct str *y, struct err *e)
{
    const char *body = f->extra_body;
    if (f->ignore_eos && body)
        return err_set(e, ERR_USAGE, "--ignore-eos is a member of the body: put \"ignore_eos\":true into --extra-body");
    if (f->ignore_eos)
        body = "{\"ignore_eos\":true}";
    str_addz(y, "study: load\nquestion: What does the server do under this load?\nservers:\n  - {name: server");
    add_text(y, "kind", f->server);
    add_text(y, "backend", f->backend);
    add_text(y, "model", f->model);
    add_int(y, "parallel", f->parallel);
    add_int(y, "num_ctx", f->num_ctx);
    str_addz(y, "}\nloads:\n  - {name: load");
    add_text(y, "route", f->route);
    add_text(y, "input_len", f->input_len);
    add_text(y, "output_len", f->output_len);
    add_int(y, "shared_prefix", f->shared_prefix);
    add_int(y, "max_concurrency", f->concurrency);
    add_text(y, "request_rate", f->rate);
    add_text(y, "arrival", f->arrival);
    add_double(y, "burstiness", f->burstiness);
    add_text(y, "trace", f->trace);
    add_double(y, "trace_speed", f->trace_speed);
    add_int(y, "num_requests", f->requests);
    add_double(y, "duration", f->duration);
    add_int(y, "threads", f->threads);
    add_double(y, "warmup", f->warmup);
    add_text(y, "precision", f->precision);
    add_text(y, "turns", f->turns);
    add_text(y, "think_ms", f->think);
    add_text(y, "extra_body", body);
    if (f->no_stream)
        str_addz(y, ", stream: false");
    if (f->temperature >= 0)
        str_addf(y, ", options: {temperature: %.9g}", f->temperature);
    str_addf(y, "}\nblocks: %lld\nseed: %lld\n", (long long)f->runs, (long long)f->seed);
    if (f->timeout > 0)
        str_addf(y, "timeouts: {first_byte: %.9g, idle: %.9g, total: %.9g}\n", f->timeout, f->timeout, f->timeout);
    if (!f->keep_text)
        str_addz(y, "keep_text: false\n");
    return 0;
}

static int start(struct app *app, const struct load_flags *f, struct carry_out *c, struct err *e)
{
    struct str yaml = STR_INIT;
    struct study s;
    int rc = write_study(f, &yaml, e);
    if (!rc && (rc = study_parse(&s, "command line", "", str_z(&yaml), yaml.len, e)) == 0) {
        rc = carry_out(app, &s, c, e);
        study_release(&s);
    }
    str_release(&yaml);
    return rc;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct carry_out c = {.gate_void = true};
    struct text_list operands = {0};
    bool help = false;
    struct load_flags f = {.runs = 1, .seed = 1, .temperature = -1};
    const struct option_row rows[] = {
        {0, "backend", OPT_TEXT, &f.backend, "NAME", "dialect, when the server does not tell"},
        {'m', "model", OPT_TEXT, &f.model, "NAME|GGUF", "the name that the server knows, or `chimera list models`"},
        {0, "max-concurrency", OPT_INT, &f.concurrency, "N", "closed loop: requests in flight at once"},
        {0, "request-rate", OPT_TEXT, &f.rate, "R|STAGES", "open loop: per second, or 10:30s,20..50:60s"},
        {0, "arrival", OPT_TEXT, &f.arrival, "LAW", "constant, poisson (default), gamma"},
        {0, "burstiness", OPT_DOUBLE, &f.burstiness, "K", "of gamma: below 1 burstier than poisson"},
        {0, "trace", OPT_TEXT, &f.trace, "FILE",
         "mooncake, azure, burstgpt or sharegpt: times and lengths; with a loop, lengths or texts"},
        {0, "trace-speed", OPT_DOUBLE, &f.trace_speed, "X", "2: twice the load in half the time (1)"},
        {0, "num-requests", OPT_INT, &f.requests, "N", "stop after so many (of conversations, with --turns)"},
        {0, "duration", OPT_DOUBLE, &f.duration, "SECONDS", "stop sending after so long; what is in flight ends"},
        {0, "threads", OPT_INT, &f.threads, "N",
         "of the client, which share nothing; a core each when there are enough (1)"},
        {0, "precision", OPT_TEXT, &f.precision, "RULE",
         "stop earlier: ttft:3% of the median, e2e.mean:5% of the mean"},
        {0, "warmup", OPT_DOUBLE, &f.warmup, "SECONDS", "the same load before the window: kept, in no number (0)"},
        {0, "input-len", OPT_TEXT, &f.input_len, "TOK", "of a prompt: N, A..B, lognormal:MEDIAN,SIGMA (512)"},
        {0, "output-len", OPT_TEXT, &f.output_len, "TOK", "most of an answer: the same (128)"},
        {0, "turns", OPT_TEXT, &f.turns, "N",
         "conversations of so many turns, which carry what was said: the same (1)"},
        {0, "think", OPT_TEXT, &f.think, "MS", "pause before each further turn: the same (0)"},
        {0, "ignore-eos", OPT_FLAG, &f.ignore_eos, NULL, "answers of exactly that length, where the server can"},
        {0, "shared-prefix", OPT_INT, &f.shared_prefix, "TOK", "all prompts begin with the same so many tokens"},
        {0, "temperature", OPT_DOUBLE, &f.temperature, "T", "default: the server's"},
        {0, "route", OPT_TEXT, &f.route, "NAME", "chat (default) or completion"},
        {0, "no-stream", OPT_FLAG, &f.no_stream, NULL, "one answer at the end instead of a stream"},
        {0, "extra-body", OPT_TEXT, &f.extra_body, "JSON", "members added to every request"},
        {0, "timeout", OPT_DOUBLE, &f.timeout, "SECONDS", "of first byte, silence and whole (120, 60, 600)"},
        {0, "runs", OPT_INT, &f.runs, "N", "repetitions: the unit of replication (1)"},
        {0, "seed", OPT_INT, &f.seed, "N", "of arrivals, lengths and words (1)"},
        {0, "parallel", OPT_INT, &f.parallel, "N", "managed server: requests served at once (1)"},
        {0, "num-ctx", OPT_INT, &f.num_ctx, "TOK", "managed server: context per request (2048)"},
        {0, "keep-text", OPT_FLAG, &f.keep_text, NULL, "store prompts and outputs, not only their hashes"},
        CARRY_OUT_OPTIONS(&c),
        {0},
    };
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    f.server = operands.n ? operands.at[0] : NULL;
    if (!rc && help)
        print_help("chimera load URL|engine|llama-server|ollama [options]",
                   "Plain load on a server: a closed loop (--max-concurrency) or an open one (--request-rate).", rows,
                   "chimera load http://127.0.0.1:8000 --model m --request-rate 20 --duration 30\n"
                   "                --input-len 200 --output-len 64 -o results/load.db");
    else if (!rc && operands.n != 1)
        rc = err_set(e, ERR_USAGE, "one server is needed: chimera load URL|engine|llama-server|ollama");
    else if (!rc)
        rc = start(app, &f, &c, e);
    text_list_release(&operands);
    text_list_release(&c.headers);
    return rc;
}

const struct command cmd_load = {"load", "plain load on a server, closed or open loop", run};
