/* import_walk.c: see import_walk.h. */
#include "exchange/import_walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

static int add(struct import_result *out, const char *path, const char *problem, struct err *e)
{
    size_t n = out->n_files;
    if (n == IMPORT_MAX_FILES)
        return err_set(e, ERR_LIMIT, "more than %d files: import their folders one by one", IMPORT_MAX_FILES);
    if (!n || (n & (n - 1)) == 0) /* room doubles when it is full */
        out->files = arena_grow(&out->arena, out->files, n * sizeof *out->files, (n ? 2 * n : 1) * sizeof *out->files);
    out->files[n] = (struct import_file){.path = arena_dupz(&out->arena, path), .bytes = -1, .problem = problem};
    out->n_files++;
    return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* the same everywhere: no locale */
}

static int walk(struct import_result *out, const char *path, int depth, struct err *e);

static int walk_folder(struct import_result *out, const char *path, int depth, struct err *e)
{
    struct dirent **names = NULL;
    int rc = 0, n = scandir(path, &names, NULL, by_name);
    if (n < 0)
        return add(out, path, arena_printf(&out->arena, "cannot be read: %s", strerror(errno)), e);
    for (int i = 0; i < n; i++) {
        struct str child = STR_INIT;
        const char *name = names[i]->d_name;
        path_join(&child, path, name);
        if (!rc && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            rc = name[0] == '.' ? add(out, str_z(&child), "hidden: not looked into", e)
                                : walk(out, str_z(&child), depth + 1, e);
        str_release(&child);
        free(names[i]);
    }
    free(names);
    return rc;
}

static int walk(struct import_result *out, const char *path, int depth, struct err *e)
{
    struct stat st;
    if ((depth ? lstat(path, &st) : stat(path, &st)) != 0)
        return depth ? add(out, path, arena_printf(&out->arena, "cannot be read: %s", strerror(errno)), e)
                     : err_sys(e, ERR_NOTFOUND, errno, "cannot import %s", path);
    if (S_ISLNK(st.st_mode))
        return add(out, path, "a symbolic link: not followed", e);
    if (S_ISREG(st.st_mode))
        return add(out, path, NULL, e);
    if (!S_ISDIR(st.st_mode))
        return add(out, path, "neither a file nor a folder", e);
    if (depth == IMPORT_MAX_DEPTH)
        return add(out, path, "too deep: not looked into", e);
    return walk_folder(out, path, depth, e);
}

int import_walk(struct import_result *out, const char *path, struct err *e)
{
    return walk(out, path, 0, e);
}
