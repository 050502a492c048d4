/* chimera selftest: the client against the conformance cases, the statistics against their vectors. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/conform.h"
#include "cli/options.h"
#include "cli/selftest.h"
#include "format/json.h"

#define USUAL_DIR "tests/conformance"
#define USUAL_VECTORS "tests/vectors/stat-vectors.json"
#define USAGE                                                                                                          \
    "chimera selftest conformance [--case NAME] [--json] [DIR]\n       chimera selftest vectors [--json] [FILE]"

enum { MAX_CASES = 1000 };

/* ---- the files ---- */

struct cases {
    const char *name[MAX_CASES]; /* without ".case", sorted */
    size_t n;
    struct arena arena;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int find_cases(const char *dir, struct cases *out, struct err *e)
{
    DIR *d = opendir(dir);
    if (!d)
        return err_sys(e, ERR_NOTFOUND, errno,
                       "no folder of cases at %s (run this in the source tree, or give the folder)", dir);
    for (struct dirent *f; (f = readdir(d)) && out->n < MAX_CASES;) {
        size_t n = strlen(f->d_name);
        if (n > 5 && strcmp(f->d_name + n - 5, ".case") == 0)
            out->name[out->n++] = arena_dup(&out->arena, f->d_name, n - 5);
    }
    closedir(d);
    qsort(out->name, out->n, sizeof out->name[0], by_name);
    return out->n ? 0 : err_set(e, ERR_NOTFOUND, "%s holds no file that ends with .case", dir);
}

/* Keeps only the case that was asked for. */
static int pick(struct cases *c, const char *name, struct err *e)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->name[i], name) == 0) {
            c->name[0] = c->name[i];
            c->n = 1;
            return 0;
        }
    const char *near = word_suggest(name, c->name, c->n);
    return err_set(e, ERR_USAGE, "no case '%s'%s%s%s", name, near ? "; did you mean '" : "", near ? near : "",
                   near ? "'?" : "");
}

/* ---- printing ---- */

struct printer {
    bool json;
    struct json_writer w;
    struct str out;
    size_t n, failed;
    double ms;
};

static void print_faults(const char *name, const struct verdict_on_case *v)
{
    for (const char *line = str_z(&v->faults); *line;) {
        size_t n = strcspn(line, "\n");
        printf("FAIL %s: %.*s\n", name, (int)n, line);
        line += n + (line[n] == '\n');
    }
}

static void print_case(struct printer *p, const char *name, const struct verdict_on_case *v)
{
    p->n++;
    p->failed += v->faults.len > 0;
    p->ms += v->ms;
    if (!p->json) {
        print_faults(name, v);
        return;
    }
    json_object(&p->w);
    json_kz(&p->w, "case", name);
    json_kbool(&p->w, "conforms", !v->faults.len);
    json_kz(&p->w, "outcome", str_z(&v->outcome));
    json_kdouble(&p->w, "ms", v->ms);
    if (v->faults.len)
        json_kz(&p->w, "faults", str_z(&v->faults));
    json_object_end(&p->w);
}

static void begin(struct printer *p)
{
    json_init(&p->w, &p->out);
    json_object(&p->w);
    json_key(&p->w, "cases");
    json_array(&p->w);
}

static void end(struct printer *p)
{
    json_array_end(&p->w);
    json_kint(&p->w, "n", (int64_t)p->n);
    json_kint(&p->w, "failed", (int64_t)p->failed);
    json_object_end(&p->w);
    if (p->json)
        puts(str_z(&p->out));
    else
        printf("conformance: %zu of %zu cases as expected, %.1f s\n", p->n - p->failed, p->n, p->ms / 1e3);
}

/* ---- the command ---- */

static int run_cases(const struct app *app, const char *dir, const struct cases *c, bool json, struct err *e)
{
    struct printer p = {.json = json};
    int rc = 0;
    begin(&p);
    for (size_t i = 0; i < c->n && !rc; i++) {
        struct str path = STR_INIT, file = STR_INIT;
        struct verdict_on_case v;
        str_addf(&file, "%s.case", c->name[i]);
        path_join(&path, dir, str_z(&file));
        rc = conform_run(str_z(&path), app->stop, &v, e);
        if (!rc)
            print_case(&p, c->name[i], &v);
        verdict_on_case_release(&v);
        str_release(&path);
        str_release(&file);
    }
    if (!rc) {
        end(&p);
        if (p.failed)
            rc = err_set(e, ERR_GATE, "%zu of %zu cases are not as expected", p.failed, p.n);
    }
    str_release(&p.out);
    return rc;
}

static int conformance(const struct app *app, const char *dir, const char *one, bool json, struct err *e)
{
    struct cases *c = xcalloc(1, sizeof *c);
    int rc = find_cases(dir, c, e);
    if (!rc && one)
        rc = pick(c, one, e);
    if (!rc)
        rc = run_cases(app, dir, c, json, e);
    arena_release(&c->arena);
    free(c);
    return rc;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    bool help = false, json = false;
    const char *one = NULL;
    const struct option_row rows[] = {{0, "case", OPT_TEXT, &one, "NAME", "only this case"},
                                      {0, "json", OPT_FLAG, &json, NULL, "print as JSON"},
                                      {0}};
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    const char *what = operands.n ? operands.at[0] : "", *path = operands.n == 2 ? operands.at[1] : NULL;
    bool cases = strcmp(what, "conformance") == 0, vectors = strcmp(what, "vectors") == 0;
    if (!rc && help)
        print_help(USAGE,
                   "conformance: runs the client against scripted servers, well-behaved and not: each file DIR/*.case\n"
                   "(" USUAL_DIR ") says what a server sends and what must be recorded then; doc/conformance.md\n"
                   "describes the format.\n"
                   "vectors: runs the statistics against reference vectors (" USUAL_VECTORS ").",
                   rows, "chimera selftest conformance --case stall-mid-stream");
    else if (!rc && (operands.n > 2 || !(cases || vectors) || (vectors && one)))
        rc = err_set(e, ERR_USAGE,
                     "usage: chimera selftest conformance [--case NAME] [--json] [DIR], or vectors [--json] [FILE]");
    else if (!rc)
        rc = cases ? conformance(app, path ? path : USUAL_DIR, one, json, e)
                   : selftest_vectors(path ? path : USUAL_VECTORS, json, e);
    text_list_release(&operands);
    return rc;
}

const struct command cmd_selftest = {"selftest", "the client against conformance cases, the statistics against vectors",
                                     run};
