/* import.c: see import.h. Files are read twice: the plan must be in the result before its first run, so the first pass finds
 * out what there is and the second writes it, from bytes with the same SHA-256. Nothing of a file is kept in between. */
#include "exchange/import.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "exchange/import_read.h"
#include "exchange/import_walk.h"
#include "format/json.h"
#include "record/verdict.h"
#include "store/store.h"

struct run *import_runs_add(struct import_runs *runs)
{
    runs->at = arena_grow(runs->arena, runs->at, runs->n * sizeof *runs->at, (runs->n + 1) * sizeof *runs->at);
    struct run *r = &runs->at[runs->n++];
    *r = (struct run){.state = RUN_COMPLETE,
                      .wall_ns = MONO_NONE,
                      .started_ns = MONO_NONE,
                      .ended_ns = MONO_NONE,
                      .verdict = VERDICT_NONE};
    return r;
}

void import_runs_tell(struct import_runs *runs, struct import_told told)
{
    size_t n = runs->n_told;
    if (isnan(told.mean) && isnan(told.p50) && isnan(told.p90) && isnan(told.p99))
        return;
    runs->told = arena_grow(runs->arena, runs->told, n * sizeof *runs->told, (n + 1) * sizeof *runs->told);
    runs->told[runs->n_told++] = told;
}

void import_runs_release(struct import_runs *runs)
{
    for (size_t i = 0; i < runs->n; i++)
        for (size_t k = 0; k < runs->at[i].n_requests; k++)
            request_release(&runs->at[i].requests[k]);
    runs->n = 0;
}

/* A row that runs were made of, in case its record comes again. */
struct made {
    const char *place; /* where the record is from; in the arena */
    mono_ns ended_ns;  /* of its first run */
    size_t n;          /* runs */
    int64_t run_id;    /* the first one's; second pass */
};

/* What an arm was asked for: by the first of its runs that tells. */
struct arm {
    const char *name;
    struct import_asked asked;
    int64_t duration_ns; /* of that run */
};

struct import {
    const struct import_request *q;
    struct import_result *out;
    struct plan_row *plan; /* in out->arena */
    size_t n_plan, cap_plan;
    struct store *store; /* of the second pass */
    int64_t source;      /* the file whose rows are written */
    int32_t position;    /* of the next run */
    const char *path;    /* of the file at hand */
    struct made *made;   /* in out->arena; begun anew by each pass */
    size_t n_made, cap_made;
    struct arm *arms; /* in out->arena: those whose load is told */
    size_t n_arms;
    struct str told, remarks; /* owned: elements of the note's lists, each behind a comma */
};

static bool ends_with_path(const char *path, const char *end)
{
    size_t n = strlen(path), k = strlen(end);
    return n >= k && !strcmp(path + n - k, end) && (n == k || path[n - k - 1] == '/' || end[0] == '/');
}

/* Whether these are the runs of the file that lies beside the one at hand. */
static bool is_beside(const struct import *m, const struct made *x, const char *name)
{
    const char *slash = strrchr(m->path, '/');
    size_t folder = slash ? (size_t)(slash + 1 - m->path) : 0;
    return !strncmp(x->place, m->path, folder) && !strcmp(x->place + folder, name);
}

/* A record may lie in its own file and in a list of rows that names that file; its times there are rounded to 1 us. It is one
 * execution, so its runs are made once and both rows lead to them, as all rows of a file that is one run do, and the summary
 * of such a file. NULL: not met before. */
static const struct made *made_before(const struct import *m, const struct import_row *row)
{
    const struct import_format *f = row->format;
    const char *place = row->origin ? row->origin : m->path;
    mono_ns ended = row->runs.at[0].ended_ns;
    bool alone = !row->origin && !f->finish; /* its own execution, whatever the others in its file are */
    for (size_t i = 0; i < m->n_made; i++) {
        const struct made *x = &m->made[i];
        if (x->n != row->runs.n)
            continue;
        if (f->beside && is_beside(m, x, f->beside))
            return x;
        if (ended == MONO_NONE || x->ended_ns == MONO_NONE || x->ended_ns - ended > 1000 ||
            ended - x->ended_ns > 1000 || (alone && !strcmp(x->place, m->path)))
            continue;
        if (ends_with_path(x->place, place) || ends_with_path(place, x->place))
            return x;
    }
    return NULL;
}

