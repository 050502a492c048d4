/* chimera verify FILE: does the record still say what was stored, derived and reported of it? */
#include <stdio.h>
#include <string.h>

#include "analysis/goodput.h"
#include "analysis/verify.h"
#include "base/file.h"
#include "base/hash.h"
#include "cli/app.h"
#include "cli/options.h"
#include "cli/show.h"
#include "record/verdict.h"
#include "report/noise.h"
#include "store/store.h"

enum { REPORT_MAX_BYTES = 256 << 20 };

struct verifying {
    struct store *store;
    struct store_info info;
    struct run_tally tally; /* of the run whose requests come */
    size_t runs, unhashed, imported, requests;
    struct err *e;
};

static int differs(const struct verifying *x, const struct run *r, int64_t seq, const char *why)
{
    if (seq < 0)
        return err_set(x->e, ERR_GATE, "run %lld (block %d, %s): %s", (long long)r->id, r->block + 1, r->arm, why);
    return err_set(x->e, ERR_GATE, "run %lld (block %d, %s), request %lld: %s", (long long)r->id, r->block + 1, r->arm,
                   (long long)seq, why);
}

/* Where the text was kept. Imported runs were judged by what their files tell, which may be more than the text. */
static bool degenerate_matches(const struct run *run, const struct request *r)
{
    struct request again = *r;
    if (run->verdict == VERDICT_NONE || !r->text.len)
        return true;
    again.flags = 0;
    request_check_text(&again);
    return ((again.flags ^ r->flags) & REQUEST_DEGENERATE) == 0;
}

/* What others measured follows from no rule of ours: only the rows themselves can be checked, by their hash. */
static bool is_imported(const struct verifying *x, const struct run *r)
{
    const char *plan = x->info.study.plan_json;
    return r->verdict == VERDICT_NONE && plan && span_starts(span_z(plan), "{\"import\":");
}

static int check_request(void *user, const struct run *run, const struct request *r)
{
    struct verifying *x = user;
    struct str why = STR_INIT;
    int rc = 0;
    x->requests++;
    run_tally_add(&x->tally, r);
    if (is_imported(x, run))
        return 0;
    if (!verify_request(r, &why))
        rc = differs(x, run, r->seq, str_z(&why));
    else if (!degenerate_matches(run, r))
        rc = differs(x, run, r->seq, "whether its text is degenerate is not what the text gives");
    str_release(&why);
    return rc;
}

static bool in_plan(const struct store_study *s, const struct run *r)
{
    for (size_t i = 0; i < s->n_rows; i++)
        if (s->rows[i].position == r->position)
            return s->rows[i].block == r->block && !strcmp(s->rows[i].arm, r->arm);
    return false;
}

/* A run that was killed has neither hash nor verdict. */
static int check_run(void *user, const struct run *r)
{
    struct verifying *x = user;
    struct str why = STR_INIT;
    char stored[SHA256_HEX], again[SHA256_HEX];
    int rc = store_run_stored_hash(x->store, r->id, stored, x->e);
    x->runs++;
    x->unhashed += !rc && !stored[0];
    x->imported += is_imported(x, r);
    if (!rc && stored[0])
        rc = store_run_hash(x->store, r->id, again, x->e);
    if (!rc && stored[0] && strcmp(stored, again) != 0)
        rc = differs(x, r, -1, "its raw rows do not have the SHA-256 that was stored with them");
    else if (!rc && !stored[0] && r->state == RUN_COMPLETE)
        rc = differs(x, r, -1, "it is complete, and has no SHA-256 of its raw rows");
    else if (!rc && !in_plan(&x->info.study, r))
        rc = differs(x, r, -1, "its place, block and arm are not those of the plan");
    else if (!rc && stored[0] && !is_imported(x, r) && !verify_run(r, &x->tally, &why))
        rc = differs(x, r, -1, str_z(&why));
    run_tally_release(&x->tally);
    x->tally = (struct run_tally){0};
    str_release(&why);
    return rc;
}

static int check_noise(struct store *s, struct arena *a, struct err *e)
{
    const char *stored = store_get_note(s, a, "aa");
    struct str again = STR_INIT;
    int rc = stored ? noise_of_result(s, &again, e) : 0;
    if (!rc && stored && strcmp(stored, str_z(&again)) != 0)
        rc = err_set(e, ERR_GATE, "the stored noise floors are not what the runs give");
    str_release(&again);
    return rc;
}

