/* base: small verbs that every room uses, with no policy of their own.
 *
 * Owns: errors as values, byte strings, arenas, time, random numbers, files, hashes, child processes.
 * Must not know: HTTP, models, results, the command line.
 *
 * err.h: an error is a code for the program and a sentence for the person. Fallible functions return 0 or one of the
 * negative codes below and fill a struct err; they never print and never exit (only cli/ does). The first message
 * wins, so calls can be chained with ||. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>
#include <stdnoreturn.h>

/* code, number, exit status of the command that ends with it */
#define ERR_LIST(X)                                                                                                    \
    X(USAGE, -1, 2, "usage")        /* the command line or an argument is wrong */                                     \
    X(INPUT, -2, 2, "bad input")    /* a file or message does not say what it must */                                  \
    X(LIMIT, -3, 2, "limit")        /* a size or depth from outside is over its cap */                                 \
    X(IO, -4, 3, "i/o")             /* the system refused to read, write, open, start */                               \
    X(NET, -5, 3, "network")        /* a server cannot be reached or broke the connection */                           \
    X(TIMEOUT, -6, 3, "timeout")    /* a deadline passed */                                                            \
    X(NOTFOUND, -7, 3, "not found") /* a named thing is not there */                                                   \
    X(REFUSED, -8, 2, "refused")    /* possible, but not done, because it would mislead or destroy */                  \
    X(SERVER, -9, 3, "server")      /* a server answered with an error */                                              \
    X(GATE, -10, 1, "gate")         /* a check the user asked for failed */                                            \
    X(INTERRUPTED, -11, 130, "interrupted")                                                                            \
    X(BUG, -12, 70, "bug")

enum err_code {
#define X(name, number, status, word) ERR_##name = (number),
    ERR_LIST(X)
#undef X
};

struct err {
    int code;        /* 0: no error */
    long line;       /* 1-based position in the input that was read; 0: none */
    long column;     /* 1-based; 0: none */
    char text[1024]; /* one sentence, no newline */
};

#define ERR_INIT                                                                                                       \
    {                                                                                                                  \
        0                                                                                                              \
    }

/* Sets code and text unless an error is already held; returns code. `e` may be NULL. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* As err_set, and ends the sentence with the system's text for errno value `sys`. */
int err_sys(struct err *e, int code, int sys, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* As err_set with a position in the input. */
int err_at(struct err *e, int code, long line, long column, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Puts "prefix: " before the held text. */
void err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Also for one that was never initialised: cheaper than ERR_INIT, for what is done for every request or chunk. */
void err_clear(struct err *e);
int err_exit_status(int code);
const char *err_word(int code);

/* A broken invariant of our own: prints where to stderr and aborts (exit 70 by cli's handler is not attempted, a core
 * is worth more). Never for input. */
noreturn void bug_at(const char *file, int line, const char *what);
#define BUG(what) bug_at(__FILE__, __LINE__, (what))

/* Allocation that aborts with a message when memory is out: every size from outside is capped before it gets here. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);

#endif
