/* chimera audit FILE... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/audit.h"
#include "cli/app.h"
#include "cli/options.h"
#include "format/escape.h"
#include "format/json.h"
#include "format/table.h"
#include "store/store.h"

enum { POINTS_SHOWN = 5 };

/* ---- what a result file holds ----------------------------------------------------------------------------------------- */

/* One file, read whole. */
struct read_file {
    struct arena arena;
    struct store *store;
    struct run *runs;
    size_t n_runs, n_rows, cap_rows, n_plan;
    struct audit_row *rows; /* each with its document in `docs` */
    yyjson_doc **docs;
    struct audit_place *plan;
    struct design design;
};

static int take_row(void *user, const struct store_source *f, const struct store_source_row *r)
{
    struct read_file *x = user;
    yyjson_doc *doc = json_read_z(r->json);
    if (!doc)
        return 0; /* another version may have written what is none */
    if (x->n_rows == x->cap_rows) {
        x->cap_rows = x->cap_rows ? 2 * x->cap_rows : 256;
        x->rows = xrealloc(x->rows, x->cap_rows * sizeof *x->rows);
        x->docs = xrealloc(x->docs, x->cap_rows * sizeof *x->docs);
    }
    const struct audit_row *before = x->n_rows ? &x->rows[x->n_rows - 1] : NULL;
    bool same = before && !strcmp(before->file, f->path);
    x->docs[x->n_rows] = doc;
    x->rows[x->n_rows++] = (struct audit_row){.file = same ? before->file : arena_dupz(&x->arena, f->path),
                                              .line = r->line,
                                              .origin = arena_dupz(&x->arena, r->origin),
                                              .format = same ? before->format : arena_dupz(&x->arena, f->format),
                                              .json = yyjson_doc_get_root(doc),
                                              .run_id = r->run_id,
                                              .runs = r->runs};
    return 0;
}

static int read_file(struct read_file *x, const char *path, struct err *e)
{
    struct store_info info;
    *x = (struct read_file){0};
    int rc = store_open(&x->store, path, false, e);
    rc = rc ? rc : store_info(x->store, &x->arena, &info, e);
    rc = rc ? rc : store_runs(x->store, 0, &x->arena, &x->runs, &x->n_runs, e);
    rc = rc ? rc : store_each_row(x->store, NULL, take_row, x, e);
    if (rc)
        return rc;
    design_read(&x->design, info.study.plan_json, &x->arena);
    x->plan = arena_alloc(&x->arena, (info.study.n_rows + 1) * sizeof *x->plan);
    x->n_plan = info.study.n_rows;
    for (size_t i = 0; i < x->n_plan; i++)
        x->plan[i] = (struct audit_place){info.study.rows[i].block, info.study.rows[i].arm};
    return 0;
}

static void release_file(struct read_file *x)
{
    store_runs_release(x->runs, x->n_runs);
    for (size_t i = 0; i < x->n_rows; i++)
        yyjson_doc_free(x->docs[i]);
    free(x->rows);
    free(x->docs);
    store_close(x->store, NULL);
    arena_release(&x->arena);
}

/* ---- printing --------------------------------------------------------------------------------------------------------- */

struct auditor {
    struct app *app;
    struct json_writer json;
    bool as_json;
    const char *fail_on; /* rules, or "any"; NULL: no gate */
    struct str out, failed;
};

static void point_text(const struct audit_point *p, bool imported, bool ascii, struct str *out)
{
    escape_terminal(span_z(p->place), ascii, out);
    if (p->line)
        str_addf(out, ":%lld", (long long)p->line);
    if (p->run_id && !imported)
        str_addf(out, " run %lld", (long long)p->run_id);
    if (p->seq >= 0)
        str_addf(out, " request %lld", (long long)p->seq);
    if (p->note) {
        str_addz(out, ": ");
        escape_terminal(span_z(p->note), ascii, out);
    }
}

static void finding_text(struct auditor *x, const struct audit_finding *f, bool imported)
{
    struct str line = STR_INIT;
    size_t columns = x->app->columns ? x->app->columns : 100;
    bool ascii = !x->app->utf8;
    str_addf(&line, "%s  %s: ", f->rule->id, f->rule->title);
    escape_terminal(span_z(f->study), ascii, &line);
    text_wrap((struct span){line.at, line.len}, columns, 0, &x->out);
    str_clear(&line);
    escape_terminal(span_z(f->sentence), ascii, &line);
    text_wrap((struct span){line.at, line.len}, columns, 4, &x->out);
    for (size_t i = 0; i < f->n_points && i < POINTS_SHOWN; i++) {
        str_addz(&x->out, "      ");
        point_text(&f->points[i], imported, ascii, &x->out);
        str_addc(&x->out, '\n');
    }
    if (f->n_points > POINTS_SHOWN)
        str_addf(&x->out, "      and %zu more: --json lists them\n", f->n_points - POINTS_SHOWN);
    str_addc(&x->out, '\n');
    str_release(&line);
}

