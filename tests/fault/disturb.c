/* A library for LD_PRELOAD that disturbs the host under a program, as its environment says; without a variable it passes
 * everything on.
 *
 *   DISTURB_SYNC_MS=N     fsync and fdatasync take N ms more, pwrite N/1000 ms: a slow disk
 *   DISTURB_STEP_MS=N     a second after the first look at it, CLOCK_REALTIME has been set N ms ahead: a clock step
 *   DISTURB_RCVBUF=BYTES  each TCP socket gets this receive buffer (the kernel's least is 2304): tiny socket buffers */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ISO C has no way to make a function of dlsym's pointer but copying it. */
#define NEXT(type, name)                                                                                               \
    static type *next;                                                                                                 \
    if (!next) {                                                                                                       \
        void *found = dlsym(RTLD_NEXT, name);                                                                          \
        memcpy(&next, &found, sizeof next);                                                                            \
    }

static long setting(const char *name)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : 0;
}

static void nap(long us)
{
    int before = errno;
    struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    if (us > 0)
        nanosleep(&t, NULL);
    errno = before;
}

typedef int sync_fn(int);

int fsync(int fd)
{
    NEXT(sync_fn, "fsync");
    nap(setting("DISTURB_SYNC_MS") * 1000);
    return next(fd);
}

int fdatasync(int fd)
{
    NEXT(sync_fn, "fdatasync");
    nap(setting("DISTURB_SYNC_MS") * 1000);
    return next(fd);
}

typedef ssize_t pwrite_fn(int, const void *, size_t, off_t);

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    NEXT(pwrite_fn, "pwrite");
    nap(setting("DISTURB_SYNC_MS"));
    return next(fd, p, n, at);
}

/* SQLite takes the name of large files where there is one. */
ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
    NEXT(pwrite_fn, "pwrite64");
    nap(setting("DISTURB_SYNC_MS"));
    return next(fd, p, n, at);
}

typedef int clock_fn(clockid_t, struct timespec *);

int clock_gettime(clockid_t which, struct timespec *t)
{
    NEXT(clock_fn, "clock_gettime");
    static time_t first;
    static long step_ms = -1;
    int rc = next(which, t);
    if (which != CLOCK_REALTIME || rc)
        return rc;
    if (step_ms < 0)
        step_ms = setting("DISTURB_STEP_MS");
    if (!first)
        first = t->tv_sec;
    if (step_ms && t->tv_sec > first + 1) { /* within the run, which begins within the first second */
        t->tv_sec += step_ms / 1000;
        t->tv_nsec += step_ms % 1000 * 1000000;
        t->tv_sec += t->tv_nsec / 1000000000;
        t->tv_nsec %= 1000000000;
    }
    return 0;
}

typedef int socket_fn(int, int, int);

int socket(int domain, int type, int protocol)
{
    NEXT(socket_fn, "socket");
    int bytes = (int)setting("DISTURB_RCVBUF"), fd = next(domain, type, protocol);
    if (fd >= 0 && bytes && (type & SOCK_STREAM) && domain != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    return fd;
}
