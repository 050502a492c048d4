/* law.c: see law.h. */
#include "stub/law.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define MAX_NS (3600.0 * 1e9)
enum { MAX_FILE_BYTES = 16 << 20, MAX_SIGMA = 10, MAX_NUMBER = 63 };

/* Reads a number at the start of a span; *rest is what follows. */
static bool read_number(struct span text, double *out, struct span *rest)
{
    char z[MAX_NUMBER + 1], *end;
    size_t n = text.len < MAX_NUMBER ? text.len : MAX_NUMBER;
    if (!n || !strchr("0123456789.", text.at[0])) /* no sign, no "inf", no "nan" */
        return false;
    memcpy(z, text.at, n);
    z[n] = 0;
    *out = strtod(z, &end);
    *rest = (struct span){text.at + (end - z), text.len - (size_t)(end - z)};
    return end != z;
}

int duration_parse(struct span text, mono_ns *out, struct err *e)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"", 1e6}, {"ms", 1e6}, {"s", 1e9}, {"us", 1e3}, {"ns", 1}};
    double value;
    struct span rest;
    if (read_number(text, &value, &rest))
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (span_eq_z(rest, units[i].unit) && value * units[i].ns <= MAX_NS) {
                *out = (mono_ns)llround(value * units[i].ns);
                return 0;
            }
    return err_set(e, ERR_USAGE, "'%.*s' is no duration of at most an hour; such as 50ms, 1.5s, 200us",
                   (int)(text.len < 100 ? text.len : 100), text.at ? text.at : "");
}

static int read_lines(struct law *l, const char *path, const struct str *text, struct err *e)
{
    const char *p = str_z(text), *end = p + text->len;
    size_t cap = 0;
    for (long line = 1; p < end; line++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        stop = stop ? stop : end;
        const char *comment = memchr(p, '#', (size_t)(stop - p));
        struct span s = span_trim((struct span){p, (size_t)((comment ? comment : stop) - p)});
        p = stop + 1;
        if (!s.len)
            continue;
        if (l->n_list == cap) {
            cap = cap ? 2 * cap : 256;
            l->list = xrealloc(l->list, cap * sizeof *l->list);
        }
        if (duration_parse(s, &l->list[l->n_list], e)) {
            err_prefix(e, "%s:%ld", path, line);
            return ERR_USAGE;
        }
        l->n_list++;
    }
    return l->n_list ? 0 : err_set(e, ERR_INPUT, "%s: no durations in there", path);
}

static int parse_file(struct law *l, const char *path, struct err *e)
{
    struct str text = STR_INIT;
    l->kind = LAW_FILE;
    int rc = file_read(path, MAX_FILE_BYTES, &text, e);
    rc = rc ? rc : read_lines(l, path, &text, e);
    str_release(&text);
    return rc;
}

static int parse_duration(struct law *l, struct span text, struct err *e)
{
    mono_ns ns = 0;
    int rc = duration_parse(text, &ns, e);
    l->ns = (double)ns;
    return rc;
}

/* "NUMBER" after or before a comma. */
static bool split(const char *arg, struct span *first, struct span *second)
{
    const char *comma = strchr(arg, ',');
    if (!comma)
        return false;
    *first = (struct span){arg, (size_t)(comma - arg)};
    *second = span_z(comma + 1);
    return true;
}

static int parse_lognormal(struct law *l, const char *arg, struct err *e)
{
    struct span median, sigma, rest;
    l->kind = LAW_LOGNORMAL;
    if (!split(arg, &median, &sigma) || !read_number(sigma, &l->sigma, &rest) || rest.len || l->sigma > MAX_SIGMA)
        return err_set(e, ERR_USAGE, "lognormal:%s: expected MEDIAN,SIGMA such as lognormal:50ms,0.3", arg);
    return parse_duration(l, median, e);
}

static int parse_bursty(struct law *l, const char *arg, struct err *e)
{
    struct span count, pause, rest;
    double n;
    l->kind = LAW_BURSTY;
    if (!split(arg, &count, &pause) || !read_number(count, &n, &rest) || rest.len || n < 1 || n > 1e6 || n != floor(n))
        return err_set(e, ERR_USAGE, "bursty:%s: expected CHUNKS,PAUSE such as bursty:8,200ms", arg);
    l->burst = (uint64_t)n;
    return parse_duration(l, pause, e);
}

static int parse_kind(struct law *l, const char *text, struct err *e)
{
    static const char *const kinds[] = {"const", "exp", "lognormal", "bursty", "file"};
    const char *colon = strchr(text, ':');
    if (!colon)
        return parse_duration(l, span_z(text), e);
    struct span kind = {text, (size_t)(colon - text)};
    if (span_eq_z(kind, "const"))
        return parse_duration(l, span_z(colon + 1), e);
    if (span_eq_z(kind, "exp")) {
        l->kind = LAW_EXP;
        return parse_duration(l, span_z(colon + 1), e);
    }
    if (span_eq_z(kind, "lognormal"))
        return parse_lognormal(l, colon + 1, e);
    if (span_eq_z(kind, "bursty"))
        return parse_bursty(l, colon + 1, e);
    if (span_eq_z(kind, "file"))
        return parse_file(l, colon + 1, e);
    char word[32] = "";
    memcpy(word, kind.at, kind.len < sizeof word - 1 ? kind.len : sizeof word - 1);
    const char *near = word_suggest(word, kinds, sizeof kinds / sizeof *kinds);
    return err_set(e, ERR_USAGE, "no law '%s'; %s%s%s", word, near ? "did you mean '" : "there are const, exp, ",
                   near ? near : "lognormal, bursty and file", near ? "'?" : "");
}

int law_parse(struct law *out, const char *text, struct err *e)
{
    *out = (struct law){0};
    int rc = parse_kind(out, text, e);
    if (rc)
        law_release(out);
    return rc;
}

void law_release(struct law *l)
{
    free(l->list);
    *l = (struct law){0};
}

/* Box and Muller 1958; one of the pair is enough here. */
static double normal(struct rng *r)
{
    double u = 1 - rng_double(r), v = rng_double(r); /* u in (0, 1] */
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

mono_ns law_draw(const struct law *l, struct rng *r, uint64_t i)
{
    double ns = l->ns;
    switch (l->kind) {
    case LAW_CONST: break;
    case LAW_EXP: ns *= -log(1 - rng_double(r)); break;
    case LAW_LOGNORMAL: ns *= exp(l->sigma * normal(r)); break;
    case LAW_BURSTY: ns = i % l->burst ? 0 : ns; break;
    case LAW_FILE: return l->list[i % l->n_list];
    }
    return (mono_ns)llround(ns < MAX_NS ? ns : MAX_NS);
}
