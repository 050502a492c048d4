/* stages.c: the text of a schedule's stages, "10:30s,20..50:60s"; see schedule.h. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "load/schedule.h"

static const struct {
    const char *word;
    double ns;
} units[] = {{"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};

/* A plain decimal number: strtod alone would take "inf", "nan", hex and leading spaces. */
static bool number(const char **at, double *out)
{
    char *end;
    if (strspn(*at, "0123456789.") == 0)
        return false;
    *out = strtod(*at, &end);
    bool hex = end - *at > 1 && ((*at)[1] == 'x' || (*at)[1] == 'X');
    if (end == *at || hex || !isfinite(*out))
        return false;
    *at = end;
    return true;
}

/* strtod would take the first dot of "20..50" with the number: the rate ends there. */
static bool rate(const char **at, double *out)
{
    const char *dots = strstr(*at, ".."), *p = *at;
    char head[64];
    size_t len = dots ? (size_t)(dots - p) : 0;
    if (!dots || len >= sizeof head || memchr(p, ',', len) || memchr(p, ':', len))
        return number(at, out);
    memcpy(head, p, len);
    head[len] = 0;
    p = head;
    if (!number(&p, out) || *p)
        return false;
    *at += len;
    return true;
}

static bool duration(const char **at, int64_t *out)
{
    double value;
    if (!number(at, &value))
        return false;
    size_t len = strcspn(*at, ",");
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strlen(units[i].word) == len && strncmp(*at, units[i].word, len) == 0) {
            double ns = value * units[i].ns;
            *out = ns >= (double)SCHEDULE_MAX_NS ? SCHEDULE_MAX_NS + 1 : llround(ns); /* too long is refused later */
            *at += len;
            return true;
        }
    return false;
}

static bool stage(const char **at, struct rate_stage *s)
{
    if (!rate(at, &s->from_rps))
        return false;
    s->to_rps = s->from_rps;
    if ((*at)[0] == '.' && (*at)[1] == '.') {
        *at += 2;
        if (!number(at, &s->to_rps))
            return false;
    }
    s->duration_ns = SCHEDULE_OPEN;
    if (**at == ':') {
        (*at)++;
        return duration(at, &s->duration_ns);
    }
    return true;
}

int schedule_parse_stages(const char *text, struct schedule_spec *spec, struct err *e)
{
    const char *at = text;
    spec->n_stages = 0;
    for (;;) {
        if (spec->n_stages == SCHEDULE_MAX_STAGES)
            return err_set(e, ERR_USAGE, "more than %d stages", SCHEDULE_MAX_STAGES);
        const char *start = at;
        if (!stage(&at, &spec->stages[spec->n_stages]) || (*at && *at != ','))
            return err_set(e, ERR_USAGE,
                           "stage %zu, \"%.*s\": write RATE:DURATION or RATE..RATE:DURATION, like 10:30s or 20..50:1m",
                           spec->n_stages + 1, (int)strcspn(start, ","), start);
        spec->n_stages++;
        if (!*at)
            return 0;
        at++;
    }
}
