/* show.c: see show.h. */
#include "cli/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/report.h"
#include "store/store.h"

static const char *const formats[] = {"terminal", "md", "json"};

static int check_format(const char *format, struct err *e)
{
    for (size_t i = 0; i < 3; i++)
        if (strcmp(formats[i], format) == 0)
            return 0;
    const char *near = word_suggest(format, formats, 3);
    return err_set(e, ERR_USAGE, "no format '%s'; %s%s%s", format,
                   near ? "did you mean '" : "there are terminal, md and json", near ? near : "", near ? "'?" : "");
}

int show_report(struct app *app, const char *path, const char *format, const char *output,
                const struct goodput *goodput, struct err *e)
{
    struct store *s = NULL;
    struct report_view *view = NULL;
    struct str out = STR_INIT;
    struct report_style style = {.color = app->color && !output, .ascii = !app->utf8};
    int rc = check_format(format, e);
    if (!rc)
        rc = store_open(&s, path, false, e);
    if (!rc)
        rc = report_view_build(s, &view, e);
    if (!rc && goodput && !report_view_add_goodput(view, goodput))
        rc = err_set(e, ERR_USAGE, "%s has no complete run of plain load: goodput is of those", path);
    if (!rc) {
        if (strcmp(format, "md") == 0)
            report_md(view, &out);
        else if (strcmp(format, "json") == 0)
            report_json(view, &out);
        else
            report_terminal(view, &style, &out);
        if (output)
            rc = file_write(output, str_z(&out), out.len, e);
        else
            fwrite(str_z(&out), 1, out.len, stdout);
    }
    report_view_free(view);
    store_close(s, NULL);
    str_release(&out);
    return rc;
}
