/* chimera export FILE */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/options.h"
#include "exchange/benchstat.h"
#include "exchange/jsonl.h"
#include "exchange/rows_csv.h"

typedef int export_fn(struct store *s, FILE *out, struct err *e);

static const struct {
    const char *name;
    export_fn *write;
} formats[] = {{"jsonl", export_jsonl}, {"csv", export_rows_csv}, {"benchstat", export_benchstat}};

static export_fn *format_named(const char *name, struct err *e)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (!strcmp(formats[i].name, name))
            return formats[i].write;
    err_set(e, ERR_USAGE, "no format '%s'; there are jsonl, csv and benchstat", name);
    return NULL;
}

static int export_file(const char *path, export_fn *write, const char *output, struct err *e)
{
    struct store *s = NULL;
    FILE *out = stdout;
    int rc = store_open(&s, path, false, e);
    if (!rc && output && !(out = fopen(output, "w")))
        rc = err_sys(e, ERR_IO, errno, "cannot create %s", output);
    if (!rc)
        rc = write(s, out, e);
    if (out && out != stdout && fclose(out) != 0 && !rc)
        rc = err_sys(e, ERR_IO, errno, "cannot write %s", output);
    store_close(s, NULL);
    return rc;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    bool help = false;
    const char *format = "jsonl", *output = NULL;
    const struct option_row rows[] = {
        {0, "format", OPT_TEXT, &format, "NAME",
         "jsonl: a line per request with all stamps and chunks; csv: a row with every metric; benchstat: a line per run"},
        {'o', "output", OPT_TEXT, &output, "FILE", "write there instead of to the standard output"},
        {0},
    };
    export_fn *write;
    (void)app;
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help)
        print_help("chimera export [options] FILE", "Writes the raw record of a result file, row by row.", rows,
                   "chimera export results/duet.db --format jsonl >duet.jsonl");
    else if (!rc && operands.n != 1)
        rc = err_set(e, ERR_USAGE, "one result file is needed: chimera export FILE");
    else if (!rc && !(write = format_named(format, e)))
        rc = ERR_USAGE;
    else if (!rc)
        rc = export_file(operands.at[0], write, output, e);
    text_list_release(&operands);
    return rc;
}

const struct command cmd_export = {"export", "the raw record as rows", run};
