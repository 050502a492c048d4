/* chimera report FILE */
#include <stdio.h>
#include <string.h>

#include "analysis/goodput.h"
#include "cli/app.h"
#include "cli/options.h"
#include "cli/show.h"

/* own: only our metrics; peers: other tools' definitions beside them. */
static int read_definitions(const char *word, bool *peers, struct err *e)
{
    static const char *const words[] = {"own", "peers"};
    *peers = strcmp(word, "peers") == 0;
    if (*peers || strcmp(word, "own") == 0)
        return 0;
    const char *near = word_suggest(word, words, 2);
    return err_set(e, ERR_USAGE, "no definitions '%s'; %s%s%s", word,
                   near ? "did you mean '" : "there are own and peers", near ? near : "", near ? "'?" : "");
}

/* report: the runs; seed-audit: what the original lab printed, of its imported rows. */
static int read_view(const char *word, bool *audit, struct err *e)
{
    static const char *const words[] = {"report", "seed-audit"};
    *audit = strcmp(word, "seed-audit") == 0;
    if (*audit || strcmp(word, "report") == 0)
        return 0;
    const char *near = word_suggest(word, words, 2);
    return err_set(e, ERR_USAGE, "no view '%s'; %s%s%s", word,
                   near ? "did you mean '" : "there are report and seed-audit", near ? near : "", near ? "'?" : "");
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    bool help = false, json = false, audit = false;
    const char *format = NULL, *definitions = "own", *limits = NULL, *view = "report";
    struct show_options show = {0};
    struct goodput goodput;
    const struct option_row rows[] = {
        {0, "format", OPT_TEXT, &format, "NAME", "terminal (default), md, html, json"},
        {0, "view", OPT_TEXT, &view, "NAME",
         "report (default); seed-audit: the numbers that the original lab printed, computed again from its imported rows "
         "(--format csv is another of it)"},
        {0, "plot", OPT_TEXT, &show.plot, "WHAT", "one figure as SVG: answer, sessions, or a metric such as ttft"},
        {'o', "output", OPT_TEXT, &show.output, "FILE", "write there instead of to the standard output"},
        {0, "definitions", OPT_TEXT, &definitions, "WHOSE",
         "own (default); peers: also what vLLM bench, AIPerf, GuideLLM, … would report of the same requests"},
        {0, "goodput", OPT_TEXT, &limits, "LIMITS", "of plain load, in ms: ttft:200,tpot:50,gap:500,e2e:5000"},
        {0, "json", OPT_FLAG, &json, NULL, "the same as --format json"},
        {0},
    };
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help)
        print_help("chimera report [options] FILE",
                   "Says what a result file holds: the answer with its interval, every block, every outcome, the host.",
                   rows, "chimera report results/duet.db --format html -o report.html");
    else if (!rc && operands.n != 1)
        rc = err_set(e, ERR_USAGE, "one result file is needed: chimera report FILE");
    else if (!rc && show.plot && (format || json))
        rc = err_set(e, ERR_USAGE, "--plot draws one figure as SVG; a page of all is --format html");
    else if (!rc && (rc = read_view(view, &audit, e)) == 0 && audit)
        rc = show.plot || limits || show.peers
                 ? err_set(e, ERR_USAGE, "--plot, --goodput and --definitions are not of the view seed-audit")
                 : show_seed_audit(app, operands.at[0],
                                   format ? format
                                   : json ? "json"
                                          : "terminal",
                                   show.output, e);
    else if (!rc && (rc = read_definitions(definitions, &show.peers, e)) == 0 &&
             (!limits || (rc = goodput_parse(limits, &goodput, e)) == 0)) {
        show.format = format ? format : json ? "json" : "terminal";
        show.goodput = limits ? &goodput : NULL;
        rc = show_report(app, operands.at[0], &show, e);
    }
    text_list_release(&operands);
    return rc;
}

const struct command cmd_report = {"report", "terminal, Markdown, HTML or JSON report of a result file", run};
