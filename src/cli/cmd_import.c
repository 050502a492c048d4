/* chimera import LAB PATH... -o FILE: a lab is a tool, too. */
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/options.h"
#include "exchange/peer_import.h"
#include "exchange/seed.h"
#include "format/escape.h"
#include "format/json.h"
#include "format/table.h"

static const struct lab {
    const char *name;
    const struct import_format *formats;
    bool texts; /* as in struct import_request */
} known_labs[] = {{"seed", seed_formats, false},
                  {"vllm", vllm_formats, true},
                  {"aiperf", aiperf_formats, true},
                  {"guidellm", guidellm_formats, true},
                  {"llama-bench", llama_bench_formats, true}};

enum { LABS = sizeof known_labs / sizeof *known_labs, PROBLEMS_SHOWN = 30 };

static const struct lab *lab_named(const char *name, struct err *e)
{
    const char *names[LABS];
    size_t place;
    for (size_t i = 0; i < LABS; i++)
        names[i] = known_labs[i].name;
    return choose_word("lab", name, names, LABS, &place, e) ? NULL : &known_labs[place];
}

/* ---- what there was ------------------------------------------------------------------------------------------------- */

struct total {
    int64_t files, rows, runs;
};

/* Of a format; NULL: of what was not understood. */
static struct total total_of(const struct import_result *r, const struct import_format *f)
{
    struct total t = {0};
    for (size_t i = 0; i < r->n_files; i++) {
        const struct import_file *file = &r->files[i];
        if (file->format != f)
            continue;
        t.files++;
        t.rows += file->rows;
        t.runs += file->runs;
    }
    return t;
}

static void total_row(struct table *t, const char *id, const struct total *x, const char *what)
{
    table_cell(t, id);
    table_cellf(t, "%lld", (long long)x->files);
    table_cellf(t, "%lld", (long long)x->rows);
    table_cellf(t, "%lld", (long long)x->runs);
    table_cell(t, what);
}

static void print_problems(const struct import_result *r, bool ascii, struct str *out)
{
    size_t shown = 0, more = 0;
    for (size_t i = 0; i < r->n_files; i++) {
        const struct import_file *f = &r->files[i];
        if (!f->problem)
            continue;
        if (shown++ >= PROBLEMS_SHOWN) {
            more++;
            continue;
        }
        str_addz(out, shown == 1 ? "\nnot understood, or not all of it:\n  " : "  ");
        escape_terminal(span_z(f->path), ascii, out);
        str_addz(out, ": ");
        if (f->format)
            str_addf(out, "%lld of %lld records refused: ", (long long)f->refused, (long long)(f->refused + f->rows));
        escape_terminal(span_z(f->problem), ascii, out);
        str_addc(out, '\n');
    }
    if (more)
        str_addf(out, "  and %zu more: --json lists them, and so does the result\n", more);
}

static void print_text(const struct app *app, const struct lab *lab, const struct import_result *r)
{
    struct arena a = {0};
    struct str out = STR_INIT;
    struct table t;
    struct table_style style = {.ascii = !app->utf8};
    table_init(&t, &a);
    table_column(&t, "format", TABLE_LEFT);
    table_column(&t, "files", TABLE_RIGHT);
    table_column(&t, "rows", TABLE_RIGHT);
    table_column(&t, "runs", TABLE_RIGHT);
    table_column(&t, "what", TABLE_LEFT);
    for (const struct import_format *f = lab->formats; f->id; f++) {
        struct total x = total_of(r, f);
        if (x.files)
            total_row(&t, f->id, &x, f->what);
    }
    struct total rest = total_of(r, NULL);
    if (rest.files)
        total_row(&t, "(none)", &rest, "not understood");
    table_terminal(&t, &style, &out);
    print_problems(r, !app->utf8, &out);
    fwrite(str_z(&out), 1, out.len, stdout);
    str_release(&out);
    arena_release(&a);
}

