/* chimera report FILE */
#include <stdio.h>
#include <string.h>

#include "analysis/goodput.h"
#include "cli/app.h"
#include "cli/options.h"
#include "cli/show.h"

/* own: only our metrics; peers: other tools' definitions beside them. */
static const char *const definition_words[] = {"own", "peers"};
/* report: the runs; seed-audit: what the original lab printed, of its imported rows. */
static const char *const view_words[] = {"report", "seed-audit"};

struct asked {
    const char *path, *format, *definitions, *limits, *view;
    bool json;
    struct show_options show;
};

static int show_asked(struct app *app, struct asked *x, struct err *e)
{
    struct show_options *show = &x->show;
    struct goodput goodput;
    size_t view, definitions;
    int rc = choose_word("view", x->view, view_words, 2, &view, e);
    rc = rc ? rc : choose_word("definitions", x->definitions, definition_words, 2, &definitions, e);
    if (rc)
        return rc;
    show->peers = definitions;
    show->format = x->format ? x->format : x->json ? "json" : "terminal";
    if (view && (show->plot || x->limits || show->peers || show->brief))
        return err_set(e, ERR_USAGE, "--plot, --brief, --goodput and --definitions are not of the view seed-audit");
    if (view)
        return show_seed_audit(app, x->path, show, e);
    if (show->brief && strcmp(show->format, "md") != 0 && strcmp(show->format, "terminal") != 0)
        return err_set(e, ERR_USAGE, "--brief is of --format md and of the terminal");
    if (x->limits && (rc = goodput_parse(x->limits, &goodput, e)) != 0)
        return rc;
    show->goodput = x->limits ? &goodput : NULL;
    return show_report(app, x->path, show, e);
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    bool help = false;
    struct asked x = {.definitions = "own", .view = "report"};
    const struct option_row rows[] = {
        {0, "format", OPT_TEXT, &x.format, "NAME",
         "terminal (default), md, html, json, csv (a line per arm and metric)"},
        {0, "view", OPT_TEXT, &x.view, "NAME",
         "report (default); seed-audit: the numbers that the original lab printed, computed again from its imported rows"},
        {0, "brief", OPT_FLAG, &x.show.brief, NULL,
         "some twenty lines, verdicts first: for a comment (--format md) or a log"},
        {0, "plot", OPT_TEXT, &x.show.plot, "WHAT",
         "one figure: a metric such as ttft as text or, with -o, as SVG; SVG only: answer, sessions"},
        {0, "ascii", OPT_FLAG, &x.show.ascii, NULL, "no character beyond ASCII on the terminal"},
        {'o', "output", OPT_TEXT, &x.show.output, "FILE", "write there instead of to the standard output"},
        {0, "definitions", OPT_TEXT, &x.definitions, "WHOSE",
         "own (default); peers: also what vLLM bench, AIPerf, GuideLLM, … would report of the same requests"},
        {0, "goodput", OPT_TEXT, &x.limits, "LIMITS", "of plain load, in ms: ttft:200,tpot:50,gap:500,e2e:5000"},
        {0, "json", OPT_FLAG, &x.json, NULL, "the same as --format json"},
        {0},
    };
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help)
        print_help("chimera report [options] FILE",
                   "Says what a result file holds: the answer with its interval, every block, every outcome, the host.",
                   rows, "chimera report results/duet.db --format html -o report.html");
    else if (!rc && operands.n != 1)
        rc = err_set(e, ERR_USAGE, "one result file is needed: chimera report FILE");
    else if (!rc && x.show.plot && (x.format || x.json))
        rc = err_set(e, ERR_USAGE, "--plot draws one figure; a page of all is --format html");
    else if (!rc) {
        x.path = operands.at[0];
        rc = show_asked(app, &x, e);
    }
    text_list_release(&operands);
    return rc;
}

const struct command cmd_report = {"report", "terminal, Markdown, HTML or JSON report of a result file", run};