static void remember(struct import *m, const struct import_row *row)
{
    struct arena *a = &m->out->arena;
    if (m->n_made == m->cap_made) {
        m->cap_made = m->cap_made ? 2 * m->cap_made : 64;
        m->made = arena_grow(a, m->made, m->n_made * sizeof *m->made, m->cap_made * sizeof *m->made);
    }
    m->made[m->n_made++] = (struct made){.place = arena_dupz(a, row->origin ? row->origin : m->path),
                                         .ended_ns = row->runs.at[0].ended_ns,
                                         .n = row->runs.n,
                                         .run_id = row->runs.at[0].id};
}

/* ---- first pass ----------------------------------------------------------------------------------------------------- */

static void plan_load(struct import *m, const struct run *r, const struct import_asked *asked)
{
    struct arena *a = &m->out->arena;
    size_t n = m->n_arms;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(m->arms[i].name, r->arm))
            return;
    m->arms = arena_grow(a, m->arms, n * sizeof *m->arms, (n + 1) * sizeof *m->arms);
    struct arm *arm = &m->arms[m->n_arms++];
    *arm = (struct arm){.name = arena_dupz(a, r->arm), .asked = *asked};
    arm->asked.law = arena_dupz(a, asked->law);
    arm->asked.route = arena_dupz(a, asked->route);
    arm->asked.model = arena_dupz(a, asked->model);
    if (r->started_ns != MONO_NONE && r->ended_ns != MONO_NONE)
        arm->duration_ns = r->ended_ns - r->started_ns;
}

/* Runs that nothing ties to those of another arm: each is a block of its own, so that no comparison makes pairs of them. */
static int32_t block_of(const struct run *r, int32_t position)
{
    return r->block < 0 ? position : r->block;
}

static int plan_row(void *user, struct import_row *row, struct err *e)
{
    struct import *m = user;
    (void)e;
    if (!row->runs.n || made_before(m, row))
        return 0;
    remember(m, row);
    if (row->runs.asked)
        plan_load(m, &row->runs.at[0], row->runs.asked);
    row->new_runs = (int64_t)row->runs.n;
    for (size_t i = 0; i < row->runs.n; i++) {
        const struct run *r = &row->runs.at[i];
        if (m->n_plan == m->cap_plan) {
            m->cap_plan = m->cap_plan ? 2 * m->cap_plan : 64;
            m->plan = arena_grow(&m->out->arena, m->plan, m->n_plan * sizeof *m->plan, m->cap_plan * sizeof *m->plan);
        }
        const char *last = m->n_plan ? m->plan[m->n_plan - 1].arm : NULL; /* mostly the same */
        m->plan[m->n_plan] = (struct plan_row){
            .position = (int32_t)m->n_plan,
            .block = block_of(r, (int32_t)m->n_plan),
            .arm = last && !strcmp(last, r->arm) ? last : arena_dupz(&m->out->arena, r->arm),
        };
        m->n_plan++;
    }
    return 0;
}

static const struct import_file *same_bytes(const struct import_result *out, const struct import_file *f)
{
    for (const struct import_file *g = out->files; g < f; g++)
        if (g->format && !strcmp(g->sha256, f->sha256))
            return g;
    return NULL;
}

