/* calibrate_aa.c: see calibrate_aa.h. A study of two loads that differ in nothing but their names. */
#include "cli/calibrate_aa.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/carry_out.h"
#include "format/yaml.h"
#include "report/compare.h"
#include "report/noise.h"
#include "study/calibration.h"

static void write_study(const struct aa_flags *f, struct str *y)
{
    static const char *const names[] = {"first", "second"};
    str_addz(y, "study: aa\nquestion: By how much do two runs of the same load differ on this server?\n"
                "servers:\n  - {name: server, kind: ");
    yaml_add_quoted(y, f->server);
    if (f->model) {
        str_addz(y, ", model: ");
        yaml_add_quoted(y, f->model);
    }
    str_addf(y, "}\nblocks: %lld\nloads:\n", (long long)f->runs);
    for (int i = 0; i < 2; i++)
        str_addf(y, "  - {name: %s, max_concurrency: %lld, num_requests: %lld}\n", names[i], (long long)f->concurrency,
                 (long long)f->requests);
}

static int execute(struct app *app, const struct aa_flags *f, const char *path, bool quiet, struct err *e)
{
    struct carry_out c = {.again = true, .quiet = quiet};
    struct str yaml = STR_INIT;
    struct study s;
    write_study(f, &yaml);
    int rc = study_parse(&s, "calibrate --aa", "", str_z(&yaml), yaml.len, e);
    if (!rc) {
        rc = carry_out_study(app, &s, &c, path, e);
        study_release(&s);
    }
    str_release(&yaml);
    return rc;
}

static int keep(const char *path, struct str *one, struct err *e)
{
    struct str kept = STR_INIT, all = STR_INIT;
    struct store *s = NULL;
    int rc = store_open(&s, path, true, e);
    if (!rc)
        rc = noise_of_result(s, one, e);
    if (!rc)
        rc = store_note(s, "aa", str_z(one), e);
    int closed = store_close(s, rc ? NULL : e);
    rc = rc ? rc : closed;
    calibration_read_noise(&kept);
    if (!rc)
        rc = noise_keep(kept.len ? kept.at : NULL, str_z(one), &all, e);
    if (!rc)
        rc = calibration_write_noise(&all, e);
    str_release(&kept);
    str_release(&all);
    return rc;
}

/* The comparison of the two is a test of the instrument: it should find nothing. */
static int show(struct app *app, const char *path, const char *one, struct err *e)
{
    struct store *s = NULL;
    struct compare_view *view = NULL;
    struct str out = STR_INIT;
    struct arena arena = {0};
    struct table t;
    struct report_style style = {.color = app->color, .ascii = !app->utf8, .columns = app->columns};
    struct table_style table = {.ascii = !app->utf8, .columns = app->columns};
    int rc = store_open(&s, path, false, e);
    struct compare_spec spec = {.side = {{s, path, "first"}, {s, path, "second"}}};
    if (!rc)
        rc = compare_view_build(&spec, &view, e);
    if (!rc) {
        compare_terminal(view, &style, &out);
        table_init(&t, &arena);
        noise_table(one, &t);
        table_terminal(&t, &table, &out);
        str_addz(
            &out,
            "\n95 % of all pairs of runs differ by no more; chimera compare claims nothing smaller of this server.\n");
        fputs(str_z(&out), stdout);
    }
    compare_view_free(view);
    store_close(s, NULL);
    str_release(&out);
    arena_release(&arena);
    return rc;
}

int calibrate_aa(struct app *app, const struct aa_flags *f, const char *output, bool json, bool quiet, struct err *e)
{
    struct str path = STR_INIT, dir = STR_INIT, one = STR_INIT;
    calibration_dir(&dir);
    path_join(&path, output ? "" : str_z(&dir), output ? output : "aa.db");
    if (!output) /* ours alone, whatever version wrote it */
        unlink(str_z(&path));
    int rc = execute(app, f, str_z(&path), quiet, e);
    if (!rc)
        rc = keep(str_z(&path), &one, e);
    if (!rc && json)
        printf("%s\n", str_z(&one));
    else if (!rc)
        rc = show(app, str_z(&path), str_z(&one), e);
    str_release(&path);
    str_release(&dir);
    str_release(&one);
    return rc;
}
