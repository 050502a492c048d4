/* trace_time.c: the times of a trace: their text and their unit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "load/trace_scan.h"

/* ---- text ------------------------------------------------------------------------------------------------------- */

/* Exactly `digits` digits at *p; -1 when they are not there. */
static int fixed(const char **p, const char *end, int digits)
{
    int value = 0;
    if (end - *p < digits)
        return -1;
    for (int i = 0; i < digits; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return -1;
        value = value * 10 + (**p - '0');
    }
    return value;
}

static bool skip(const char **p, const char *end, const char *any_of)
{
    if (*p >= end || !**p || !strchr(any_of, **p))
        return false;
    (*p)++;
    return true;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar: whole years as if they began in March, so that the leap day
 * is the last of its year. */
static int64_t days_from_epoch(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year, m = (month + 9) % 12;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static bool date_ok(int year, int month, int day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (month == 2 && leap);
}

/* ".9799600": digits behind the ninth are dropped. */
static bool fraction(const char **p, const char *end, int64_t *ns)
{
    int64_t unit = 100000000;
    *ns = 0;
    if (!skip(p, end, ".,"))
        return true;
    if (*p >= end || **p < '0' || **p > '9')
        return false;
    for (; *p < end && **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
        *ns += unit * (**p - '0');
    return true;
}

static bool zone(const char **p, const char *end, int64_t *seconds)
{
    *seconds = 0;
    if (*p == end || skip(p, end, "Zz"))
        return true;
    int sign = **p == '-' ? -1 : 1;
    if (!skip(p, end, "+-"))
        return false;
    int hours = fixed(p, end, 2), minutes = 0;
    if (*p < end) {
        skip(p, end, ":");
        minutes = fixed(p, end, 2);
    }
    *seconds = sign * (hours * 3600 + minutes * 60);
    return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

static bool iso(struct span text, int64_t *out)
{
    const char *p = text.at, *end = text.at + text.len;
    int year = fixed(&p, end, 4), month = skip(&p, end, "-") ? fixed(&p, end, 2) : -1;
    int day = skip(&p, end, "-") ? fixed(&p, end, 2) : -1, hour = skip(&p, end, "T ") ? fixed(&p, end, 2) : -1;
    int minute = skip(&p, end, ":") ? fixed(&p, end, 2) : -1, second = skip(&p, end, ":") ? fixed(&p, end, 2) : -1;
    int64_t ns, offset_s;
    if (!date_ok(year, month, day) || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    if (!fraction(&p, end, &ns) || !zone(&p, end, &offset_s) || p != end)
        return false;
    int64_t s = days_from_epoch(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset_s;
    *out = s * NS_PER_S + ns;
    return true;
}

static bool decimal(struct span text, double *out)
{
    char copy[64], *end;
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = 0;
    if (strspn(copy, "0123456789.eE+-") != text.len)
        return false;
    *out = strtod(copy, &end);
    return *end == 0 && isfinite(*out) && *out >= 0;
}

bool trace_stamp_parse(struct span text, struct trace_stamp *out)
{
    *out = (struct trace_stamp){0};
    out->iso = iso(text, &out->iso_ns);
    return out->iso || decimal(text, &out->value);
}

/* ---- unit ------------------------------------------------------------------------------------------------------- */

double trace_unit_ns(enum trace_unit u)
{
    switch (u) {
    case TRACE_UNIT_S: return 1e9;
    case TRACE_UNIT_MS: return 1e6;
    case TRACE_UNIT_US: return 1e3;
    default: return 1;
    }
}

/* Times since 1970 tell their unit by their size: from 2001 to 5138 as seconds. */
static enum trace_unit epoch_unit(double least)
{
    return least < 1e9    ? TRACE_ANY_UNIT
           : least < 1e11 ? TRACE_UNIT_S
           : least < 1e14 ? TRACE_UNIT_MS
           : least < 1e17 ? TRACE_UNIT_US
                          : TRACE_UNIT_NS;
}

/* Between one request in ten minutes and a thousand in a second: what a workload can be. */
static bool plausible(double rps)
{
    return rps >= 1.0 / 600 && rps <= 1000;
}

static double mean_rate(double span, size_t n, enum trace_unit u)
{
    return (double)(n - 1) / (span * trace_unit_ns(u) / 1e9);
}

enum trace_unit trace_detect_unit(enum trace_format format, double least, double most, size_t n, struct str *why)
{
    enum { FEW = 10 };
    enum trace_unit documented = format == TRACE_MOONCAKE ? TRACE_UNIT_MS : TRACE_UNIT_S, u = epoch_unit(least);
    const char *doc_word = trace_unit_word(documented), *name = trace_format_word(format);
    if (u) {
        str_addf(why, "a first time of %.0f is one since 1970 in %s", least, trace_unit_word(u));
        return u;
    }
    if (n < FEW || !(most > least)) {
        str_addf(why, "%s files say %s, and there are too few different times to doubt it", name, doc_word);
        return documented;
    }
    double said = mean_rate(most - least, n, documented);
    if (plausible(said)) {
        str_addf(why, "%s files say %s: %.3g requests/s over the first %zu rows", name, doc_word, said, n);
        return documented;
    }
    for (u = TRACE_UNIT_S; u <= TRACE_UNIT_US; u++)
        if (plausible(mean_rate(most - least, n, u))) {
            str_addf(why, "%s files say %s, but that would be %.3g requests/s; in %s it is %.3g", name, doc_word, said,
                     trace_unit_word(u), mean_rate(most - least, n, u));
            return u;
        }
    str_addf(why, "%s files say %s; no unit makes a plausible rate", name, doc_word);
    return documented;
}