static int look_at(struct import *m, struct import_file *f, struct err *e)
{
    struct str bytes = STR_INIT;
    struct err why = ERR_INIT;
    struct import_sink sink = {m, plan_row};
    int rc = 0;
    m->path = f->path;
    if (file_read(f->path, IMPORT_MAX_FILE_BYTES, &bytes, &why) != 0) {
        f->problem = arena_dupz(&m->out->arena, why.text);
        str_release(&bytes);
        return 0;
    }
    f->bytes = (int64_t)bytes.len;
    sha256_hex(str_z(&bytes), bytes.len, f->sha256);
    const struct import_file *twin = same_bytes(m->out, f);
    if (twin)
        f->problem = arena_printf(&m->out->arena, "the same bytes as %s: not taken twice", twin->path);
    else
        rc = import_read(m->q->formats, f, str_z(&bytes), bytes.len, &m->out->arena, &sink, e);
    m->out->n_understood += f->format != NULL;
    str_release(&bytes);
    return rc;
}

static int over_files(struct import *m, int (*fn)(struct import *, struct import_file *, struct err *), bool second,
                      struct err *e)
{
    size_t n = m->out->n_files;
    for (size_t i = 0; i < n; i++) {
        struct import_file *f = &m->out->files[i];
        if (m->q->stop && *m->q->stop)
            return err_set(e, ERR_INTERRUPTED, "interrupted: no result was written");
        if (m->q->progress)
            m->q->progress(m->q->user, second ? n + i : i, 2 * n, f->path);
        if (!second && f->problem) /* met, but no file */
            continue;
        int rc = fn(m, f, e);
        if (rc)
            return rc;
    }
    return 0;
}

/* ---- second pass ---------------------------------------------------------------------------------------------------- */

static int write_run(struct import *m, struct run *r, struct err *e)
{
    r->position = m->position++;
    r->block = block_of(r, r->position);
    int rc = store_run_begin(m->store, r, e);
    for (size_t i = 0; !rc && i < r->n_requests; i++)
        rc = store_request(m->store, r->id, &r->requests[i], e);
    return rc ? rc : store_run_end(m->store, r, e);
}

static void note_told(struct import *m, int64_t run, const struct import_told *t)
{
    struct json_writer w;
    str_addc(&m->told, ',');
    json_init(&w, &m->told);
    json_object(&w);
    json_kint(&w, "run", run);
    json_kz(&w, "id", t->id);
    json_kz(&w, "unit", t->unit);
    json_kdouble(&w, "n", t->n);
    json_kdouble(&w, "mean", t->mean);
    json_kdouble(&w, "p50", t->p50);
    json_kdouble(&w, "p90", t->p90);
    json_kdouble(&w, "p99", t->p99);
    json_object_end(&w);
}

static void note_row(struct import *m, int64_t run, const struct import_runs *of)
{
    struct json_writer w;
    for (size_t i = 0; i < of->n_told; i++)
        note_told(m, run, &of->told[i]);
    if (!of->remark)
        return;
    str_addc(&m->remarks, ',');
    json_init(&w, &m->remarks);
    json_object(&w);
    json_kint(&w, "run", run);
    json_kz(&w, "path", m->path);
    json_kz(&w, "remark", of->remark);
    json_object_end(&w);
}

static int write_row(void *user, struct import_row *row, struct err *e)
{
    struct import *m = user;
    const struct made *before = row->runs.n ? made_before(m, row) : NULL;
    for (size_t i = 0; !before && i < row->runs.n; i++) {
        int rc = write_run(m, &row->runs.at[i], e);
        if (rc)
            return rc;
    }
    if (!before && row->runs.n)
        remember(m, row);
    if (row->runs.n && (!before || !row->format->finish)) /* once */
        note_row(m, before ? before->run_id : row->runs.at[0].id, &row->runs);
    struct store_source_row stored = {.source = m->source,
                                      .line = row->line,
                                      .origin = row->origin,
                                      .run_id = before        ? before->run_id
                                                : row->runs.n ? row->runs.at[0].id
                                                              : 0,
                                      .runs = (int64_t)row->runs.n,
                                      .json = row->json};
    return store_import_row(m->store, &stored, e);
}

