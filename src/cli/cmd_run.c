/* chimera run STUDY: a file, or a name of `chimera list studies` */
#include <stdio.h>

#include "cli/carry_out.h"
#include "cli/examples.h"

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct carry_out c = {0};
    struct text_list operands = {0};
    struct study s;
    bool help = false;
    struct text_list set = {0};
    struct study_changes changes = {0};
    const struct option_row rows[] = {
        {0, "set", OPT_LIST, &set, "PATH=VALUE", "change the study: blocks=2, agents.*.options.num_predict=16"},
        {0, "scale", OPT_TEXT, &changes.scale, "NAME", "one of the study's own scales, such as smoke"},
        CARRY_OUT_OPTIONS(&c),
        {0},
    };
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    changes.set = set.at;
    changes.n_set = set.n;
    if (!rc && help) {
        print_help(
            "chimera run [options] STUDY.yaml|NAME",
            "Runs a study: its arms in every block, in random order, into one result file. When the file already\n"
            "holds part of the same plan, it goes on at the next missing run.",
            rows, "chimera run examples/studies/duet.yaml -o results/duet.db");
    } else if (!rc && operands.n != 1) {
        rc = err_set(e, ERR_USAGE,
                     "one study file is needed: chimera run STUDY.yaml, or a name of `chimera list studies`");
    } else if (!rc && (rc = read_study(app, &s, operands.at[0], &changes, e)) == 0) {
        rc = carry_out(app, &s, &c, e);
        study_release(&s);
    }
    text_list_release(&operands);
    text_list_release(&set);
    text_list_release(&c.headers);
    return rc;
}

const struct command cmd_run = {"run", "run a study; resumes by itself", run};
