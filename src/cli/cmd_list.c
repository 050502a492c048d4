/* chimera list WHAT: the tables of the program, as text or JSON. */
#include <stdio.h>
#include <string.h>

#include "analysis/audit.h"
#include "backend/backend.h"
#include "cli/app.h"
#include "cli/examples.h"
#include "cli/options.h"
#include "format/json.h"
#include "record/metric.h"
#include "record/peer.h"
#include "report/report.h"
#include "server/server.h"
#include "study/scenario.h"
#include "study/study.h"

/* Every list is rows of at most five columns with one header. */
enum { COLUMNS = 5 };

struct listing {
    const struct app *app;
    const char *const *head; /* COLUMNS names, NULL behind the last */
    bool json;
    struct json_writer w;
    struct str out;
};

static void row(struct listing *l, const char *const cells[COLUMNS])
{
    if (l->json) {
        json_object(&l->w);
        for (int i = 0; i < COLUMNS && l->head[i]; i++)
            json_kz(&l->w, l->head[i], cells[i]);
        json_object_end(&l->w);
        return;
    }
    for (int i = 0; i < COLUMNS && l->head[i]; i++) {
        bool last = i + 1 == COLUMNS || !l->head[i + 1];
        str_addf(&l->out, last ? "%s\n" : "%-20s  ", cells[i] ? cells[i] : "");
    }
}

static void list_metrics(struct listing *l)
{
    const struct metric *m;
    for (size_t i = 0; (m = metric_at(i)); i++)
        row(l, (const char *const[]){m->id, m->unit, metric_better_word(m->better), metric_level_word(m->level),
                                     m->definition});
}

static void list_peers(struct listing *l)
{
    const struct peer *p;
    for (size_t i = 0; (p = peer_at(i)); i++)
        row(l, (const char *const[]){p->id, p->tool->name, p->name, p->unit, p->definition});
}

static void list_backends(struct listing *l)
{
    const struct backend *b;
    for (size_t i = 0; (b = backend_at(i)); i++)
        row(l, (const char *const[]){b->name, b->what, NULL, NULL, NULL});
}

static void list_outcomes(struct listing *l)
{
    for (int i = 0; i < OUTCOME_COUNT; i++)
        row(l, (const char *const[]){outcome_word((enum outcome)i), outcome_what((enum outcome)i), NULL, NULL, NULL});
    for (int i = 0; request_flag_row(i).word; i++)
        row(l, (const char *const[]){request_flag_row(i).word, request_flag_row(i).what, NULL, NULL, NULL});
}

static void list_models(struct listing *l)
{
    const struct server_model_row *m;
    for (size_t i = 0; (m = server_model_at(i)); i++) {
        struct str path = STR_INIT;
        bool here = server_model_path(m->name, &path, NULL) == 0;
        row(l, (const char *const[]){m->name, here ? "here" : "missing", m->what, NULL, NULL});
        str_release(&path);
    }
}

static void list_options(struct listing *l)
{
    const struct backend *b;
    for (int i = 0; i < OPTION_COUNT; i++) {
        struct str users = STR_INIT;
        for (size_t k = 0; (b = backend_at(k)); k++)
            if (b->options & 1u << i)
                str_addf(&users, "%s%s", users.len ? ", " : "", b->name);
        row(l, (const char *const[]){option_name((enum option_bit_index)i), str_z(&users), NULL, NULL, NULL});
        str_release(&users);
    }
}

static void list_scenarios(struct listing *l)
{
    const char *name, *what;
    for (size_t i = 0; (name = scenario_at(i, &what)); i++)
        row(l, (const char *const[]){name, what, NULL, NULL, NULL});
}

/* One that does not parse here (a trace that is not beside it) is listed with the reason. */
static void list_studies(struct listing *l)
{
    const char *name;
    for (size_t i = 0; (name = example_study_at(i)); i++) {
        struct study s;
        struct err e = ERR_INIT;
        char arms[24], blocks[24];
        if (read_study(l->app, &s, name, NULL, &e)) {
            row(l, (const char *const[]){name, "", "", e.text, NULL});
            continue;
        }
        snprintf(arms, sizeof arms, "%zu", s.n_arms);
        snprintf(blocks, sizeof blocks, "%d", s.blocks);
        row(l, (const char *const[]){name, arms, blocks, s.question, NULL});
        study_release(&s);
    }
}

