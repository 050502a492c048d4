/* chimera report FILE */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/options.h"
#include "cli/show.h"
#include "record/peer.h"

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

/* "ttft:500 tpot:50 e2e:3000", any of them, in ms; vLLM bench's word for the last is e2el. */
static int read_limits(const char *text, struct peer_limits *l, struct err *e)
{
    static const char between[] = " ,";
    *l = (struct peer_limits){0};
    text += strspn(text, between);
    if (!*text)
        return err_set(e, ERR_USAGE, "--goodput takes limits in ms: --goodput 'ttft:500 tpot:50 e2e:3000'");
    for (; *text; text += strspn(text, between)) {
        size_t n = strcspn(text, between), name = strcspn(text, ": ,");
        double *to = name == 4 && !strncmp(text, "ttft", 4)   ? &l->ttft_ms
                     : name == 4 && !strncmp(text, "tpot", 4) ? &l->tpot_ms
                     : name == 3 && !strncmp(text, "e2e", 3)  ? &l->e2e_ms
                     : name == 4 && !strncmp(text, "e2el", 4) ? &l->e2e_ms
                                                              : NULL;
        if (!to || text[name] != ':')
            return err_set(e, ERR_USAGE, "no limit '%.*s'; there are ttft, tpot and e2e, as in ttft:500", (int)n, text);
        char *end;
        double ms = strtod(text + name + 1, &end);
        if (end != text + n || !isfinite(ms) || ms <= 0)
            return err_set(e, ERR_USAGE, "'%.*s' is no limit in ms, as in ttft:500", (int)n, text);
        *to = ms;
        text += n;
    }
    return 0;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    bool help = false, json = false, peers = false;
    const char *format = NULL, *output = NULL, *definitions = "own", *goodput = NULL;
    struct peer_limits limits;
    const struct option_row rows[] = {
        {0, "format", OPT_TEXT, &format, "NAME", "terminal (default), md, json"},
        {'o', "output", OPT_TEXT, &output, "FILE", "write there instead of to the standard output"},
        {0, "definitions", OPT_TEXT, &definitions, "WHOSE",
         "own (default); peers: also what vLLM bench, AIPerf, GuideLLM, … would report of the same requests"},
        {0, "goodput", OPT_TEXT, &goodput, "LIMITS",
         "with --definitions peers: their goodput, as in 'ttft:500 tpot:50 e2e:3000' (ms)"},
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
    else if (!rc && (rc = read_definitions(definitions, &peers, e)) == 0 && goodput && !peers)
        rc = err_set(e, ERR_USAGE, "--goodput is for --definitions peers");
    else if (!rc && (!goodput || (rc = read_limits(goodput, &limits, e)) == 0))
        rc = show_report(app, operands.at[0],
                         format ? format
                         : json ? "json"
                                : "terminal",
                         output, peers, goodput ? &limits : NULL, e);
    text_list_release(&operands);
    return rc;
}

const struct command cmd_report = {"report", "terminal, Markdown or JSON report of a result file", run};
