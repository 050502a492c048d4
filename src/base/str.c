/* str.c: see str.h. */
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

enum { FIRST_BYTES = 64, NOT_WORTH_IT = 64 /* bytes: a piece that malloc could make little of */ };

void str_release(struct str *s)
{
    free(s->at);
    *s = (struct str){0};
}

void str_clear(struct str *s)
{
    s->len = 0;
    if (s->at)
        s->at[0] = 0;
}

static __attribute__((noinline)) void grow(struct str *s, size_t need)
{
    size_t cap = s->cap ? s->cap : FIRST_BYTES;
    while (cap < need)
        cap += cap / 2;
    s->at = xrealloc(s->at, cap);
    s->cap = cap;
    s->at[s->len] = 0; /* also a string that was only reserved can be printed */
}

void str_reserve(struct str *s, size_t extra)
{
    size_t need = s->len + extra + 1;
    if (need > s->cap)
        grow(s, need);
}

void str_add(struct str *s, const void *p, size_t n)
{
    str_reserve(s, n);
    if (n)
        memcpy(s->at + s->len, p, n);
    s->len += n;
    s->at[s->len] = 0;
}

void str_addz(struct str *s, const char *z)
{
    str_add(s, z, strlen(z));
}

void str_addc(struct str *s, char c)
{
    str_reserve(s, 1);
    s->at[s->len++] = c;
    s->at[s->len] = 0;
}

void str_addi(struct str *s, int64_t v)
{
    char digit[20]; /* of the longest, INT64_MIN */
    size_t at = sizeof digit;
    uint64_t left = v < 0 ? -(uint64_t)v : (uint64_t)v;
    do
        digit[--at] = (char)('0' + left % 10);
    while (left /= 10);
    if (v < 0)
        digit[--at] = '-';
    str_add(s, digit + at, sizeof digit - at);
}

void str_addv(struct str *s, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    str_reserve(s, 0);
    int n = vsnprintf(s->at + s->len, s->cap - s->len, fmt, ap);
    if (n < 0)
        BUG("vsnprintf failed");
    if ((size_t)n >= s->cap - s->len) { /* there was no room for all of it */
        str_reserve(s, (size_t)n);
        vsnprintf(s->at + s->len, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    s->len += (size_t)n;
}

void str_addf(struct str *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    str_addv(s, fmt, ap);
    va_end(ap);
}

const char *str_z(const struct str *s)
{
    return s->at ? s->at : "";
}

void str_fit(struct str *s)
{
    if (!s->len) {
        str_release(s);
    } else if (s->cap > s->len + 1 + NOT_WORTH_IT) {
        s->cap = s->len + 1;
        s->at = xrealloc(s->at, s->cap);
    }
}

char *str_detach(struct str *s, size_t *len)
{
    str_reserve(s, 0);
    s->at[s->len] = 0;
    char *at = s->at;
    if (len)
        *len = s->len;
    *s = (struct str){0};
    return at;
}

struct span span_z(const char *z)
{
    return (struct span){z, z ? strlen(z) : 0};
}

bool span_eq_z(struct span a, const char *z)
{
    return a.len == strlen(z) && (!a.len || memcmp(a.at, z, a.len) == 0);
}

bool span_starts(struct span a, const char *z)
{
    size_t n = strlen(z);
    return a.len >= n && (!n || memcmp(a.at, z, n) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct span span_trim(struct span s)
{
    while (s.len && is_blank(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len && is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

static int min3(int a, int b, int c)
{
    int m = a < b ? a : b;
    return m < c ? m : c;
}

int word_distance(const char *a, const char *b)
{
    enum { MAX = 63 };
    int row[3][MAX + 1];
    int n = (int)strnlen(a, MAX), m = (int)strnlen(b, MAX);
    int *before = row[0], *last = row[1], *now = row[2];
    for (int j = 0; j <= m; j++)
        last[j] = j;
    for (int i = 1; i <= n; i++) {
        now[0] = i;
        for (int j = 1; j <= m; j++) {
            int swap = last[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = min3(last[j] + 1, now[j - 1] + 1, swap);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
        int *t = before;
        before = last;
        last = now;
        now = t;
    }
    return last[m];
}

const char *word_suggest(const char *word, const char *const *words, size_t n)
{
    const char *best = NULL;
    int len = (int)strlen(word), limit = len > 1 ? 1 + len / 4 : 0; /* one letter says too little */
    int best_distance = limit + 1;
    for (size_t i = 0; i < n; i++) {
        int d = strcasecmp(word, words[i]) == 0 ? 0 : word_distance(word, words[i]);
        if (d < best_distance) {
            best_distance = d;
            best = words[i];
        }
    }
    return best;
}

void word_hint(struct str *s, const char *word, const char *const *words, size_t n)
{
    const char *near = word_suggest(word, words, n);
    if (near) {
        str_addf(s, "; did you mean '%s'?", near);
        return;
    }
    for (size_t i = 0; i < n && s->len < 500; i++)
        str_addf(s, "%s%s", i ? ", " : "; one of: ", words[i]);
}
