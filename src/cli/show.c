/* show.c: see show.h. */
#include "cli/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/goodput.h"
#include "base/file.h"
#include "record/peer.h"
#include "report/report.h"
#include "store/store.h"

static const char *const formats[] = {"terminal", "md", "html", "json", "csv"};
enum { FORMATS = sizeof formats / sizeof formats[0] };

static int check_format(const char *format, struct err *e)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (strcmp(formats[i], format) == 0)
            return 0;
    const char *near = word_suggest(format, formats, FORMATS);
    return err_set(e, ERR_USAGE, "no format '%s'; %s%s%s", format,
                   near ? "did you mean '" : "there are terminal, md, html, json and csv", near ? near : "",
                   near ? "'?" : "");
}

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
    int rc = check_format(o->format, e);
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

int show_report(struct app *app, const char *path, const struct show_options *o, struct err *e)
{
    struct str out = STR_INIT;
    struct report_style style = {.color = app->color && !o->output,
                                 .ascii = o->ascii || !app->utf8,
                                 .columns = o->output ? 0 : app->columns,
                                 .brief = o->brief};
    size_t n = 0;
    int rc = show_render(path, o, &style, &out, &n, e);
    if (!rc && o->output)
        rc = file_write(o->output, str_z(&out), out.len, e);
    else if (!rc)
        fwrite(str_z(&out), 1, out.len, stdout);
    if (!rc && n && o->gate_void)
        rc = err_set(e, ERR_GATE, "%zu run%s VOID: the report says by which rule; numbers of such count nowhere", n,
                     n == 1 ? " is" : "s are");
    str_release(&out);
    return rc;
}
