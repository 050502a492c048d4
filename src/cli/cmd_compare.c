/* chimera compare A B */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/goodput.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/options.h"
#include "record/peer.h"
#include "report/compare.h"
#include "study/calibration.h"

enum { MOST = 64 }; /* metrics, margins, facts: more of them is a mistake */

struct comparing {
    struct arena arena;
    struct store *store[2]; /* the same one twice when both sides are of one file */
    struct compare_spec spec;
    const struct metric *metrics[MOST];
    struct metric peers[MOST]; /* those that are other tools' definitions */
    size_t n_peers;
    struct compare_margin margins[MOST];
    const char *across[MOST];
    bool fails[COMPARE_INCONCLUSIVE + 1]; /* verdicts that the gate does not let pass */
    bool gate;
};

/* ---- what was asked -------------------------------------------------------------------------------------------------- */

/* Calls take for each part of a list with commas, copied. */
static int each_part(struct comparing *c, const char *list, int (*take)(struct comparing *, char *part, struct err *),
                     struct err *e)
{
    char *rest = arena_dupz(&c->arena, list), *part;
    int rc = 0;
    while (!rc && (part = strsep(&rest, ",")))
        rc = take(c, part, e);
    return rc;
}

static int find_peer(struct comparing *c, const struct peer *p, const struct metric **out, struct err *e)
{
    for (size_t i = 0; i < c->n_peers; i++)
        if (c->peers[i].peer == p) {
            *out = &c->peers[i];
            return 0;
        }
    if (c->n_peers == MOST)
        return err_set(e, ERR_USAGE, "more than %d metrics of other tools", MOST);
    c->peers[c->n_peers] = peer_metric(p);
    *out = &c->peers[c->n_peers++];
    return 0;
}

/* One of ours, or of another tool's definitions (the same one each time). */
static int find_metric(struct comparing *c, const char *id, const struct metric **out, struct err *e)
{
    const char *ids[256];
    size_t n = 0, k = 0;
    for (const struct metric *m; n < 256 && (m = metric_at(n)); n++)
        ids[n] = m->id;
    for (const struct peer *p; n < 256 && (p = peer_at(k)); k++)
        ids[n++] = p->id;
    *out = metric_find(id);
    if (!*out && peer_find(id))
        return find_peer(c, peer_find(id), out, e);
    if (*out && (*out)->level != METRIC_BLOCK)
        return 0;
    if (*out)
        return err_set(e, ERR_USAGE, "%s is of a whole block, not of one arm: chimera report has it", id);
    const char *near = word_suggest(id, ids, n);
    return err_set(e, ERR_USAGE, "no metric '%s'; %s%s%s", id,
                   near ? "did you mean '" : "chimera list metrics and peers have them", near ? near : "",
                   near ? "'?" : "");
}

static int take_metric(struct comparing *c, char *part, struct err *e)
{
    const struct metric *m;
    int rc = find_metric(c, part, &m, e);
    for (size_t i = 0; i < c->spec.n_metrics && !rc; i++)
        if (c->metrics[i] == m)
            rc = err_set(e, ERR_USAGE, "--metrics names %s twice", part);
    if (!rc && c->spec.n_metrics == MOST)
        rc = err_set(e, ERR_USAGE, "--metrics: more than %d", MOST);
    if (!rc)
        c->metrics[c->spec.n_metrics++] = m;
    return rc;
}

static int add_margin(struct comparing *c, struct compare_margin m, struct err *e)
{
    if (c->spec.n_margins == MOST)
        return err_set(e, ERR_USAGE, "more than %d margins", MOST);
    c->margins[c->spec.n_margins++] = m;
    return 0;
}

/* 3%, ttft:5%, ttft:20 */
static int take_margin(struct comparing *c, char *part, struct err *e)
{
    struct compare_margin m = {.kind = MARGIN_UNIT};
    char *colon = strchr(part, ':'), *number = colon ? colon + 1 : part, *end;
    int rc = 0;
    if (colon) {
        *colon = '\0';
        rc = find_metric(c, part, &m.metric, e);
    }
    m.value = strtod(number, &end);
    if (*end == '%') {
        m.kind = MARGIN_PERCENT;
        end++;
    }
    if (!rc && (end == number || *end || !isfinite(m.value) || m.value <= 0))
        rc = err_set(e, ERR_USAGE, "--margin %s: a number above 0 is needed, as in 3%% or ttft:20", number);
    if (!rc && !m.metric && m.kind == MARGIN_UNIT)
        rc = err_set(e, ERR_USAGE, "--margin %s: of which metric? ttft:%s, or %s%% for all", number, number, number);
    return rc ? rc : add_margin(c, m, e);
}

static int take_limits(struct comparing *c, const char *text, struct err *e)
{
    struct goodput g;
    int rc = goodput_parse(text, &g, e);
    for (size_t i = 0; i < g.n && !rc; i++)
        rc = add_margin(c, (struct compare_margin){g.limit[i].metric, g.limit[i].limit_ms, MARGIN_LIMIT}, e);
    return rc;
}

static int take_fact(struct comparing *c, char *part, struct err *e)
{
    if (c->spec.n_across == MOST)
        return err_set(e, ERR_USAGE, "--across: more than %d facts", MOST);
    c->across[c->spec.n_across++] = part;
    return 0;
}

