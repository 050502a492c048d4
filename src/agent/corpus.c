/* corpus.c: opening and pinning. The bytes that are hashed are the bytes that are parsed: each file is read once. */
#include "agent/corpus.h"

#include <stdlib.h>
#include <string.h>

#include "agent/facts.h"
#include "agent/scan.h"
#include "base/file.h"
#include "base/hash.h"
#include "format/json.h"

enum { MANIFEST_MAX_BYTES = 1 << 20 };

/* One line of the manifest; spans borrowed from its text. */
struct pinned {
    struct span sha256, path;
    int64_t bytes;
    long line;
};

static void init(struct corpus *c, const char *dir)
{
    *c = (struct corpus){0};
    c->dir = arena_dupz(&c->arena, dir);
}

void corpus_release(struct corpus *c)
{
    arena_release(&c->arena);
    *c = (struct corpus){0};
}

/* ---- the manifest ------------------------------------------------------------------------------------------------ */

static bool is_hex64(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!strchr("0123456789abcdef", s.at[i]) || !s.at[i])
            return false;
    return s.len == 64;
}

/* "<sha256>  <size>  <path>": two blanks between, as sha256sum writes them. */
static bool split_line(struct span line, struct pinned *out)
{
    const char *p = line.at, *end = line.at + line.len;
    const char *gap = memmem(p, (size_t)(end - p), "  ", 2);
    if (!gap)
        return false;
    out->sha256 = (struct span){p, (size_t)(gap - p)};
    p = gap + 2;
    gap = memmem(p, (size_t)(end - p), "  ", 2);
    if (!gap || gap == p || gap - p > 15)
        return false;
    out->bytes = 0;
    for (; p < gap; p++) {
        if (*p < '0' || *p > '9')
            return false;
        out->bytes = out->bytes * 10 + (*p - '0');
    }
    out->path = (struct span){gap + 2, (size_t)(end - gap - 2)};
    return is_hex64(out->sha256) && out->path.len > 0;
}

static int read_manifest(struct corpus *c, struct str *text, struct err *e)
{
    struct str path = STR_INIT;
    path_join(&path, c->dir, CORPUS_MANIFEST);
    int rc = 0;
    if (!dir_exists(c->dir))
        rc = err_set(e, ERR_NOTFOUND, "there is no folder %s", c->dir);
    else if (!file_exists(str_z(&path)))
        rc = err_set(e, ERR_INPUT, "%s has no %s: make one with `chimera corpus pin %s`", c->dir, CORPUS_MANIFEST,
                     c->dir);
    else
        rc = file_read(str_z(&path), MANIFEST_MAX_BYTES, text, e);
    if (!rc)
        sha256_hex(str_z(text), text->len, c->sha256);
    str_release(&path);
    return rc;
}

static int parse_manifest(const struct corpus *c, const struct str *text, struct pinned *rows, size_t *n, struct err *e)
{
    long line = 0;
    for (size_t i = 0; i < text->len; line++) {
        const char *start = text->at + i, *end = memchr(start, '\n', text->len - i);
        size_t len = end ? (size_t)(end - start) : text->len - i;
        i += len + 1;
        if (*n == CORPUS_MAX_FILES)
            return err_at(e, ERR_LIMIT, line + 1, 1, "%s/%s has more than %d lines", c->dir, CORPUS_MANIFEST,
                          CORPUS_MAX_FILES);
        struct pinned *row = &rows[*n];
        if (!split_line((struct span){start, len}, row))
            return err_at(e, ERR_INPUT, line + 1, 1, "%s/%s:%ld:1: not a line \"<sha256>  <size>  <path>\"", c->dir,
                          CORPUS_MANIFEST, line + 1);
        row->line = line + 1;
        ++*n;
    }
    return 0;
}

static int compare_path(struct span pinned, const char *path)
{
    size_t n = strlen(path), m = pinned.len < n ? pinned.len : n;
    int d = memcmp(pinned.at, path, m);
    return d ? d : (pinned.len > n) - (pinned.len < n);
}

static int refuse(const struct corpus *c, struct span path, const char *what, struct err *e)
{
    return err_set(e, ERR_REFUSED, "%s/%.*s %s; if the change is meant, pin it anew with `chimera corpus pin %s`",
                   c->dir, (int)path.len, path.at, what, c->dir);
}

