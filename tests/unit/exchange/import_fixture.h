/* What the tests of imports share: an import of some paths into a scratch folder, and its files and rows by name. */
#ifndef TEST_IMPORT_FIXTURE_H
#define TEST_IMPORT_FIXTURE_H

#include "../store/fixture.h"

#include "exchange/seed.h"
#include "format/json.h"
#include "record/metric.h"
#include "record/peer.h"
#include "record/verdict.h"

struct imported {
    struct scratch scratch;
    struct import_result result;
    struct store *store; /* NULL: nothing was understood */
    struct arena arena;
    struct run *runs;
    size_t n_runs;
    struct err e;
    int rc;
};

static inline void import_as(struct imported *m, const char *lab, const struct import_format *formats,
                             const char *const *paths, size_t n)
{
    *m = (struct imported){0};
    scratch_make(&m->scratch);
    const struct import_request q = {.formats = formats,
                                     .lab = lab,
                                     .paths = paths,
                                     .n_paths = n,
                                     .output = m->scratch.path,
                                     .texts = formats != seed_formats,
                                     .chimera_version = "0.1.0"};
    m->rc = import_files(&q, &m->result, &m->e);
    if (m->rc) {
        assert_int_equal(access(m->scratch.path, F_OK), -1); /* nothing half is left */
        return;
    }
    m->store = fixture_open(&m->scratch, false);
    must(store_runs(m->store, STORE_CHUNKS, &m->arena, &m->runs, &m->n_runs, &m->e), &m->e);
}

static inline void import_paths(struct imported *m, const char *const *paths, size_t n)
{
    import_as(m, "seed", seed_formats, paths, n);
}

static inline void imported_release(struct imported *m)
{
    store_runs_release(m->runs, m->n_runs);
    if (m->store)
        fixture_close(m->store);
    import_result_release(&m->result);
    arena_release(&m->arena);
    scratch_remove(&m->scratch);
}

/* The file whose path ends so. */
static inline const struct import_file *imported_file(const struct imported *m, const char *end)
{
    for (size_t i = 0; i < m->result.n_files; i++) {
        const char *path = m->result.files[i].path;
        if (strlen(path) >= strlen(end) && !strcmp(path + strlen(path) - strlen(end), end))
            return &m->result.files[i];
    }
    fail_msg("no file %s", end);
    return NULL;
}

/* Calls fn for the rows of the file whose path ends so, parsed. */
struct each_row {
    const char *end;
    void (*fn)(void *user, yyjson_val *row, const struct store_source_row *r);
    void *user;
    size_t n;
};

static inline int each_row_one(void *user, const struct store_source *f, const struct store_source_row *r)
{
    struct each_row *x = user;
    struct err e = ERR_INIT;
    size_t n = strlen(f->path), k = strlen(x->end);
    if (n < k || strcmp(f->path + n - k, x->end) != 0)
        return 0;
    yyjson_doc *doc = json_read(r->json, strlen(r->json), NULL, &e);
    if (!doc)
        fail_msg("%s: %s", f->path, e.text);
    x->n++;
    x->fn(x->user, yyjson_doc_get_root(doc), r);
    yyjson_doc_free(doc);
    return 0;
}

static inline size_t imported_rows(struct imported *m, const char *end,
                                   void (*fn)(void *user, yyjson_val *row, const struct store_source_row *r),
                                   void *user)
{
    struct each_row x = {end, fn, user, 0};
    must(store_each_row(m->store, NULL, each_row_one, &x, &m->e), &m->e);
    return x.n;
}

static inline const struct run *imported_run(const struct imported *m, int64_t id)
{
    for (size_t i = 0; i < m->n_runs; i++)
        if (m->runs[i].id == id)
            return &m->runs[i];
    fail_msg("no run %lld", (long long)id);
    return NULL;
}

#endif
