/* show.c: see show.h. */
#include "cli/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/goodput.h"
#include "base/file.h"
#include "cli/options.h"
#include "record/peer.h"
#include "report/claims.h"
#include "report/report.h"
#include "store/store.h"

static const char *const formats[] = {"terminal", "md", "html", "json", "csv"};

/* The limits that other tools have, too. */
static struct peer_limits limits_of(const struct goodput *g)
{
    struct peer_limits l = {0};
    for (size_t i = 0; g && i < g->n; i++) {
        const char *word = g->limit[i].word;
        double *to = !strcmp(word, "ttft")   ? &l.ttft_ms
                     : !strcmp(word, "tpot") ? &l.tpot_ms
                     : !strcmp(word, "e2e")  ? &l.e2e_ms
                                             : NULL;
        if (to)
            *to = g->limit[i].limit_ms;
    }
    return l;
}

static int add_sections(struct report_view *view, const char *path, const struct show_options *o, struct err *e)
{
    struct peer_limits limits = limits_of(o->goodput);
    if (o->peers)
        report_view_add_peers(view, o->goodput ? &limits : NULL);
    if (o->goodput && !report_view_add_goodput(view, o->goodput) && !o->peers)
        return err_set(e, ERR_USAGE, "%s has no complete run of plain load: goodput is of those", path);
    return 0;
}

int show_render(const char *path, const struct show_options *o, const struct report_style *style, struct str *out,
                size_t *void_runs, struct err *e)
{
    struct store *s = NULL;
    struct report_view *view = NULL;
    size_t place;
    int rc = choose_word("format", o->format, formats, sizeof formats / sizeof formats[0], &place, e);
    if (!rc)
        rc = store_open(&s, path, false, e);
    if (!rc)
        rc = report_view_build(s, &view, e);
    if (!rc && strcmp(o->format, "html") == 0)
        rc = report_view_add_samples(view, s, e);
    if (!rc)
        rc = add_sections(view, path, o, e);
    if (!rc) {
        if (o->plot)
            rc = o->output ? report_svg(view, o->plot, out, e) : report_plot(view, o->plot, style, out, e);
        else if (strcmp(o->format, "md") == 0)
            report_md(view, style, out);
        else if (strcmp(o->format, "html") == 0)
            report_html(view, out);
        else if (strcmp(o->format, "json") == 0)
            report_json(view, out);
        else if (strcmp(o->format, "csv") == 0)
            report_csv(view, out);
        else
            report_terminal(view, style, out);
        if (void_runs)
            *void_runs = report_view_void_runs(view);
    }
    report_view_free(view);
    store_close(s, NULL);
    return rc;
}

static struct report_style style_of(const struct app *app, const struct show_options *o)
{
    return (struct report_style){.color = app->color && !o->output,
                                 .ascii = o->ascii || !app->utf8,
                                 .columns = o->output ? 0 : app->columns,
                                 .brief = o->brief};
}

static int put(const char *output, const struct str *out, struct err *e)
{
    if (output)
        return file_write(output, str_z(out), out->len, e);
    fwrite(str_z(out), 1, out->len, stdout);
    return 0;
}

int show_report(struct app *app, const char *path, const struct show_options *o, struct err *e)
{
    struct str out = STR_INIT;
    struct report_style style = style_of(app, o);
    size_t n = 0;
    int rc = show_render(path, o, &style, &out, &n, e);
    rc = rc ? rc : put(o->output, &out, e);
    if (!rc && n && o->gate_void)
        rc = err_set(e, ERR_GATE, "%zu run%s VOID: the report says by which rule; numbers of such count nowhere", n,
                     n == 1 ? " is" : "s are");
    str_release(&out);
    return rc;
}

int show_seed_audit(struct app *app, const char *path, const struct show_options *o, struct err *e)
{
    static const char *const known[] = {"terminal", "md", "csv", "json"};
    struct report_style style = style_of(app, o);
    struct store *s = NULL;
    struct claims_view *view = NULL;
    struct str out = STR_INIT;
    size_t place;
    int rc = choose_word("format", o->format, known, sizeof known / sizeof known[0], &place, e);
    rc = rc ? rc : store_open(&s, path, false, e);
    rc = rc ? rc : claims_view_build(s, &view, e);
    if (!rc) {
        if (strcmp(o->format, "md") == 0)
            claims_md(view, &out);
        else if (strcmp(o->format, "csv") == 0)
            claims_csv(view, &out);
        else if (strcmp(o->format, "json") == 0)
            claims_json(view, &out);
        else
            claims_terminal(view, &style, &out);
        rc = put(o->output, &out, e);
    }
    claims_view_free(view);
    store_close(s, NULL);
    str_release(&out);
    return rc;
}