static int take_file(struct import *m, struct import_file *f, struct err *e)
{
    struct str bytes = STR_INIT;
    char sha256[SHA256_HEX];
    struct import_sink sink = {m, write_row};
    struct import_file again = {.path = f->path};
    struct store_source source = {.path = f->path,
                                  .sha256 = f->sha256[0] ? f->sha256 : NULL,
                                  .bytes = f->bytes,
                                  .format = f->format ? f->format->id : NULL,
                                  .rows = f->rows,
                                  .refused = f->refused,
                                  .problem = f->problem,
                                  .head_json = f->head_json};
    int rc = store_import_file(m->store, &source, e);
    if (rc || !f->format)
        return rc;
    m->source = source.id;
    m->path = f->path;
    rc = file_read(f->path, IMPORT_MAX_FILE_BYTES, &bytes, e);
    if (!rc) {
        sha256_hex(str_z(&bytes), bytes.len, sha256);
        if (strcmp(sha256, f->sha256) != 0)
            rc = err_set(e, ERR_IO, "%s changed while it was imported", f->path);
    }
    rc = rc ? rc : import_read(m->q->formats, &again, str_z(&bytes), bytes.len, &m->out->arena, &sink, e);
    str_release(&bytes);
    return rc;
}

/* ---- the result ----------------------------------------------------------------------------------------------------- */

/* The loads as a plan of ours has them, so that reports and exports know what was asked. */
static void write_load(const struct arm *arm, struct json_writer *w)
{
    const struct import_asked *x = &arm->asked;
    json_object(w);
    json_kz(w, "name", arm->name);
    json_kint(w, "max_concurrency", x->max_concurrency);
    if (x->route)
        json_kz(w, "route", x->route);
    if (x->model)
        json_kz(w, "model", x->model);
    if (x->law) {
        json_kz(w, "arrival", x->law);
        json_kdouble(w, "burstiness", x->burstiness);
    }
    json_key(w, "stages");
    json_array(w);
    if (x->law) {
        json_double(w, x->from_rps);
        json_double(w, x->to_rps);
        json_int(w, arm->duration_ns);
    }
    json_array_end(w);
    json_object_end(w);
}

static void write_arms(const struct import *m, struct json_writer *w)
{
    json_key(w, "arms");
    json_array(w);
    for (size_t i = 0; i < m->n_arms; i++) {
        json_object(w);
        json_kz(w, "name", m->arms[i].name);
        json_kz(w, "load", m->arms[i].name);
        json_object_end(w);
    }
    json_array_end(w);
    json_key(w, "loads");
    json_array(w);
    for (size_t i = 0; i < m->n_arms; i++)
        write_load(&m->arms[i], w);
    json_array_end(w);
}

/* What defines the work: the bytes that were understood and as what. Where they lay does not. */
static void write_plan_json(const struct import *m, struct str *out)
{
    struct json_writer w;
    json_init(&w, out);
    json_object(&w);
    json_kz(&w, "import", m->q->lab);
    json_key(&w, "files");
    json_array(&w);
    for (size_t i = 0; i < m->out->n_files; i++) {
        const struct import_file *f = &m->out->files[i];
        if (!f->format)
            continue;
        json_object(&w);
        json_kz(&w, "sha256", f->sha256);
        json_kz(&w, "format", f->format->id);
        json_object_end(&w);
    }
    json_array_end(&w);
    if (m->n_arms)
        write_arms(m, &w);
    json_object_end(&w);
}

/* {"clocks":[{"format","clock"}],"remarks":[{"run","path","remark"}],"told":[{"run","id","unit","n","mean","p50","p90","p99"}]}:
 * what a reader of a lab's numbers has to know, and what its files say of themselves. */