/* Both lists are sorted by path, so the first difference names the missing or the extra file. */
static int match_files(const struct corpus *c, const struct pinned *rows, size_t n, struct err *e)
{
    for (size_t i = 0; i < n || i < c->n_files; i++) {
        int d = i >= n ? 1 : i >= c->n_files ? -1 : compare_path(rows[i].path, c->files[i].path);
        if (i > 0 && i < n && compare_path(rows[i].path, c->files[i - 1].path) <= 0)
            return err_at(e, ERR_INPUT, rows[i].line, 1, "%s/%s:%ld:1: lines are not sorted by path", c->dir,
                          CORPUS_MANIFEST, rows[i].line);
        if (d < 0)
            return refuse(c, rows[i].path, "is missing", e);
        if (d > 0)
            return refuse(c, span_z(c->files[i].path), "is not in the manifest", e);
        if (rows[i].bytes != c->files[i].bytes)
            return refuse(c, rows[i].path, "has another size than the manifest says", e);
    }
    return 0;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static int read_file(const struct corpus *c, const struct corpus_file *f, struct str *bytes, struct err *e)
{
    struct str path = STR_INIT;
    struct err why = ERR_INIT;
    path_join(&path, c->dir, f->path);
    str_clear(bytes);
    int rc = file_read(str_z(&path), CORPUS_MAX_FILE_BYTES, bytes, &why);
    if (rc)
        rc = err_set(e, rc == ERR_LIMIT ? ERR_LIMIT : ERR_REFUSED, "%s", why.text);
    str_release(&path);
    return rc;
}

static int harvest_file(struct harvest *h, size_t i, const struct str *bytes)
{
    struct corpus *c = h->corpus;
    const char *file = c->files[i].path;
    switch (c->files[i].type) {
    case CORPUS_CSV: return harvest_csv(h, file, str_z(bytes), bytes->len);
    case CORPUS_JSON: return harvest_json(h, file, str_z(bytes), bytes->len);
    case CORPUS_MD: return harvest_md(h, file, str_z(bytes), bytes->len, &c->title[i]);
    case CORPUS_TYPE_COUNT: break;
    }
    BUG("corpus file without a type");
}

/* rows NULL: no manifest to compare with yet. */
static int read_files(struct corpus *c, const struct pinned *rows, struct err *e)
{
    struct harvest h = {.corpus = c, .e = e};
    struct str bytes = STR_INIT;
    c->title = arena_alloc(&c->arena, c->n_files * sizeof *c->title);
    int rc = harvest_counts(&h);
    for (size_t i = 0; !rc && i < c->n_files; i++) {
        struct corpus_file *f = &c->files[i];
        rc = read_file(c, f, &bytes, e);
        if (rc)
            break;
        f->bytes = (int64_t)bytes.len;
        sha256_hex(str_z(&bytes), bytes.len, f->sha256);
        if (rows && !span_eq_z(rows[i].sha256, f->sha256))
            rc = refuse(c, span_z(f->path), "was changed: its bytes are not those of the manifest", e);
        else
            rc = harvest_file(&h, i, &bytes);
    }
    str_release(&bytes);
    return rc;
}

int corpus_open(struct corpus *c, const char *dir, struct err *e)
{
    struct str text = STR_INIT;
    size_t n = 0;
    init(c, dir);
    struct pinned *rows = xcalloc(CORPUS_MAX_FILES, sizeof *rows);
    int rc = read_manifest(c, &text, e);
    if (!rc)
        rc = parse_manifest(c, &text, rows, &n, e);
    if (!rc)
        rc = scan_folder(c, e);
    if (!rc)
        rc = match_files(c, rows, n, e);
    if (!rc)
        rc = read_files(c, rows, e);
    if (rc)
        corpus_release(c);
    free(rows);
    str_release(&text);
    return rc;
}

int corpus_pin(const char *dir, struct err *e)
{
    struct corpus c;
    struct str text = STR_INIT, path = STR_INIT;
    init(&c, dir);
    int rc = scan_folder(&c, e);
    if (!rc)
        rc = read_files(&c, NULL, e);
    for (size_t i = 0; !rc && i < c.n_files; i++)
        str_addf(&text, "%s  %lld  %s\n", c.files[i].sha256, (long long)c.files[i].bytes, c.files[i].path);
    path_join(&path, dir, CORPUS_MANIFEST);
    if (!rc)
        rc = file_write(str_z(&path), str_z(&text), text.len, e);
    str_release(&path);
    str_release(&text);
    corpus_release(&c);
    return rc;
}

void corpus_json(const struct corpus *c, struct str *out)
{
    struct json_writer w;
    json_init(&w, out);
    json_object(&w);
    json_kz(&w, "sha256", c->sha256);
    json_kint(&w, "files", (int64_t)c->n_files);
    json_kint(&w, "csv", (int64_t)c->count[CORPUS_CSV]);
    json_kint(&w, "json", (int64_t)c->count[CORPUS_JSON]);
    json_kint(&w, "markdown", (int64_t)c->count[CORPUS_MD]);
    json_kint(&w, "bytes", c->bytes);
    json_kint(&w, "facts", (int64_t)c->n_facts);
    json_key(&w, "list");
    json_array(&w);
    for (size_t i = 0; i < c->n_files; i++) {
        json_object(&w);
        json_kz(&w, "path", c->files[i].path);
        json_kint(&w, "bytes", c->files[i].bytes);
        json_kz(&w, "sha256", c->files[i].sha256);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_object_end(&w);
}
