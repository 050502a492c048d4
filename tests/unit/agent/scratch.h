/* scratch.h: a folder of its own for one test, with files written into it by name. */
#ifndef TESTS_AGENT_SCRATCH_H
#define TESTS_AGENT_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/corpus.h"
#include "base/file.h"

struct scratch {
    char dir[64];
};

static inline int scratch_enter(void **state)
{
    struct scratch *s = xcalloc(1, sizeof *s);
    strcpy(s->dir, "/tmp/chimera-agent-XXXXXX");
    *state = s;
    return mkdtemp(s->dir) ? 0 : -1;
}

static inline int scratch_remove(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static inline int scratch_leave(void **state)
{
    struct scratch *s = *state;
    int rc = nftw(s->dir, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(s);
    return rc;
}

static inline void scratch_path(const struct scratch *s, const char *name, char out[256])
{
    snprintf(out, 256, "%s/%s", s->dir, name);
}

/* Writes a file, and the folder it stands in. */
static inline void scratch_bytes(const struct scratch *s, const char *name, const void *p, size_t n)
{
    char path[256];
    struct str folder = STR_INIT;
    struct err e = ERR_INIT;
    scratch_path(s, name, path);
    path_dir(&folder, path);
    if (dir_make(str_z(&folder), &e) || file_write(path, p, n, &e))
        BUG(e.text);
    str_release(&folder);
}

static inline void scratch_file(const struct scratch *s, const char *name, const char *text)
{
    scratch_bytes(s, name, text, strlen(text));
}

/* A file of so many bytes that takes no room on the disk. */
static inline void scratch_sparse(const struct scratch *s, const char *name, off_t n)
{
    char path[256];
    scratch_file(s, name, "");
    scratch_path(s, name, path);
    if (truncate(path, n))
        BUG("truncate");
}

/* Pins the folder and opens it; both must go well. */
static inline void scratch_open(const struct scratch *s, struct corpus *c)
{
    struct err e = ERR_INIT;
    if (corpus_pin(s->dir, &e) || corpus_open(c, s->dir, &e))
        BUG(e.text);
}

#endif
