/* audit_member.c: members of records by their path, and times as people write them. See audit_rules.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/audit_rules.h"

const char *const audit_sides[] = {"collector", "insight",         "baseline", "baseline_results",
                                   "chimera",   "chimera_results", NULL};

static yyjson_val *walk(yyjson_val *v, struct span path)
{
    while (v && path.len) {
        const char *dot = memchr(path.at, '.', path.len);
        size_t n = dot ? (size_t)(dot - path.at) : path.len;
        v = yyjson_obj_getn(v, path.at, n);
        path.at += n;
        path.len -= n;
        if (path.len) {
            path.at++;
            path.len--;
        }
    }
    return v && !yyjson_is_null(v) ? v : NULL;
}

yyjson_val *audit_member(yyjson_val *object, const char *paths)
{
    while (*paths) {
        size_t n = strcspn(paths, "|");
        yyjson_val *v = walk(object, (struct span){paths, n});
        if (v)
            return v;
        paths += n + (paths[n] == '|');
    }
    return NULL;
}

double audit_number(yyjson_val *object, const char *paths)
{
    yyjson_val *v = audit_member(object, paths);
    return yyjson_is_num(v) ? yyjson_get_num(v) : NAN;
}

const char *audit_text(yyjson_val *object, const char *paths)
{
    const char *z = yyjson_get_str(audit_member(object, paths));
    return z ? z : "";
}

double audit_time(yyjson_val *object)
{
    yyjson_val *v = audit_member(object,
                                 "collector.timestamp|collector.result.timestamp|started_at_unix|baseline.start_time|"
                                 "baseline.timestamp|generated_at|timestamp");
    if (yyjson_is_num(v))
        return yyjson_get_num(v);
    struct tm tm = {0};
    const char *text = yyjson_get_str(v), *rest = NULL;
    if (text)
        rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest || tm.tm_year < 70 || tm.tm_year > 300)
        return NAN;
    return (double)timegm(&tm) + (*rest == '.' ? strtod(rest, NULL) : 0);
}

const char *audit_clock(struct arena *a, double time)
{
    time_t t = fabs(time) < 1e11 ? (time_t)time : 0; /* some thousand years */
    struct tm tm;
    char text[32] = "?";
    if (t && gmtime_r(&t, &tm))
        strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm);
    return arena_dupz(a, text);
}
