/* lock.c: see lock.h. */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

struct writer_lock {
    char *path; /* owned */
    int fd;
};

enum { TRIES = 100 };

/* The same name for every way to write the same path: links are followed, in the file's name or in its folder's. */
static char *lock_path(const char *path)
{
    char real[PATH_MAX];
    struct str dir = STR_INIT, out = STR_INIT;
    if (realpath(path, real)) {
        str_addz(&out, real);
    } else {
        path_dir(&dir, path);
        path_join(&out, realpath(str_z(&dir), real) ? real : str_z(&dir), path_base(path));
        str_release(&dir);
    }
    str_addz(&out, "-lock");
    return str_detach(&out, NULL);
}

/* False when the holder before us removed the file between our open and our flock. */
static bool still_there(const char *path, int fd)
{
    struct stat by_name, by_fd;
    return stat(path, &by_name) == 0 && fstat(fd, &by_fd) == 0 && by_name.st_ino == by_fd.st_ino &&
           by_name.st_dev == by_fd.st_dev;
}

static int held_by_other(int fd, const char *path, struct err *e)
{
    char pid[24] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    pid[n > 0 ? strspn(pid, "0123456789") : 0] = 0;
    return err_set(e, ERR_REFUSED, "%s is being written by another chimera (process %s)", path, *pid ? pid : "unknown");
}

/* Somebody's own file that happens to have our name is not overwritten. */
static bool looks_like_ours(int fd)
{
    char text[24];
    ssize_t n = pread(fd, text, sizeof text, 0);
    for (ssize_t i = 0; i < n; i++)
        if (!strchr("0123456789\n", text[i]) || !text[i])
            return false;
    return n >= 0 && n < (ssize_t)sizeof text;
}

int writer_lock_take(struct writer_lock **out, const char *path, struct err *e)
{
    char *name = lock_path(path);
    int fd = -1, rc = 0;
    for (int i = 0; i < TRIES; i++) {
        fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0) {
            rc = err_sys(e, ERR_IO, errno, "cannot create %s", name);
            break;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            rc = errno == EWOULDBLOCK ? held_by_other(fd, path, e) : err_sys(e, ERR_IO, errno, "cannot lock %s", name);
            break;
        }
        if (still_there(name, fd)) {
            if (!looks_like_ours(fd))
                rc = err_set(e, ERR_REFUSED, "%s is not a lock file of chimera's: move it away", name);
            break;
        }
        close(fd);
        fd = -1;
    }
    if (!rc && fd < 0)
        rc = err_set(e, ERR_REFUSED, "%s is being opened by too many programs at once", path);
    if (rc) {
        if (fd >= 0)
            close(fd);
        free(name);
        return rc;
    }
    struct writer_lock *l = xmalloc(sizeof *l);
    *l = (struct writer_lock){name, fd};
    if (ftruncate(fd, 0) == 0)
        dprintf(fd, "%ld\n", (long)getpid()); /* for the message alone: a full disk may swallow it */
    *out = l;
    return 0;
}

/* Shared, and for a moment: only a writer that starts within it beside a killed one's file would be refused. */
bool writer_lock_held(const char *path)
{
    char *name = lock_path(path);
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    free(name);
    return held;
}

void writer_lock_drop(struct writer_lock *l)
{
    if (!l)
        return;
    unlink(l->path); /* while it is held: whoever opened it meanwhile sees that it is gone and tries again */
    close(l->fd);
    free(l->path);
    free(l);
}
