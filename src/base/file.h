/* Files: whole reads with a cap, crash-safe writes, folders, paths. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/* Appends the whole file to out, which is as before after a failure; more than max_bytes is ERR_LIMIT. */
int file_read(const char *path, size_t max_bytes, struct str *out, struct err *e);
/* Replaces path: a temporary file beside it, fsync, rename, fsync of the folder. Either the old or the new content. */
int file_write(const char *path, const void *p, size_t n, struct err *e);
int dir_make(const char *path, struct err *e); /* with parents; an existing folder is fine */
bool file_exists(const char *path);
bool dir_exists(const char *path);
/* Appends "dir/name" ("name" alone when it is absolute or dir is empty). */
void path_join(struct str *out, const char *dir, const char *name);
/* The folder part of a path ("." when there is none), appended. */
void path_dir(struct str *out, const char *path);
const char *path_base(const char *path); /* borrowed: the part after the last slash */
/* Finds an executable on PATH; appends its path. */
bool path_find_program(const char *name, struct str *out);
/* ${XDG_CACHE_HOME:-~/.cache}/chimera, appended. */
void path_cache(struct str *out);
/* ${XDG_STATE_HOME:-~/.local/state}/chimera, appended. */
void path_state(struct str *out);

#endif
