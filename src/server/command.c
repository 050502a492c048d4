/* command.c: any other server by a template: "cmd:./my-server --port {port} --model {model} --threads {threads}". The
 * text is split into words like a shell does (quotes and backslash, nothing else) and run without a shell. */
#include "server/kinds.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"

static const char *const braces[] = {"port", "model", "threads", "ctx", "ctx_total", "parallel", "name", "host"};
enum { BRACE_COUNT = sizeof braces / sizeof *braces };

static const char *template_of(const struct server *s)
{
    return s->spec.kind + strlen("cmd:");
}

/* Appends the value of one {word}. */
static int fill_one(const struct server *s, const struct launch *l, const char *word, size_t n, struct str *out,
                    struct err *e)
{
    size_t i = 0;
    while (i < BRACE_COUNT && !span_eq_z((struct span){word, n}, braces[i]))
        i++;
    switch (i) {
    case 0: str_addf(out, "%d", l->port); return 0;
    case 1: str_addz(out, s->model_file.len ? s->model_file.at : s->spec.model ? s->spec.model : ""); return 0;
    case 2: str_addf(out, "%lld", (long long)(s->spec.threads > 0 ? s->spec.threads : 1)); return 0;
    case 3: str_addf(out, "%lld", (long long)s->num_ctx); return 0;
    case 4: str_addf(out, "%lld", (long long)(s->num_ctx * server_parallel(s))); return 0;
    case 5: str_addf(out, "%lld", (long long)server_parallel(s)); return 0;
    case 6: str_addz(out, s->spec.name); return 0;
    case 7: str_addz(out, "127.0.0.1"); return 0;
    default: break;
    }
    char copy[64];
    snprintf(copy, sizeof copy, "%.*s", (int)(n < 60 ? n : 60), word);
    const char *near = word_suggest(copy, braces, BRACE_COUNT);
    return err_set(e, ERR_USAGE,
                   "{%s} in the command is unknown%s%s%s (known: port model threads ctx ctx_total parallel "
                   "name host)",
                   copy, near ? ", did you mean {" : "", near ? near : "", near ? "}?" : "");
}

/* Braces with anything but lower-case letters and _ inside are left alone: JSON is a common argument. */
static int fill_word(const struct server *s, const struct launch *l, const char *raw, struct str *out, struct err *e)
{
    int rc = 0;
    for (const char *p = raw; *p && !rc;) {
        size_t n = *p == '{' ? strspn(p + 1, "abcdefghijklmnopqrstuvwxyz_") : 0;
        if (n && p[1 + n] == '}') {
            rc = fill_one(s, l, p + 1, n, out, e);
            p += n + 2;
        } else {
            str_addc(out, *p++);
        }
    }
    return rc;
}

/* Takes one word off *at, without its quotes; false at the end. ERR_USAGE in *e for an open quote. */
static bool take_word(const char **at, struct str *word, struct err *e)
{
    const char *p = *at + strspn(*at, " \t\n");
    char quote = 0;
    if (!*p)
        return false;
    str_clear(word);
    str_addz(word, "");
    for (; *p && (quote || !strchr(" \t\n", *p)); p++) {
        if (quote ? *p == quote : *p == '\'' || *p == '"')
            quote = quote ? 0 : *p;
        else if (*p == '\\' && quote != '\'' && p[1])
            str_addc(word, *++p);
        else
            str_addc(word, *p);
    }
    if (quote) {
        err_set(e, ERR_USAGE, "the command has an open %c quote", quote);
        return false;
    }
    *at = p;
    return true;
}

int command_fill(struct server *s, struct launch *l, const char *text, struct err *e)
{
    struct str raw = STR_INIT, word = STR_INIT;
    struct err open = ERR_INIT;
    int rc = 0;
    while (!rc && take_word(&text, &raw, &open)) {
        str_clear(&word);
        str_addz(&word, "");
        rc = fill_word(s, l, raw.at, &word, e);
        if (!rc && l->n_args == LAUNCH_MAX_ARGS / 2)
            rc = err_set(e, ERR_LIMIT, "the command has more than %d words", LAUNCH_MAX_ARGS / 2);
        if (!rc)
            launch_arg_as(l, word.at, strstr(raw.at, "{port}") || strstr(raw.at, "{model}") ? raw.at : word.at);
    }
    if (!rc && open.code)
        rc = err_set(e, open.code, "%s", open.text);
    str_release(&raw);
    str_release(&word);
    return rc;
}

static int resolve(struct server *s, struct err *e)
{
    struct launch trial = {.port = 1};
    int rc = 0;
    if (s->spec.model) /* a file or a name of ours becomes a path; anything else is passed on as it is */
        server_model_path(s->spec.model, &s->model_file, NULL);
    if (!strstr(template_of(s), "{port}"))
        rc = err_set(e, ERR_USAGE, "the command has no {port}: chimera chooses the port, the server must take it");
    if (!rc && strstr(template_of(s), "{model}") && !s->spec.model)
        rc = err_set(e, ERR_USAGE, "the command has {model}, but no model is named");
    if (!rc)
        rc = command_fill(s, &trial, template_of(s), e);
    if (!rc && !trial.n_args)
        rc = err_set(e, ERR_USAGE, "the command is empty");
    if (!rc && !launch_find(trial.argv[0], NULL, &s->program))
        rc = err_set(e, ERR_NOTFOUND, "there is no program %s", trial.argv[0]);
    arena_release(&trial.text);
    return rc;
}

static int arguments(struct server *s, struct launch *l, struct err *e)
{
    l->port = launch_reserve_port();
    if (!l->port)
        return err_set(e, ERR_IO, "no free loopback port for server '%s'", s->spec.name);
    int rc = command_fill(s, l, template_of(s), e);
    launch_spec_args(l, &s->spec);
    return rc;
}

/* /health first; a server that has no such route is asked for its models, then for Ollama's version. A /health that
 * answers anything but 200 or 404 means: not yet. */
static int look(struct server *s, bool *ready, struct err *e)
{
    static const char *const paths[] = {"/health", "/v1/models", "/api/version"};
    (void)e;
    for (size_t i = 0; i < sizeof paths / sizeof *paths && !*ready; i++) {
        yyjson_doc *doc;
        int status, rc = talk_json(s, "GET", paths[i], NULL, 2 * NS_PER_S, &status, &doc, NULL);
        yyjson_doc_free(doc);
        if (rc || (status != 200 && status != 404 && status != 405))
            return 0;
        *ready = status == 200;
    }
    return 0;
}

/* The dialect is probed as for a URL; the name to send is the one named when the server lists it, else its first. */
static int prepare(struct server *s, mono_ns deadline, struct err *e)
{
    str_clear(&s->model);
    int rc = external_probe(s, deadline, e);
    return rc ? rc : external_learn_model(s, e);
}

const struct server_kind server_kind_command = {
    .name = "cmd",
    .managed = true,
    .resolve = resolve,
    .arguments = arguments,
    .look = look,
    .prepare = prepare,
};
