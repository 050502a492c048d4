/* chimera agent: the built-in agent studies. The flags become a study file, which is what is stored. */
#include <stdio.h>
#include <string.h>

#include "cli/carry_out.h"
#include "cli/examples.h"
#include "study/scenario.h"

/* The corpus shipped with the sources, seen from the current folder or from the program's. */
static int find_corpus(const struct app *app, struct str *out, struct err *e)
{
    return find_example(app, "corpus", out)
               ? 0
               : err_set(e, ERR_NOTFOUND,
                         "no corpus: name a folder with --corpus DIR (pin it with `chimera corpus pin DIR`)");
}

struct agent_flags {
    struct scenario sc;
    double temperature, top_p, repeat_penalty;
    int64_t num_gpu, top_k;
    bool no_stream, completion;
    struct str options;
};

/* The single options of the command line and --options in one list. */
static void join_options(struct agent_flags *f)
{
    struct str *o = &f->options;
    if (f->sc.options)
        str_addz(o, f->sc.options);
#define ADD(value, absent, fmt)                                                                                        \
    if ((value) != (absent))                                                                                           \
    str_addf(o, "%s" fmt, o->len ? "," : "", (value))
    ADD(f->temperature, -1, "temperature=%g");
    ADD(f->top_p, -1, "top_p=%g");
    ADD(f->repeat_penalty, -1, "repeat_penalty=%g");
    if (f->num_gpu != -1)
        str_addf(o, "%snum_gpu=%lld", o->len ? "," : "", (long long)f->num_gpu);
    if (f->top_k != -1)
        str_addf(o, "%stop_k=%lld", o->len ? "," : "", (long long)f->top_k);
#undef ADD
    f->sc.options = o->len ? str_z(o) : NULL;
}

static int start(struct app *app, struct agent_flags *f, struct carry_out *c, struct err *e)
{
    struct str yaml = STR_INIT, corpus = STR_INIT;
    struct study s;
    int rc = f->sc.corpus ? 0 : find_corpus(app, &corpus, e);
    if (!f->sc.corpus)
        f->sc.corpus = str_z(&corpus);
    join_options(f);
    if (!rc)
        rc = scenario_write(&f->sc, &yaml, e);
    if (!rc && (rc = study_parse(&s, "command line", "", str_z(&yaml), yaml.len, e)) == 0) {
        rc = carry_out(app, &s, c, e);
        study_release(&s);
    }
    str_release(&yaml);
    str_release(&corpus);
    return rc;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct carry_out c = {0};
    struct text_list operands = {0};
    bool help = false;
    struct agent_flags f = {.temperature = -1, .top_p = -1, .repeat_penalty = -1, .num_gpu = -1, .top_k = -1};
    struct scenario *sc = &f.sc;
    *sc = (struct scenario){
        .name = "single", .server = "engine", .n_servers = 1, .n_runs = 3, .seed = 1, .stream = true};
    const struct option_row rows[] = {
        {0, "scenario", OPT_TEXT, &sc->name, "NAME", "single, baseline_vs_chimera, chimera_hetero, chimera_homo"},
        {0, "server", OPT_TEXT, &sc->server, "KIND|URL", "engine (default), llama-server, ollama, cmd:COMMAND, a URL"},
        {0, "backend", OPT_TEXT, &sc->backend, "NAME", "dialect, when the server does not tell"},
        {'m', "model", OPT_TEXT, &sc->model, "NAME|GGUF", "`chimera list models`; default: smollm2-135m"},
        {0, "servers", OPT_INT, &sc->n_servers, "N", "1 or 2 servers for the two agents"},
        {0, "runs", OPT_INT, &sc->n_runs, "N", "blocks: each runs every arm once (3)"},
        {0, "threads", OPT_INT, &sc->threads, "N", "per server; default: the cores are divided"},
        {0, "num-ctx", OPT_INT, &sc->num_ctx, "TOK", "context per request (2048)"},
        {0, "num-predict", OPT_INT, &sc->num_predict, "TOK", "limit of each stage's output (96)"},
        {0, "prompt-tokens", OPT_INT, &sc->prompt_tok, "TOK", "most tokens of a prompt (400)"},
        {0, "temperature", OPT_DOUBLE, &f.temperature, "T", "of the tuned agents"},
        {0, "top-p", OPT_DOUBLE, &f.top_p, "P", "of the tuned agents"},
        {0, "top-k", OPT_INT, &f.top_k, "K", "of the tuned agents"},
        {0, "repeat-penalty", OPT_DOUBLE, &f.repeat_penalty, "R", "of the tuned agents"},
        {0, "num-gpu", OPT_INT, &f.num_gpu, "LAYERS", "of the tuned agents"},
        {0, "options", OPT_TEXT, &sc->options, "K=V,…", "more options of the tuned agents"},
        {0, "options-b", OPT_TEXT, &sc->options_b, "K=V,…", "chimera_hetero: the second agent's"},
        {0, "route", OPT_TEXT, &sc->route, "NAME", "chat (default) or completion"},
        {0, "no-stream", OPT_FLAG, &f.no_stream, NULL, "one answer at the end instead of a stream"},
        {0, "cold", OPT_FLAG, &sc->cold, NULL, "unload the models before every run"},
        {0, "oversubscribe", OPT_FLAG, &sc->oversubscribe, NULL, "more server threads than cores are meant"},
        {0, "no-text", OPT_FLAG, &sc->no_text, NULL, "store hashes instead of prompts and outputs"},
        {0, "seed", OPT_INT, &sc->seed, "N", "of the order and the agents (1)"},
        {0, "corpus", OPT_TEXT, &sc->corpus, "DIR", "what the agents read; default: examples/corpus"},
        {0, "extra-body", OPT_TEXT, &sc->extra_body, "JSON", "members added to every request"},
        CARRY_OUT_OPTIONS(&c),
        {0},
    };
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    sc->stream = !f.no_stream;
    if (!rc && help)
        print_help(
            "chimera agent [options]",
            "Runs agents that read files, call a model twice and write a report: one alone, or a duet with each\n"
            "agent's solo run in the same block.",
            rows,
            "chimera agent --scenario chimera_homo --servers 2 --runs 3 --server engine --model smollm2-135m\n"
            "                --num-ctx 2048 --temperature 0.8");
    else if (!rc && operands.n)
        rc = err_set(e, ERR_USAGE, "'%s' is not an option; chimera agent --help", operands.at[0]);
    else if (!rc)
        rc = start(app, &f, &c, e);
    text_list_release(&operands);
    text_list_release(&c.headers);
    str_release(&f.options);
    return rc;
}

const struct command cmd_agent = {"agent", "the agent workflow, alone or as a duet", run};