static int write_note(struct import *m, struct err *e)
{
    struct str note = STR_INIT;
    struct json_writer w;
    json_init(&w, &note);
    json_object(&w);
    json_key(&w, "clocks");
    json_array(&w);
    for (const struct import_format *f = m->q->formats; f->id; f++) {
        bool met = false;
        for (size_t i = 0; i < m->out->n_files; i++)
            met = met || m->out->files[i].format == f;
        if (!met || !f->clock)
            continue;
        json_object(&w);
        json_kz(&w, "format", f->id);
        json_kz(&w, "clock", f->clock);
        json_object_end(&w);
    }
    json_array_end(&w);
    const struct {
        const char *key;
        const struct str *list;
    } lists[] = {{"remarks", &m->remarks}, {"told", &m->told}};
    for (size_t i = 0; i < 2; i++) {
        struct str list = STR_INIT;
        str_addf(&list, "[%s]", lists[i].list->len ? lists[i].list->at + 1 : "");
        json_key(&w, lists[i].key);
        json_raw(&w, list.at, list.len);
        str_release(&list);
    }
    json_object_end(&w);
    int rc = store_note(m->store, "import", str_z(&note), e);
    str_release(&note);
    return rc;
}

static int write_result(struct import *m, struct err *e)
{
    const struct import_request *q = m->q;
    struct str plan = STR_INIT, name = STR_INIT;
    char sha256[SHA256_HEX];
    write_plan_json(m, &plan);
    sha256_hex(str_z(&plan), plan.len, sha256);
    str_addf(&name, "import %s", q->lab);
    struct store_study study = {.name = str_z(&name),
                                .source = q->command,
                                .plan_json = str_z(&plan),
                                .plan_sha256 = sha256,
                                .chimera_version = q->chimera_version,
                                .chimera_commit = q->chimera_commit,
                                .command = q->command,
                                .rows = m->plan,
                                .n_rows = m->n_plan};
    int rc = store_create(&m->store, q->output, &study, e);
    if (!rc) {
        store_batching(m->store, true);
        store_keep(m->store, q->texts, q->texts); /* they stand in the rows */
        m->n_made = 0;
        rc = over_files(m, take_file, true, e);
        rc = rc ? rc : write_note(m, e);
        int closed = store_close(m->store, rc ? NULL : e);
        rc = rc ? rc : closed;
        if (rc)
            unlink(q->output); /* half an import is worth nothing, and is soon made again */
    }
    str_release(&plan);
    str_release(&name);
    return rc;
}

/* A file of that name goes before the others of its folder, which may be summaries of it. */
static void put_first(struct import_result *out, const char *name)
{
    for (size_t k = 0; k < out->n_files; k++) {
        struct import_file moved = out->files[k];
        size_t folder = (size_t)(path_base(moved.path) - moved.path), at = 0;
        if (strcmp(moved.path + folder, name) != 0)
            continue;
        while (at < k && (strncmp(out->files[at].path, moved.path, folder) != 0 ||
                          path_base(out->files[at].path) != out->files[at].path + folder))
            at++;
        memmove(&out->files[at + 1], &out->files[at], (k - at) * sizeof *out->files);
        out->files[at] = moved;
    }
}

int import_files(const struct import_request *q, struct import_result *out, struct err *e)
{
    struct import m = {.q = q, .out = out};
    int rc = 0;
    *out = (struct import_result){0};
    for (size_t i = 0; !rc && i < q->n_paths; i++)
        rc = import_walk(out, q->paths[i], e);
    for (const struct import_format *f = q->formats; !rc && f->id; f++)
        if (f->beside)
            put_first(out, f->beside);
    rc = rc ? rc : over_files(&m, look_at, false, e);
    if (!rc && !out->n_understood)
        rc = err_set(e, ERR_INPUT, "nothing to import: none of %zu file%s was understood", out->n_files,
                     out->n_files == 1 ? "" : "s");
    rc = rc ? rc : write_result(&m, e);
    str_release(&m.told);
    str_release(&m.remarks);
    return rc;
}

void import_result_release(struct import_result *r)
{
    arena_release(&r->arena);
    *r = (struct import_result){0};
}
