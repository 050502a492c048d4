/* chimera report FILE */
#include <stdio.h>

#include "analysis/goodput.h"
#include "cli/app.h"
#include "cli/options.h"
#include "cli/show.h"

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    bool help = false, json = false;
    const char *format = NULL, *output = NULL, *limits = NULL;
    struct goodput goodput;
    const struct option_row rows[] = {
        {0, "format", OPT_TEXT, &format, "NAME", "terminal (default), md, json"},
        {'o', "output", OPT_TEXT, &output, "FILE", "write there instead of to the standard output"},
        {0, "goodput", OPT_TEXT, &limits, "LIMITS", "of plain load, in ms: ttft:200,tpot:50,gap:500,e2e:5000"},
        {0, "json", OPT_FLAG, &json, NULL, "the same as --format json"},
        {0},
    };
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help)
        print_help("chimera report [options] FILE",
                   "Says what a result file holds: the answer with its interval, every block, every outcome, the host.",
                   rows, "chimera report results/duet.db --format md -o duet.md");
    else if (!rc && operands.n != 1)
        rc = err_set(e, ERR_USAGE, "one result file is needed: chimera report FILE");
    else if (!rc && (!limits || (rc = goodput_parse(limits, &goodput, e)) == 0))
        rc = show_report(app, operands.at[0],
                         format ? format
                         : json ? "json"
                                : "terminal",
                         output, limits ? &goodput : NULL, e);
    text_list_release(&operands);
    return rc;
}

const struct command cmd_report = {"report", "terminal, Markdown or JSON report of a result file", run};