static int check_record(const char *path, struct verifying *x)
{
    struct arena arena = {0};
    int rc = store_open(&x->store, path, false, x->e);
    if (rc)
        return rc;
    rc = store_check(x->store, x->e);
    rc = rc ? rc : store_check_keys(x->store, x->e);
    rc = rc ? rc : store_info(x->store, &arena, &x->info, x->e);
    rc = rc ? rc : store_each_run(x->store, check_request, check_run, x, x->e);
    rc = rc ? rc : check_noise(x->store, &arena, x->e);
    run_tally_release(&x->tally);
    store_close(x->store, NULL);
    arena_release(&arena);
    if (rc == ERR_INPUT) /* it could be opened: a damaged record is what this command is there to find */
        rc = x->e->code = ERR_GATE;
    return rc;
}

/* ---- a saved report -------------------------------------------------------------------------------------------------- */

static struct span line_at(const struct str *s, size_t at)
{
    const char *end = memchr(s->at + at, '\n', s->len - at);
    return (struct span){s->at + at, end ? (size_t)(end - s->at) - at : s->len - at};
}

/* Says where two texts part: the line, and what either has there. */
static int first_difference(const char *path, const struct str *saved, const struct str *again, struct err *e)
{
    enum { SHOWN = 120 };
    size_t i = 0, line = 1, start = 0;
    while (i < saved->len && i < again->len && saved->at[i] == again->at[i])
        if (saved->at[i++] == '\n') {
            line++;
            start = i;
        }
    if (i == saved->len && i == again->len)
        return 0;
    if (i - start > SHOWN / 2)
        start = i - SHOWN / 2; /* JSON is one line */
    struct span a = line_at(saved, start), b = line_at(again, start);
    return err_set(e, ERR_GATE, "%s, line %zu: it says \"%.*s\", and the record gives \"%.*s\"", path, line,
                   (int)(a.len < SHOWN ? a.len : SHOWN), a.at, (int)(b.len < SHOWN ? b.len : SHOWN), b.at);
}

static int check_report(const char *file, const char *report, struct show_options *o, struct err *e)
{
    struct str saved = STR_INIT, again = STR_INIT;
    const char *dot = strrchr(report, '.');
    o->format = dot && !strcmp(dot, ".json") ? "json" : dot && !strcmp(dot, ".md") ? "md" : NULL;
    int rc = o->format ? file_read(report, REPORT_MAX_BYTES, &saved, e)
                       : err_set(e, ERR_USAGE, "%s: a report to check is a file .json or .md", report);
    if (!rc)
        rc = show_render(file, o, NULL, &again, NULL, e);
    if (!rc)
        rc = first_difference(report, &saved, &again, e);
    str_release(&saved);
    str_release(&again);
    return rc;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    struct verifying x = {.e = e};
    struct show_options show = {0};
    struct goodput goodput;
    bool help = false;
    const char *report = NULL, *limits = NULL;
    const struct option_row rows[] = {
        {0, "report", OPT_TEXT, &report, "FILE", "also this saved report (.json, .md): every figure of it"},
        {0, "goodput", OPT_TEXT, &limits, "LIMITS", "the report was made with the same"},
        {0, "peers", OPT_FLAG, &show.peers, NULL, "the report was made with --definitions peers"},
        {0},
    };
    (void)app;
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help) {
        print_help(
            "chimera verify [options] FILE",
            "Checks the hash of each run's raw rows and of all facts and texts, then recomputes every stored number\n"
            "that follows from them. Exit 1 at the first difference.",
            rows, "chimera verify results/two.db --report two.md");
    } else if (!rc && operands.n != 1) {
        rc = err_set(e, ERR_USAGE, "one result file is needed: chimera verify FILE");
    } else if (!rc) {
        if (limits)
            rc = goodput_parse(limits, &goodput, e);
        show.goodput = limits ? &goodput : NULL;
        rc = rc ? rc : check_record(operands.at[0], &x);
        rc = rc || !report ? rc : check_report(operands.at[0], report, &show, e);
        if (!rc)
            printf("%s: %zu runs, %zu requests: the raw rows have their hash, and %s%s\n", operands.at[0], x.runs,
                   x.requests,
                   x.imported ? "what was measured here follows from them; of imported runs nothing is derived"
                              : "what is derived follows from them",
                   report ? ", the report too" : "");
        if (!rc && x.unhashed)
            printf("%zu of the runs never ended: they have no hash, and count nowhere\n", x.unhashed);
    }
    text_list_release(&operands);
    return rc;
}

const struct command cmd_verify = {"verify", "recompute every derived number from the raw record", run};
