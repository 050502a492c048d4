/* scan.c: see scan.h. Links are refused as a whole: one that leads out of the folder would bring in bytes that the folder
 * does not hold, and one inside it says nothing new. */
#include "agent/scan.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"

bool scan_type(const char *path, enum corpus_type *type)
{
    static const char *const endings[CORPUS_TYPE_COUNT] = {
        [CORPUS_CSV] = ".csv", [CORPUS_JSON] = ".json", [CORPUS_MD] = ".md"};
    size_t n = strlen(path);
    for (int i = 0; i < CORPUS_TYPE_COUNT; i++) {
        size_t m = strlen(endings[i]);
        if (n > m && strcasecmp(path + n - m, endings[i]) == 0) {
            *type = (enum corpus_type)i;
            return true;
        }
    }
    return false;
}

static int add_file(struct corpus *c, const char *path, const struct stat *st, struct err *e)
{
    enum corpus_type type;
    if (!scan_type(path, &type))
        return err_set(e, ERR_INPUT, "%s/%s is none of .csv, .json, .md: a corpus holds only these", c->dir, path);
    if ((size_t)st->st_size > CORPUS_MAX_FILE_BYTES)
        return err_set(e, ERR_LIMIT, "%s/%s is larger than %zu MiB", c->dir, path, CORPUS_MAX_FILE_BYTES >> 20);
    if (c->n_files == CORPUS_MAX_FILES)
        return err_set(e, ERR_LIMIT, "%s holds more than %d files", c->dir, CORPUS_MAX_FILES);
    c->files[c->n_files++] = (struct corpus_file){
        .path = arena_dupz(&c->arena, path), .type = type, .bytes = st->st_size};
    c->count[type]++;
    c->bytes += st->st_size;
    if (c->bytes > CORPUS_MAX_BYTES)
        return err_set(e, ERR_LIMIT, "%s holds more than %lld MiB", c->dir, (long long)(CORPUS_MAX_BYTES >> 20));
    return 0;
}

static int scan_dir(struct corpus *c, const char *below, int depth, struct err *e);

static int scan_entry(struct corpus *c, const char *path, int depth, struct err *e)
{
    struct str full = STR_INIT;
    struct stat st;
    path_join(&full, c->dir, path);
    int rc = 0;
    for (const char *p = path; !rc && *p; p++)
        if ((unsigned char)*p < 0x20)
            rc = err_set(e, ERR_REFUSED, "a file name in %s holds control characters", c->dir);
    if (!rc && lstat(str_z(&full), &st) != 0)
        rc = err_sys(e, ERR_REFUSED, errno, "cannot look at %s", str_z(&full));
    if (!rc && S_ISLNK(st.st_mode))
        rc = err_set(e, ERR_REFUSED, "%s is a symbolic link: a corpus holds its files itself", str_z(&full));
    else if (!rc && S_ISDIR(st.st_mode))
        rc = scan_dir(c, path, depth + 1, e);
    else if (!rc && S_ISREG(st.st_mode))
        rc = add_file(c, path, &st, e);
    else if (!rc)
        rc = err_set(e, ERR_REFUSED, "%s is not a plain file", str_z(&full));
    str_release(&full);
    return rc;
}

static int scan_dir(struct corpus *c, const char *below, int depth, struct err *e)
{
    struct str full = STR_INIT, path = STR_INIT;
    path_join(&full, c->dir, below);
    DIR *d = depth > CORPUS_MAX_DEPTH ? NULL : opendir(str_z(&full));
    int rc = 0;
    if (depth > CORPUS_MAX_DEPTH)
        rc = err_set(e, ERR_LIMIT, "%s is nested deeper than %d folders", str_z(&full), CORPUS_MAX_DEPTH);
    else if (!d)
        rc = err_sys(e, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, errno, "cannot open the corpus folder %s",
                     str_z(&full));
    const struct dirent *entry;
    while (!rc && (entry = readdir(d))) { // NOLINT: rc is not 0 without d
        if (entry->d_name[0] == '.' || (!*below && strcmp(entry->d_name, CORPUS_MANIFEST) == 0))
            continue;
        str_clear(&path);
        path_join(&path, below, entry->d_name);
        rc = scan_entry(c, str_z(&path), depth, e);
    }
    if (d)
        closedir(d);
    str_release(&full);
    str_release(&path);
    return rc;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct corpus_file *)a)->path, ((const struct corpus_file *)b)->path);
}

int scan_folder(struct corpus *c, struct err *e)
{
    c->files = arena_alloc(&c->arena, CORPUS_MAX_FILES * sizeof *c->files);
    int rc = scan_dir(c, "", 0, e);
    if (!rc && c->n_files == 0)
        rc = err_set(e, ERR_INPUT, "%s holds no .csv, .json or .md file", c->dir);
    if (!rc)
        qsort(c->files, c->n_files, sizeof *c->files, by_path);
    return rc;
}