static int take_verdict(struct comparing *c, char *part, struct err *e)
{
    const char *words[COMPARE_INCONCLUSIVE + 1];
    for (int v = 0; v <= COMPARE_INCONCLUSIVE; v++) {
        words[v] = compare_verdict_word((enum compare_verdict)v);
        if (!strcmp(part, words[v])) {
            c->fails[v] = c->gate = true;
            return 0;
        }
    }
    const char *near = word_suggest(part, words, COMPARE_INCONCLUSIVE + 1);
    return err_set(e, ERR_USAGE, "--fail-on: no verdict '%s'; %s%s%s", part,
                   near ? "did you mean '" : "there are better, worse, equivalent, inconclusive", near ? near : "",
                   near ? "'?" : "");
}

/* ---- the two sides --------------------------------------------------------------------------------------------------- */

/* FILE[:ARM]; a file whose name has the colon in it is a file. */
static int open_side(struct comparing *c, int i, const char *operand, struct err *e)
{
    struct compare_side *s = &c->spec.side[i];
    char *file = arena_dupz(&c->arena, operand), *colon = strrchr(file, ':');
    if (colon && !file_exists(file)) {
        *colon = '\0';
        s->arm = colon + 1;
    }
    s->file = file;
    int rc = 0;
    if (i && !strcmp(file, c->spec.side[0].file))
        c->store[1] = c->store[0];
    else
        rc = store_open(&c->store[i], file, false, e);
    s->store = c->store[i];
    return rc;
}

static int compare(struct app *app, struct comparing *c, const char *const *operands, bool json, struct err *e)
{
    struct str noise = STR_INIT, out = STR_INIT, failed = STR_INIT;
    struct compare_view *view = NULL;
    struct report_style style = {.color = app->color, .ascii = !app->utf8, .columns = app->columns};
    calibration_read_noise(&noise);
    c->spec.metrics = c->metrics;
    c->spec.margins = c->margins;
    c->spec.across = c->across;
    c->spec.noise_json = noise.len ? noise.at : NULL;
    int rc = open_side(c, 0, operands[0], e);
    rc = rc ? rc : open_side(c, 1, operands[1], e);
    rc = rc ? rc : compare_view_build(&c->spec, &view, e);
    if (!rc) {
        if (json)
            compare_json(view, &out);
        else
            compare_terminal(view, &style, &out);
        printf("%s%s", str_z(&out), json ? "\n" : "");
        for (int v = 0; v <= COMPARE_INCONCLUSIVE && c->gate; v++) {
            struct str ids = STR_INIT;
            compare_view_metrics(view, (enum compare_verdict)v, &ids);
            if (c->fails[v] && ids.len)
                str_addf(&failed, "%s%s: %s", failed.len ? "; " : "", compare_verdict_word((enum compare_verdict)v),
                         str_z(&ids));
            str_release(&ids);
        }
        if (failed.len)
            rc = err_set(e, ERR_GATE, "%s", str_z(&failed));
    }
    compare_view_free(view);
    store_close(c->store[0], NULL);
    if (c->store[1] != c->store[0])
        store_close(c->store[1], NULL);
    str_release(&noise);
    str_release(&out);
    str_release(&failed);
    return rc;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct comparing *c = xcalloc(1, sizeof *c);
    struct text_list operands = {0};
    bool help = false, json = false;
    const char *metrics = NULL, *margin = NULL, *limits = NULL, *across = NULL, *fail_on = NULL;
    const struct option_row rows[] = {
        {0, "metrics", OPT_TEXT, &metrics, "LIST",
         "the family, few of `list metrics` or `list peers` (ttft,tpot,e2e,output_rate.system; agents, imports: others)"},
        {0, "margin", OPT_TEXT, &margin, "LIST", "what difference does not matter: 3%, or ttft:20,e2e:5%"},
        {0, "slo", OPT_TEXT, &limits, "LIMITS", "the same by limits in ms: up to ttft:200,e2e:5000 it does not matter"},
        {0, "across", OPT_TEXT, &across, "FACTS", "facts that may differ though the study does not vary them"},
        {0, "fail-on", OPT_TEXT, &fail_on, "VERDICTS", "exit 1 when a metric has one: worse,inconclusive"},
        {0, "json", OPT_FLAG, &json, NULL, "print as JSON"},
        {0},
    };
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help) {
        print_help("chimera compare [options] FILE[:ARM] FILE[:ARM]",
                   "Says whether the second arm differs from the first: arms of one study, paired by block, or of two\n"
                   "result files. One value per run and metric, never requests.",
                   rows, "chimera compare results/two.db:base results/two.db:candidate --margin 3% --fail-on worse");
    } else if (!rc && operands.n != 2) {
        rc = err_set(e, ERR_USAGE, "two arms are needed: chimera compare FILE[:ARM] FILE[:ARM]");
    } else if (!rc) {
        rc = metrics ? each_part(c, metrics, take_metric, e) : 0;
        rc = rc || !margin ? rc : each_part(c, margin, take_margin, e);
        rc = rc || !limits ? rc : take_limits(c, limits, e);
        rc = rc || !across ? rc : each_part(c, across, take_fact, e);
        rc = rc || !fail_on ? rc : each_part(c, fail_on, take_verdict, e);
        rc = rc ? rc : compare(app, c, operands.at, json, e);
    }
    arena_release(&c->arena);
    text_list_release(&operands);
    free(c);
    return rc;
}

const struct command cmd_compare = {"compare", "does one arm differ from another? a gate for CI", run};
