/* A folder that looks like a host's root to the probes: files are written by path and removed with it. */
#ifndef TESTS_FAKE_ROOT_H
#define TESTS_FAKE_ROOT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

struct fake_root {
    char dir[64];
};

static inline void fake_write(const struct fake_root *r, const char *path, const char *text)
{
    struct str full = STR_INIT, dir = STR_INIT;
    str_addf(&full, "%s%s", r->dir, path);
    path_dir(&dir, full.at);
    if (dir_make(dir.at, NULL) != 0)
        abort();
    /* In place, as /proc does: a file that is kept open sees the new content. */
    FILE *f = fopen(full.at, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        abort();
    str_release(&full);
    str_release(&dir);
}

static inline int fake_make(void **state)
{
    struct fake_root *r = xcalloc(1, sizeof *r);
    snprintf(r->dir, sizeof r->dir, "/tmp/chimera-test-XXXXXX");
    if (!mkdtemp(r->dir))
        return -1;
    *state = r;
    return 0;
}

static inline int fake_drop(void **state)
{
    struct fake_root *r = *state;
    char cmd[128];
    snprintf(cmd, sizeof cmd, "rm -rf '%s'", r->dir);
    int rc = system(cmd);
    free(r);
    return rc;
}

#endif
