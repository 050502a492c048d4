/* file.c: see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_read(const char *path, size_t max_bytes, struct str *out, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, errno, "cannot open %s", path);
    size_t start = out->len;
    int rc = 0;
    for (;;) {
        str_reserve(out, 64 * 1024);
        ssize_t n = read(fd, out->at + out->len, out->cap - out->len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rc = err_sys(e, ERR_IO, errno, "cannot read %s", path);
        if (n <= 0)
            break;
        out->len += (size_t)n;
        if (out->len - start > max_bytes) {
            rc = err_set(e, ERR_LIMIT, "%s is larger than %zu bytes", path, max_bytes);
            break;
        }
    }
    if (rc)
        out->len = start;
    out->at[out->len] = 0;
    close(fd);
    return rc;
}

static int write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return -1;
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

static void sync_dir_of(const char *path)
{
    struct str dir = STR_INIT;
    path_dir(&dir, path);
    int fd = open(str_z(&dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd); /* best effort: some file systems refuse to sync a folder */
        close(fd);
    }
    str_release(&dir);
}

int file_write(const char *path, const void *p, size_t n, struct err *e)
{
    struct str tmp = STR_INIT;
    str_addf(&tmp, "%s.tmp-%ld", path, (long)getpid());
    int rc = 0;
    int fd = open(str_z(&tmp), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        rc = err_sys(e, ERR_IO, errno, "cannot create %s", str_z(&tmp));
        goto out;
    }
    bool bad = write_all(fd, p, n) != 0 || fsync(fd) != 0;
    int sys = errno;
    if (close(fd) != 0 && !bad) {
        bad = true;
        sys = errno;
    }
    if (!bad && rename(str_z(&tmp), path) != 0) {
        bad = true;
        sys = errno;
    }
    if (bad) {
        unlink(str_z(&tmp));
        rc = err_sys(e, ERR_IO, sys, "cannot write %s", path);
        goto out;
    }
    sync_dir_of(path);
out:
    str_release(&tmp);
    return rc;
}

int dir_make(const char *path, struct err *e)
{
    if (!*path)
        return err_set(e, ERR_IO, "cannot create a folder without a name");
    char *copy = xstrdup(path);
    int rc = 0;
    for (char *p = copy + 1; !rc; p++) {
        if (*p && *p != '/')
            continue;
        char c = *p;
        *p = 0;
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            rc = err_sys(e, ERR_IO, errno, "cannot create the folder %s", copy);
        *p = c;
        if (!c)
            break;
    }
    if (!rc && !dir_exists(path))
        rc = err_set(e, ERR_IO, "%s is not a folder", path);
    free(copy);
    return rc;
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool dir_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void path_join(struct str *out, const char *dir, const char *name)
{
    if (name[0] != '/' && dir && dir[0]) {
        str_addz(out, dir);
        if (dir[strlen(dir) - 1] != '/')
            str_addc(out, '/');
    }
    str_addz(out, name);
}

void path_dir(struct str *out, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        str_addz(out, ".");
    else if (slash == path)
        str_addz(out, "/");
    else
        str_add(out, path, (size_t)(slash - path));
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool path_find_program(const char *name, struct str *out)
{
    const char *path = getenv("PATH");
    if (strchr(name, '/') || !path)
        return false;
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, ":");
        struct str one = STR_INIT;
        str_add(&one, p, n);
        struct str full = STR_INIT;
        path_join(&full, str_z(&one), name);
        bool found = n && file_exists(str_z(&full)) && access(str_z(&full), X_OK) == 0;
        if (found)
            str_add(out, full.at, full.len);
        str_release(&one);
        str_release(&full);
        if (found)
            return true;
        p += n;
        if (*p == ':')
            p++;
    }
    return false;
}

static void path_xdg(struct str *out, const char *variable, const char *under_home)
{
    const char *xdg = getenv(variable), *home = getenv("HOME");
    if (xdg && xdg[0] == '/')
        path_join(out, xdg, "chimera");
    else
        path_join(out, home && home[0] ? home : "/tmp", under_home);
}

void path_cache(struct str *out)
{
    path_xdg(out, "XDG_CACHE_HOME", ".cache/chimera");
}

void path_state(struct str *out)
{
    path_xdg(out, "XDG_STATE_HOME", ".local/state/chimera");
}
