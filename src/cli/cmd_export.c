/* chimera export FILE */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/options.h"
#include "exchange/aiperf.h"
#include "exchange/benchstat.h"
#include "exchange/chrome_trace.h"
#include "exchange/guidellm.h"
#include "exchange/inference_perf.h"
#include "exchange/jsonl.h"
#include "exchange/llama_bench.h"
#include "exchange/rows_csv.h"
#include "exchange/vllm.h"
#include "record/verdict.h"

struct format {
    const char *name;
    export_fn *write;
    bool complete, one; /* as in struct run_choice */
};

static const struct format formats[] = {
    {"jsonl", export_jsonl, false, false},
    {"csv", export_rows_csv, false, false},
    {"chrome-trace", export_chrome_trace, false, false},
    {"vllm", export_vllm, true, true},
    {"aiperf", export_aiperf, true, true},
    {"aiperf-records", export_aiperf_records, true, true},
    {"guidellm", export_guidellm, true, false},
    {"inference-perf", export_inference_perf, true, true},
    {"llama-bench", export_llama_bench, true, false},
    {"benchstat", export_benchstat, false, false}, /* leaves out by itself what is not complete */
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

static const struct format *format_named(const char *name, struct err *e)
{
    const char *names[FORMATS];
    size_t place;
    for (size_t i = 0; i < FORMATS; i++)
        names[i] = formats[i].name;
    return choose_word("format", name, names, FORMATS, &place, e) ? NULL : &formats[place];
}

/* A peer's reader will not look for our verdict. */
static void warn_of(const struct format *f, const struct run *runs, size_t n)
{
    for (size_t i = 0; f->complete && i < n; i++)
        if (runs[i].verdict != VERDICT_VALID && runs[i].verdict != VERDICT_NONE)
            fprintf(stderr, "chimera: run %lld is %s: %s\n", (long long)runs[i].id,
                    verdict_word((enum verdict)runs[i].verdict), runs[i].verdict_why ? runs[i].verdict_why : "");
}

static int export_file(const char *path, const struct format *f, struct run_choice choice, const char *output,
                       struct err *e)
{
    struct store *s = NULL;
    struct arena a = {0};
    struct run *runs = NULL;
    size_t n = 0;
    FILE *out = stdout;
    choice.complete = f->complete;
    choice.one = f->one;
    int rc = store_open(&s, path, false, e);
    rc = rc ? rc : runs_choose(s, &choice, &a, &runs, &n, e);
    if (!rc && output && !(out = fopen(output, "w")))
        rc = err_sys(e, ERR_IO, errno, "cannot create %s", output);
    if (!rc) {
        warn_of(f, runs, n);
        rc = f->write(s, runs, n, out, e);
    }
    if (out && out != stdout && fclose(out) != 0 && !rc)
        rc = err_sys(e, ERR_IO, errno, "cannot write %s", output);
    arena_release(&a);
    store_close(s, NULL);
    return rc;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    struct run_choice choice = {0};
    bool help = false;
    const char *format = "jsonl", *output = NULL;
    const struct option_row rows[] = {
        {0, "format", OPT_TEXT, &format, "NAME",
         "jsonl, csv (ours); chrome-trace; vllm, aiperf, aiperf-records, guidellm, inference-perf, llama-bench, benchstat"},
        {0, "run", OPT_INT, &choice.run, "N", "only this run; vllm, aiperf and inference-perf hold one"},
        {0, "arm", OPT_TEXT, &choice.arm, "NAME", "only the runs of this arm"},
        {'o', "output", OPT_TEXT, &output, "FILE", "write there instead of to the standard output"},
        {0},
    };
    const struct format *f;
    (void)app;
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help)
        print_help("chimera export [options] FILE",
                   "Writes the raw record of a result file, row by row, or what another tool would have written of it.",
                   rows, "chimera export results/load.db --format vllm -o vllm.json");
    else if (!rc && operands.n != 1)
        rc = err_set(e, ERR_USAGE, "one result file is needed: chimera export FILE");
    else if (!rc && !(f = format_named(format, e)))
        rc = ERR_USAGE;
    else if (!rc)
        rc = export_file(operands.at[0], f, choice, output, e);
    text_list_release(&operands);
    return rc;
}

const struct command cmd_export = {"export", "the raw record as rows, or as another tool's file", run};