static void finding_json(struct json_writer *w, const struct audit_finding *f)
{
    json_object(w);
    json_kz(w, "rule", f->rule->id);
    json_kz(w, "title", f->rule->title);
    json_kz(w, "study", f->study);
    json_kz(w, "sentence", f->sentence);
    json_key(w, "points");
    json_array(w);
    for (size_t i = 0; i < f->n_points; i++) {
        const struct audit_point *p = &f->points[i];
        json_object(w);
        json_kz(w, "place", p->place);
        if (p->line)
            json_kint(w, "line", p->line);
        if (p->run_id)
            json_kint(w, "run_id", p->run_id);
        if (p->seq >= 0)
            json_kint(w, "request", p->seq);
        json_kz(w, "note", p->note);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
}

/* ---- the gate --------------------------------------------------------------------------------------------------------- */

/* Whether a list with commas names the rule. */
static bool listed(const char *list, const char *id)
{
    size_t n = strlen(id);
    for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == n && !strncmp(p, id, n))
            return true;
    return false;
}

static int check_gate(const char *list, struct err *e)
{
    const struct audit_rule *rule;
    const char *ids[128] = {"any"};
    size_t n = 1;
    while (n < sizeof ids / sizeof *ids && (rule = audit_rule_at(n - 1)))
        ids[n++] = rule->id;
    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',') {
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)strcspn(p, ","), p);
        if (!strcmp(word, "any") || audit_rule_find(word))
            continue;
        const char *near = word_suggest(word, ids, n);
        return err_set(e, ERR_USAGE, "--fail-on: no rule '%s'; %s%s%s", word,
                       near ? "did you mean '" : "`chimera list rules` has them", near ? near : "", near ? "'?" : "");
    }
    return *list ? 0 : err_set(e, ERR_USAGE, "--fail-on: any, or rules of `chimera list rules`");
}

/* ---- the command ------------------------------------------------------------------------------------------------------ */

static void show_findings(struct auditor *x, const char *path, const struct audit *found, bool imported)
{
    if (x->as_json) {
        json_object(&x->json);
        json_kz(&x->json, "file", path);
        json_key(&x->json, "findings");
        json_array(&x->json);
    } else {
        str_addf(&x->out, "%s: %zu finding%s\n\n", path, found->n, found->n == 1 ? "" : "s");
    }
    for (size_t i = 0; i < found->n; i++) {
        const struct audit_finding *f = &found->findings[i];
        if (x->as_json)
            finding_json(&x->json, f);
        else
            finding_text(x, f, imported);
        bool gated = x->fail_on && (listed(x->fail_on, "any") || listed(x->fail_on, f->rule->id));
        if (gated && !listed(str_z(&x->failed), f->rule->id))
            str_addf(&x->failed, "%s%s", x->failed.len ? "," : "", f->rule->id);
    }
    if (x->as_json) {
        json_array_end(&x->json);
        json_object_end(&x->json);
    }
}

static int look_at(struct auditor *x, const char *path, struct err *e)
{
    struct read_file file;
    struct audit found = {0};
    int rc = read_file(&file, path, e);
    if (!rc) {
        struct audit_input in = {.name = path,
                                 .runs = file.runs,
                                 .n_runs = file.n_runs,
                                 .rows = file.rows,
                                 .n_rows = file.n_rows,
                                 .plan = file.plan,
                                 .n_plan = file.n_plan,
                                 .design = file.design};
        audit_look(&in, &found);
        show_findings(x, path, &found, file.n_rows > 0);
    }
    audit_release(&found);
    release_file(&file);
    return rc;
}

static int audit(struct auditor *x, const struct text_list *paths, struct err *e)
{
    int rc = 0;
    if (x->as_json) {
        json_init(&x->json, &x->out);
        json_object(&x->json);
        json_kz(&x->json, "schema", "chimera.audit/1");
        json_key(&x->json, "results");
        json_array(&x->json);
    }
    for (size_t i = 0; !rc && i < paths->n; i++)
        rc = look_at(x, paths->at[i], e);
    if (rc)
        return rc;
    if (x->as_json) {
        json_array_end(&x->json);
        json_object_end(&x->json);
        str_addc(&x->out, '\n');
    }
    fwrite(str_z(&x->out), 1, x->out.len, stdout);
    return x->failed.len ? err_set(e, ERR_GATE, "found: %s", str_z(&x->failed)) : 0;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    struct auditor x = {.app = app};
    bool help = false;
    const struct option_row rows[] = {
        {0, "fail-on", OPT_TEXT, &x.fail_on, "RULES", "exit 1 when one of these finds something: any, or A5,few-runs"},
        {0, "json", OPT_FLAG, &x.as_json, NULL, "print as JSON, with every row that a finding stands on"},
        {0},
    };
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help)
        print_help("chimera audit [options] FILE...",
                   "Says what results do not support: imported ones of another lab (chimera import) and our own. Each\n"
                   "finding has its rule (chimera list rules), a sentence with its numbers, and the rows it stands on.",
                   rows, "chimera import seed ../seed-data -o seed.db && chimera audit seed.db");
    else if (!rc && operands.n == 0)
        rc = err_set(e, ERR_USAGE, "a result file is needed: chimera audit FILE");
    else if (!rc)
        rc = x.fail_on ? check_gate(x.fail_on, e) : 0;
    if (!rc && !help)
        rc = audit(&x, &operands, e);
    str_release(&x.out);
    str_release(&x.failed);
    text_list_release(&operands);
    return rc;
}

const struct command cmd_audit = {"audit", "what someone's published results do not support", run};