/* schema chimera.import/1: every file that was met, in order. */
static void print_json(const struct lab *lab, const struct import_result *r, const char *output)
{
    struct str out = STR_INIT;
    struct json_writer w;
    json_init(&w, &out);
    json_object(&w);
    json_kz(&w, "schema", "chimera.import/1");
    json_kz(&w, "lab", lab->name);
    json_kz(&w, "output", r->n_understood ? output : NULL);
    json_key(&w, "files");
    json_array(&w);
    for (size_t i = 0; i < r->n_files; i++) {
        const struct import_file *f = &r->files[i];
        json_object(&w);
        json_kz(&w, "path", f->path);
        json_kz(&w, "sha256", f->sha256[0] ? f->sha256 : NULL);
        json_kz(&w, "format", f->format ? f->format->id : NULL);
        json_kint(&w, "rows", f->rows);
        json_kint(&w, "refused", f->refused);
        json_kint(&w, "runs", f->runs);
        json_kz(&w, "problem", f->problem);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_object_end(&w);
    str_addc(&out, '\n');
    fwrite(str_z(&out), 1, out.len, stdout);
    str_release(&out);
}

/* ---- the command ---------------------------------------------------------------------------------------------------- */

static void show_progress(void *user, size_t done, size_t total, const char *path)
{
    struct str safe = STR_INIT;
    (void)user;
    escape_terminal(span_z(path), true, &safe);
    fprintf(stderr, "\r\033[K%zu/%zu %.100s", done, total, str_z(&safe));
    str_release(&safe);
}

static int import(struct app *app, const struct text_list *operands, const char *output, bool json, struct err *e)
{
    const struct lab *lab = lab_named(operands->at[0], e);
    struct import_result result;
    if (!lab)
        return ERR_USAGE;
    const struct import_request q = {.formats = lab->formats,
                                     .lab = lab->name,
                                     .paths = operands->at + 1,
                                     .n_paths = operands->n - 1,
                                     .output = output,
                                     .texts = lab->texts,
                                     .command = app->command_line,
                                     .chimera_version = CHIMERA_VERSION,
                                     .chimera_commit = CHIMERA_COMMIT,
                                     .progress = app->err_tty ? show_progress : NULL,
                                     .stop = app->stop};
    int rc = import_files(&q, &result, e);
    if (app->err_tty)
        fputs("\r\033[K", stderr);
    if (!rc || (rc == ERR_INPUT && !result.n_understood && result.n_files)) {
        if (json)
            print_json(lab, &result, output);
        else
            print_text(app, lab, &result);
    }
    import_result_release(&result);
    return rc;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    bool help = false, json = false;
    const char *output = NULL;
    const struct option_row rows[] = {
        {'o', "output", OPT_TEXT, &output, "FILE", "the result file to make; it must not be there yet"},
        {0, "json", OPT_FLAG, &json, NULL, "list every file that was met as JSON"},
        {0},
    };
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help)
        print_help(
            "chimera import LAB [options] PATH...",
            "Makes a result file of another lab's or tool's results. Each file is told by its content; every record is\n"
            "kept as it was read, with its line and the path it came from, and becomes runs as far as it tells of any.\n"
            "A file that is not understood is listed with the reason. Labs: vllm, aiperf, guidellm, llama-bench, and\n"
            "seed (Technical Reports TR108 to TR121).",
            rows, "chimera import vllm old/*.json -o results/old.db");
    else if (!rc && operands.n < 2)
        rc = err_set(e, ERR_USAGE, "a lab and its files are needed: chimera import seed PATH... -o FILE");
    else if (!rc && !output)
        rc = err_set(e, ERR_USAGE, "-o FILE says where the result goes");
    else if (!rc)
        rc = import(app, &operands, output, json, e);
    text_list_release(&operands);
    return rc;
}

const struct command cmd_import = {"import", "another lab's or tool's results as a result file", run};
