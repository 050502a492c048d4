/* A library for LD_PRELOAD in which the n-th call of one kind fails, as its environment says:
 *
 *   NTH_KIND=read|recv|write|send|connect|open|sync   which calls are counted
 *   NTH=N                                             the one that fails, from 1
 *   NTH_FROM=1                                        and all behind it
 *   NTH_FILE=FILE                                     is made when one failed
 *
 * read and write are those at a place in a file (SQLite's); open counts files that may be written, and folders. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ISO C has no way to make a function of dlsym's pointer but copying it. */
#define NEXT(type, name)                                                                                               \
    static type *next;                                                                                                 \
    if (!next) {                                                                                                       \
        void *found = dlsym(RTLD_NEXT, name);                                                                          \
        memcpy(&next, &found, sizeof next);                                                                            \
    }

#define INJECT(kind, error)                                                                                            \
    do {                                                                                                               \
        if (fails(kind)) {                                                                                             \
            errno = (error);                                                                                           \
            return -1;                                                                                                 \
        }                                                                                                              \
    } while (0)

typedef int open_fn(const char *, int, ...);

static void leave_word(void)
{
    NEXT(open_fn, "open");
    const char *path = getenv("NTH_FILE");
    int fd = path ? next(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644) : -1;
    if (fd >= 0)
        close(fd);
}

static bool fails(const char *kind)
{
    static atomic_long counted;
    const char *wanted = getenv("NTH_KIND"), *nth = getenv("NTH");
    if (!wanted || !nth || strcmp(wanted, kind) != 0)
        return false;
    long n = atomic_fetch_add(&counted, 1) + 1, at = strtol(nth, NULL, 10);
    bool hit = n == at || (n > at && getenv("NTH_FROM"));
    if (n == at)
        leave_word();
    return hit;
}

typedef ssize_t pread_fn(int, void *, size_t, off_t);

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    NEXT(pread_fn, "pread");
    INJECT("read", EIO);
    return next(fd, p, n, at);
}

ssize_t pread64(int fd, void *p, size_t n, off_t at)
{
    NEXT(pread_fn, "pread64");
    INJECT("read", EIO);
    return next(fd, p, n, at);
}

typedef ssize_t pwrite_fn(int, const void *, size_t, off_t);

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    NEXT(pwrite_fn, "pwrite");
    INJECT("write", ENOSPC);
    return next(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
    NEXT(pwrite_fn, "pwrite64");
    INJECT("write", ENOSPC);
    return next(fd, p, n, at);
}

typedef ssize_t recvmsg_fn(int, struct msghdr *, int);

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
    NEXT(recvmsg_fn, "recvmsg");
    INJECT("recv", ECONNRESET);
    return next(fd, m, flags);
}

typedef ssize_t sendmsg_fn(int, const struct msghdr *, int);

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    NEXT(sendmsg_fn, "sendmsg");
    INJECT("send", EPIPE);
    return next(fd, m, flags);
}

typedef int connect_fn(int, const struct sockaddr *, socklen_t);

int connect(int fd, const struct sockaddr *a, socklen_t n)
{
    NEXT(connect_fn, "connect");
    INJECT("connect", ECONNREFUSED);
    return next(fd, a, n);
}

static bool writes(int flags)
{
    return (flags & O_ACCMODE) != O_RDONLY || (flags & O_DIRECTORY);
}

int open(const char *path, int flags, ...)
{
    NEXT(open_fn, "open");
    va_list ap;
    va_start(ap, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    if (writes(flags))
        INJECT("open", EMFILE);
    return next(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    NEXT(open_fn, "open64");
    va_list ap;
    va_start(ap, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    if (writes(flags))
        INJECT("open", EMFILE);
    return next(path, flags, mode);
}

typedef int sync_fn(int);

int fsync(int fd)
{
    NEXT(sync_fn, "fsync");
    INJECT("sync", EIO);
    return next(fd);
}

int fdatasync(int fd)
{
    NEXT(sync_fn, "fdatasync");
    INJECT("sync", EIO);
    return next(fd);
}
