/* err.c: see err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One line, whatever a server or a file put into it; a cut text does not end inside a character. */
static void tidy(char *text, bool cut)
{
    size_t n = strlen(text);
    while (cut && n && ((unsigned char)text[n - 1] & 0xC0) == 0x80)
        text[--n] = 0;
    if (cut && n && ((unsigned char)text[n - 1] & 0xC0) == 0xC0)
        text[--n] = 0;
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7F)
            *p = ' ';
}

static int set_v(struct err *e, int code, long line, long column, const char *fmt, va_list ap)
{
    if (!e || e->code)
        return code;
    e->code = code;
    e->line = line;
    e->column = column;
    tidy(e->text, vsnprintf(e->text, sizeof e->text, fmt, ap) >= (int)sizeof e->text);
    return code;
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set_v(e, code, 0, 0, fmt, ap);
    va_end(ap);
    return code;
}

int err_at(struct err *e, int code, long line, long column, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set_v(e, code, line, column, fmt, ap);
    va_end(ap);
    return code;
}

int err_sys(struct err *e, int code, int sys, const char *fmt, ...)
{
    char text[sizeof e->text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(e, code, "%s: %s", text, strerror(sys));
}

void err_prefix(struct err *e, const char *fmt, ...)
{
    char text[sizeof e->text], rest[sizeof e->text];
    va_list ap;
    if (!e || !e->code)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    memcpy(rest, e->text, sizeof rest);
    size_t n = strlen(text);
    if (n > sizeof e->text - 3)
        n = sizeof e->text - 3;
    memcpy(e->text, text, n);
    memcpy(e->text + n, ": ", 2);
    size_t m = strlen(rest);
    if (m > sizeof e->text - n - 3)
        m = sizeof e->text - n - 3;
    memcpy(e->text + n + 2, rest, m);
    e->text[n + 2 + m] = 0;
}

void err_clear(struct err *e)
{
    if (e)
        memset(e, 0, offsetof(struct err, text) + 1);
}

int err_exit_status(int code)
{
    switch (code) {
    case 0: return 0;
#define X(name, number, status, word)                                                                                  \
    case number: return status;
        ERR_LIST(X)
#undef X
    default: return 70;
    }
}

const char *err_word(int code)
{
    switch (code) {
    case 0: return "ok";
#define X(name, number, status, word)                                                                                  \
    case number: return word;
        ERR_LIST(X)
#undef X
    default: return "unknown";
    }
}

noreturn void bug_at(const char *file, int line, const char *what)
{
    fprintf(stderr, "chimera: bug at %s:%d: %s\n", file, line, what);
    abort();
}

static void *checked(void *p)
{
    if (!p)
        BUG("out of memory");
    return p;
}

void *xmalloc(size_t n)
{
    return checked(malloc(n ? n : 1));
}

void *xcalloc(size_t n, size_t size)
{
    return checked(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n)
{
    return checked(realloc(p, n ? n : 1));
}

char *xstrdup(const char *s)
{
    return checked(strdup(s));
}
