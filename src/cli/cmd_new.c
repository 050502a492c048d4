/* chimera new study NAME: a commented study file to begin with. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/app.h"
#include "cli/options.h"
#include "study/builtin.h"
#include "study/study.h"

/* The template with the name put in, wherever it says NAME. */
static void fill_in(const char *name, struct str *out)
{
    const struct study_text *t = study_text_find("template");
    const char *p = t->text.at, *end = p + t->text.len;
    while (p < end) {
        if ((size_t)(end - p) >= 4 && memcmp(p, "NAME", 4) == 0) {
            str_addz(out, name);
            p += 4;
        } else {
            str_addc(out, *p++);
        }
    }
}

static int write_study(const char *name, const char *path, struct err *e)
{
    struct str text = STR_INIT, own_path = STR_INIT;
    struct study s;
    str_addf(&own_path, "%s.yaml", name);
    path = path ? path : str_z(&own_path);
    fill_in(name, &text);
    int rc = study_parse(&s, name, ".", str_z(&text), text.len, e); /* the name may be none */
    if (!rc) {
        study_release(&s);
        rc = file_exists(path) ? err_set(e, ERR_REFUSED, "%s is there already; -o FILE names another", path)
                               : file_write(path, str_z(&text), text.len, e);
    }
    if (!rc)
        printf("%s is written; look at its plan:\n  chimera run --dry-run %s\n", path, path);
    str_release(&text);
    str_release(&own_path);
    return rc;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    bool help = false;
    const char *path = NULL;
    const struct option_row rows[] = {
        {'o', "output", OPT_TEXT, &path, "FILE", "where to (NAME.yaml)"},
        {0},
    };
    (void)app;
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help)
        print_help("chimera new study NAME [-o FILE]",
                   "Writes a commented study file that runs as it is, to be changed into yours.", rows,
                   "chimera new study mine && chimera run --dry-run mine.yaml");
    else if (!rc && (operands.n != 2 || strcmp(operands.at[0], "study") != 0))
        rc = err_set(e, ERR_USAGE, "what is new? chimera new study NAME");
    else if (!rc)
        rc = write_study(operands.at[1], path, e);
    text_list_release(&operands);
    return rc;
}

const struct command cmd_new = {"new", "a commented study file to begin with", run};