static void list_keys(struct listing *l)
{
    const char *key, *map, *what;
    for (size_t i = 0; (key = study_key_at(i, &map, &what)); i++)
        row(l, (const char *const[]){map, key, what, NULL, NULL});
}

static void list_rules(struct listing *l)
{
    const struct audit_rule *r;
    for (size_t i = 0; (r = audit_rule_at(i)); i++)
        row(l, (const char *const[]){r->id, r->title, r->what, NULL, NULL});
}

static const struct {
    const char *name, *what;
    const char *head[COLUMNS];
    void (*fill)(struct listing *l);
} lists[] = {
    {"metrics", "every number's definition", {"id", "unit", "better", "level", "definition"}, list_metrics},
    {"peers", "other tools' definitions of their numbers", {"id", "tool", "name", "unit", "definition"}, list_peers},
    {"backends", "dialects", {"name", "what"}, list_backends},
    {"outcomes", "how a request may end, and its flags", {"word", "what"}, list_outcomes},
    {"models", "models that --model knows", {"name", "state", "what"}, list_models},
    {"options", "generation options and who takes them", {"name", "backends"}, list_options},
    {"scenarios", "built-in agent studies", {"name", "what"}, list_scenarios},
    {"studies", "studies that `chimera run NAME` knows", {"name", "arms", "blocks", "question"}, list_studies},
    {"keys", "keys of a study file", {"map", "key", "what"}, list_keys},
    {"rules", "what `chimera audit` looks for", {"id", "title", "what"}, list_rules},
};

enum { N_LISTS = sizeof lists / sizeof lists[0] };

static void print_list(const struct app *app, int i, bool json)
{
    struct listing l = {.app = app, .head = lists[i].head, .json = json};
    json_init(&l.w, &l.out);
    if (json)
        json_array(&l.w);
    lists[i].fill(&l);
    if (json) {
        json_array_end(&l.w);
        str_addc(&l.out, '\n');
    }
    fputs(str_z(&l.out), stdout);
    str_release(&l.out);
}

static int find_list(const char *name, struct err *e)
{
    const char *names[N_LISTS];
    for (int i = 0; i < N_LISTS; i++) {
        names[i] = lists[i].name;
        if (strcmp(names[i], name) == 0)
            return i;
    }
    const char *near = word_suggest(name, names, N_LISTS);
    return err_set(e, ERR_USAGE, "no list '%s'%s%s%s", name, near ? "; did you mean '" : "; `chimera list` names them",
                   near ? near : "", near ? "'?" : "");
}

static void print_lists(void)
{
    for (int i = 0; i < N_LISTS; i++)
        printf("%-10s  %s\n", lists[i].name, lists[i].what);
}

/* Documents that are made from a list, and kept in doc/. */
static int print_document(const char *list, bool md, struct err *e)
{
    struct str out = STR_INIT;
    if (md && strcmp(list, "metrics") == 0)
        report_metrics_md(&out);
    else if (!md && strcmp(list, "keys") == 0)
        study_schema(&out);
    else
        return err_set(e, ERR_USAGE,
                       "--format md is for `chimera list metrics`, --format schema for `chimera list keys`");
    fputs(str_z(&out), stdout);
    str_release(&out);
    return 0;
}

static int print_named(const struct app *app, const char *name, const char *format, bool json, struct err *e)
{
    bool md = format && strcmp(format, "md") == 0;
    int i = find_list(name, e);
    if (i < 0)
        return i;
    if (format && !md && strcmp(format, "schema") != 0)
        return err_set(e, ERR_USAGE, "--format %s: md or schema", format);
    if (format)
        return print_document(name, md, e);
    print_list(app, i, json);
    return 0;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    bool help = false, json = false;
    const char *format = NULL;
    const struct option_row rows[] = {
        {0, "json", OPT_FLAG, &json, NULL, "print as JSON"},
        {0, "format", OPT_TEXT, &format, "md|schema",
         "md, of metrics: doc/metrics.md; schema, of keys: the JSON schema of study files"},
        {0},
    };
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help)
        print_help("chimera list metrics|peers|backends|outcomes|models|options|scenarios|studies|keys|rules [--json]",
                   "Prints one of the tables that the program itself works from.", rows, "chimera list metrics");
    else if (!rc && operands.n == 0)
        print_lists();
    else if (!rc)
        rc = print_named(app, operands.at[0], format, json, e);
    text_list_release(&operands);
    return rc;
}

const struct command cmd_list = {
    "list", "metrics, peers, backends, outcomes, models, options, scenarios, studies, keys, rules", run};
