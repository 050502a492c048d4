/* scenario.c: see scenario.h. */
#include "study/scenario.h"

#include <string.h>

#include "format/yaml.h"

static const struct {
    const char *name, *what, *question;
    bool duet, a_plain, b_own;
} scenarios[] = {
    {"single", "one agent", "How long does one agent take, and on what is its time spent?", false, false, false},
    {"baseline_vs_chimera", "A with the server's defaults beside B with the given options",
     "Do a default and a tuned agent finish sooner side by side than one after the other?", true, true, false},
    {"chimera_hetero", "two agents, each with options of its own",
     "Do two differently tuned agents finish sooner side by side than one after the other?", true, false, true},
    {"chimera_homo", "two agents with the same options",
     "Do two equal agents finish sooner side by side than one after the other?", true, false, false},
};

enum { N_SCENARIOS = sizeof scenarios / sizeof scenarios[0] };

const char *scenario_at(size_t i, const char **what)
{
    if (i >= N_SCENARIOS)
        return NULL;
    if (what)
        *what = scenarios[i].what;
    return scenarios[i].name;
}

static int find(const char *name, struct err *e)
{
    const char *names[N_SCENARIOS];
    for (int i = 0; i < N_SCENARIOS; i++) {
        names[i] = scenarios[i].name;
        if (strcmp(names[i], name) == 0)
            return i;
    }
    const char *near = word_suggest(name, names, N_SCENARIOS);
    return err_set(e, ERR_USAGE, "no scenario '%s'; %s%s%s", name, near ? "did you mean '" : "there are single",
                   near ? near : ", baseline_vs_chimera, chimera_hetero", near ? "'?" : " and chimera_homo");
}

static void add_key(struct str *y, const char *key, const char *z)
{
    str_addf(y, ", %s: ", key);
    yaml_add_quoted(y, z);
}

static void add_servers(const struct scenario *sc, struct str *y)
{
    str_addz(y, "servers:\n");
    for (int64_t i = 0; i < sc->n_servers; i++) {
        str_addf(y, "  - {name: %c, num_ctx: %lld", (char)('a' + i), (long long)(sc->num_ctx ? sc->num_ctx : 2048));
        add_key(y, "kind", sc->server);
        if (sc->model)
            add_key(y, "model", sc->model);
        if (sc->backend)
            add_key(y, "backend", sc->backend);
        if (sc->threads)
            str_addf(y, ", threads: %lld", (long long)sc->threads);
        if (sc->n_servers == 1 && strcmp(sc->name, "single") != 0)
            str_addz(y, ", parallel: 2");
        str_addz(y, "}\n");
    }
}

/* "a=1,b=2" → ", a: 1, b: 2"; the study parser judges names and values, with their place. */
static int add_options(struct str *y, const char *options, struct err *e)
{
    for (const char *p = options; p && *p;) {
        size_t n = strcspn(p, ","), eq = strcspn(p, "=");
        if (eq == 0 || eq >= n)
            return err_set(e, ERR_USAGE, "options are NAME=VALUE,NAME=VALUE; this is not: %.*s", (int)n, p);
        str_addf(y, ", %.*s: %.*s", (int)eq, p, (int)(n - eq - 1), p + eq + 1);
        p += n;
        p += *p == ',';
    }
    return 0;
}

static int add_agent(const struct scenario *sc, struct str *y, const char *name, char server, const char *options,
                     int64_t seed, struct err *e)
{
    str_addf(y, "  - {name: %s, server: %c", name, server);
    if (sc->route)
        add_key(y, "route", sc->route);
    if (!sc->stream)
        str_addz(y, ", stream: false");
    if (sc->extra_body)
        add_key(y, "extra_body", sc->extra_body);
    str_addf(y, ", options: {num_predict: %lld, seed: %lld", (long long)(sc->num_predict ? sc->num_predict : 96),
             (long long)seed);
    int rc = add_options(y, options, e);
    str_addz(y, "}}\n");
    return rc;
}

static void add_rest(const struct scenario *sc, bool duet, struct str *y)
{
    if (duet)
        str_addz(y, "arms:\n"
                    "  - {name: solo-collector, agents: [collector]}\n"
                    "  - {name: solo-insight, agents: [insight]}\n"
                    "  - {name: pair, agents: [collector, insight]}\n");
    else
        str_addz(y, "arms:\n  - {name: single, agents: [agent]}\n");
    str_addf(y, "blocks: %lld\norder: random\nseed: %lld\nprompt_tokens: %lld\n", (long long)sc->n_runs,
             (long long)sc->seed, (long long)(sc->prompt_tok ? sc->prompt_tok : 400));
    if (sc->cold)
        str_addz(y, "start: cold\n");
    if (sc->oversubscribe)
        str_addz(y, "oversubscribe: true\n");
    if (sc->no_text)
        str_addz(y, "keep_text: false\n");
}

int scenario_write(const struct scenario *sc, struct str *y, struct err *e)
{
    int i = find(sc->name, e);
    if (i < 0)
        return i;
    if (sc->n_servers < 1 || sc->n_servers > (scenarios[i].duet ? 2 : 1))
        return err_set(e, ERR_USAGE, "--servers %lld: %s takes %s", (long long)sc->n_servers, sc->name,
                       scenarios[i].duet ? "1 or 2" : "1");
    if (sc->options_b && !scenarios[i].b_own)
        return err_set(e, ERR_USAGE, "--options-b is for chimera_hetero only");
    if (scenarios[i].b_own && !sc->options_b)
        return err_set(e, ERR_USAGE, "chimera_hetero needs --options-b, such as --options-b temperature=0.6");
    str_addf(y, "study: agent-%s\nquestion: ", sc->name);
    yaml_add_quoted(y, scenarios[i].question);
    str_addc(y, '\n');
    add_servers(sc, y);
    str_addz(y, "corpus: ");
    yaml_add_quoted(y, sc->corpus);
    str_addz(y, "\nagents:\n");
    int rc;
    if (scenarios[i].duet) {
        rc = add_agent(sc, y, "collector", 'a', scenarios[i].a_plain ? NULL : sc->options, sc->seed, e);
        if (!rc)
            rc = add_agent(sc, y, "insight", sc->n_servers == 2 ? 'b' : 'a',
                           scenarios[i].b_own ? sc->options_b : sc->options, sc->seed + 1, e);
    } else {
        rc = add_agent(sc, y, "agent", 'a', sc->options, sc->seed, e);
    }
    add_rest(sc, scenarios[i].duet, y);
    return rc;
}
