/* number.c: which digits of a line are a statement. The rules say what is none: part of a name, a list or heading number,
 * an ordinal, a date or time, a version, a reference. See number.h. */
#include "text/number.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_DIGITS = 40, FIRST_YEAR = 1990, LAST_YEAR = 2039 };

static const char *const months[] = {"january",   "february", "march",    "april",    "may",  "june", "july", "august",
                                     "september", "october",  "november", "december", "jan",  "feb",  "mar",  "apr",
                                     "jun",       "jul",      "aug",      "sep",      "sept", "oct",  "nov",  "dec"};
static const char *const references[] = {"section", "sections", "report",   "table",         "figure",   "fig",
                                         "step",    "phase",    "appendix", "chapter",       "version",  "page",
                                         "part",    "rank",     "item",     "agent",         "question", "equation",
                                         "top",     "note",     "finding",  "recommendation"};
static const char *const spelled[] = {"zero",     "one",     "two",     "three",     "four",     "five",     "six",
                                      "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",   "thirteen",
                                      "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"};

static const struct {
    const char *word;
    enum number_unit unit;
    double factor; /* of the value */
} units[] = {
    {"%", UNIT_PERCENT, 1}, {"percent", UNIT_PERCENT, 1},
    {"ms", UNIT_MS, 1},     {"milliseconds", UNIT_MS, 1},
    {"msec", UNIT_MS, 1},   {"s", UNIT_S, 1},
    {"sec", UNIT_S, 1},     {"secs", UNIT_S, 1},
    {"second", UNIT_S, 1},  {"seconds", UNIT_S, 1},
    {"us", UNIT_US, 1},     {"µs", UNIT_US, 1},
    {"μs", UNIT_US, 1},     {"microseconds", UNIT_US, 1},
    {"ns", UNIT_NS, 1},     {"nanoseconds", UNIT_NS, 1},
    {"min", UNIT_MIN, 1},   {"minutes", UNIT_MIN, 1},
    {"h", UNIT_H, 1},       {"hours", UNIT_H, 1},
    {"x", UNIT_OTHER, 1},   {"×", UNIT_OTHER, 1},
    {"k", UNIT_OTHER, 1e3}, {"pp", UNIT_OTHER, 1},
    {"kb", UNIT_OTHER, 1},  {"kib", UNIT_OTHER, 1},
    {"mb", UNIT_OTHER, 1},  {"mib", UNIT_OTHER, 1},
    {"gb", UNIT_OTHER, 1},  {"gib", UNIT_OTHER, 1},
    {"tok", UNIT_OTHER, 1}, {"tok/s", UNIT_OTHER, 1},
    {"t/s", UNIT_OTHER, 1}, {"tokens/s", UNIT_OTHER, 1},
    {"w", UNIT_OTHER, 1},   {"j", UNIT_OTHER, 1},
    {"hz", UNIT_OTHER, 1},  {"mhz", UNIT_OTHER, 1},
    {"ghz", UNIT_OTHER, 1}, {"pp", UNIT_OTHER, 1},
};

double number_unit_seconds(enum number_unit u)
{
    static const double seconds[] = {[UNIT_NS] = 1e-9, [UNIT_US] = 1e-6, [UNIT_MS] = 1e-3, [UNIT_S] = 1,
                                     [UNIT_MIN] = 60,  [UNIT_H] = 3600,  [UNIT_OTHER] = 0};
    return seconds[u];
}

bool text_is_word_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

bool text_word_in(struct span word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (word.len == strlen(words[i]) && strncasecmp(word.at, words[i], word.len) == 0)
            return true;
    return false;
}

#define WORD_IN(word, list) text_word_in(word, list, sizeof(list) / sizeof *(list))

struct span text_word_before(struct span line, size_t end)
{
    size_t i = end;
    while (i > 0 && strchr(" \t*_`\"'", line.at[i - 1]))
        i--;
    size_t last = i;
    while (i > 0 && text_is_word_byte(line.at[i - 1]))
        i--;
    return (struct span){line.at + i, last - i};
}

static char byte_at(struct span line, size_t i)
{
    return i < line.len ? line.at[i] : 0;
}

static bool digit_at(struct span line, size_t i)
{
    return isdigit((unsigned char)byte_at(line, i));
}

static size_t skip_digits(struct span line, size_t i)
{
    while (digit_at(line, i))
        i++;
    return i;
}

/* ---- cutting ----------------------------------------------------------------------------------------------------- */

/* The exponent whose sign or first digit is at i; a longer one than any double has stays out of range. */
static int exponent_value(struct span line, size_t i)
{
    bool minus = byte_at(line, i) == '-';
    int value = 0;
    for (i += minus || byte_at(line, i) == '+'; digit_at(line, i); i++)
        if (value < 1000)
            value = 10 * value + (line.at[i] - '0');
    return minus ? -value : value;
}

/* Behind the digits that begin at i; *whole: neither fraction nor exponent; *decimals: digits behind the point. */
static size_t cut_digits(struct span line, size_t i, bool *whole, int *decimals)
{
    size_t first = i;
    i = skip_digits(line, i);
    *whole = true;
    *decimals = 0;
    while (i - first <= 3 && byte_at(line, i) == ',' && skip_digits(line, i + 1) == i + 4) { /* 1,234,567 */
        i += 4;
        first = i - 3;
    }
    if (byte_at(line, i) == '.' && digit_at(line, i + 1)) {
        size_t point = i;
        i = skip_digits(line, i + 1);
        *decimals = (int)(i - point - 1);
        *whole = false;
    }
    if (byte_at(line, i) == 'e' || byte_at(line, i) == 'E') {
        size_t e = i + 1 + (byte_at(line, i + 1) == '-' || byte_at(line, i + 1) == '+');
        if (digit_at(line, e)) {
            *decimals -= exponent_value(line, i + 1);
            i = skip_digits(line, e);
            *whole = false;
        }
    }
    return i;
}

static double digits_value(struct span line, size_t start, size_t end)
{
    char text[MAX_DIGITS];
    size_t n = 0;
    for (size_t i = start; i < end && n < sizeof text - 1; i++)
        if (line.at[i] != ',')
            text[n++] = line.at[i];
    text[n] = 0;
    return strtod(text, NULL);
}

/* The unit at i, which may stand behind one blank; its length, blank included, or 0. */
static size_t cut_unit(struct span line, size_t i, struct number *out)
{
    size_t blank = byte_at(line, i) == ' ', start = i + blank, end = start;
    while (end < line.len && (text_is_word_byte(line.at[end]) || strchr("/%", line.at[end])))
        end++;
    if (byte_at(line, start) == '%')
        end = start + 1;
    struct span word = {line.at + start, end - start};
    for (size_t k = 0; k < sizeof units / sizeof *units; k++) {
        if (!text_word_in(word, &units[k].word, 1))
            continue;
        if (blank && word.len == 1 && *word.at != '%' && *word.at != 's')
            return 0; /* "28 B", "5 x": too little to tell */
        out->unit = units[k].unit;
        out->value *= units[k].factor;
        out->half_unit *= units[k].factor;
        return end - i;
    }
    return 0;
}

/* ---- what states nothing ------------------------------------------------------------------------------------------- */

/* Behind the name at i ("Llama3.1", "run-3.csv", or the rest of one), so that no digit of it is looked at again. */
static size_t skip_name(struct span line, size_t i)
{
    while (i < line.len && (text_is_word_byte(line.at[i]) ||
                            (strchr("./-", line.at[i]) && i + 1 < line.len && text_is_word_byte(line.at[i + 1]))))
        i++;
    return i;
}

static bool joined_before(struct span line, size_t start)
{
    if (start == 0)
        return false;
    char c = line.at[start - 1];
    if (isalnum((unsigned char)c) || c == '_' || c == '#' || c == '@' || c == '\\')
        return true;
    char b = start > 1 ? line.at[start - 2] : ' ';
    return strchr("-./", c) && (isalpha((unsigned char)b) || b == '_' || b == '/');
}

/* "8-bit", "3.csv", "1.2.3", "2025-11-14", "12:30", "10/26/2023" */
static bool joined_behind(struct span line, size_t start, size_t end)
{
    char c = byte_at(line, end), d = byte_at(line, end + 1);
    if (c == '_' || isalpha((unsigned char)c))
        return true;
    if (c == '-' && isalpha((unsigned char)d))
        return strncasecmp(line.at + end, "-file", line.len - end < 5 ? line.len - end : 5) != 0;
    if (c == '.' && text_is_word_byte(d))
        return true;
    if (c == ':' && isdigit((unsigned char)d))
        return true;
    if (c != '-' && c != '/')
        return false;
    size_t second = skip_digits(line, end + 1);
    bool date = second > end + 1 && byte_at(line, second) == c && digit_at(line, second + 1);
    return date && end - start <= 4;
}

static bool is_ordinal(struct span line, size_t end)
{
    static const char *const endings[] = {"st", "nd", "rd", "th"};
    struct span two = {line.at + end, line.len - end < 2 ? line.len - end : 2};
    return WORD_IN(two, endings) && !text_is_word_byte(byte_at(line, end + 2));
}

/* "3. Title", "2) item", "## 3.1 Title", "**1. Title**", "**3.1 Title**": the number of a list item or a heading. */
static bool is_marker(struct span line, size_t start, size_t end, bool whole)
{
    bool heading = false;
    for (size_t i = 0; i < start; i++) {
        if (!strchr(" \t#*>-_", line.at[i]))
            return false;
        heading |= line.at[i] == '#' || line.at[i] == '*';
    }
    char c = byte_at(line, end), d = byte_at(line, end + 1);
    if ((c == '.' || c == ')') && (d == ' ' || d == '\t' || d == 0 || d == '*'))
        return true;
    return heading && !whole && c == ' ' && isupper((unsigned char)d);
}

static bool is_month(struct span word)
{
    return word.len && isupper((unsigned char)*word.at) && WORD_IN(word, months); /* "may" is also a verb */
}

/* "November 3, 2023", "14 November", and a bare year */
static bool is_date(struct span line, size_t start, size_t end, double value, bool whole)
{
    if (!whole)
        return false;
    if (is_month(text_word_before(line, start)))
        return true;
    size_t i = end + (byte_at(line, end) == ' '), word = i;
    while (i < line.len && text_is_word_byte(line.at[i]))
        i++;
    if (is_month((struct span){line.at + word, i - word}))
        return true;
    return end - start == 4 && value >= FIRST_YEAR && value <= LAST_YEAR;
}

/* ---- the scan -------------------------------------------------------------------------------------------------------- */

static bool sign_before(struct span line, size_t start)
{
    if (start == 0 || line.at[start - 1] != '-')
        return false;
    return start == 1 || strchr(" \t(|=:[", line.at[start - 2]);
}

/* The digits at i; false when they state nothing, with *at behind them either way. */
static bool read_digits(struct span line, size_t i, size_t *at, struct number *out)
{
    bool whole;
    int decimals;
    size_t end = cut_digits(line, i, &whole, &decimals);
    double value = digits_value(line, i, end);
    *out = (struct number){.start = i, .digits_end = end, .value = value, .half_unit = 0.5 * pow(10, -decimals)};
    size_t unit = cut_unit(line, end, out);
    bool attached = unit && byte_at(line, end) != ' ';
    *at = out->end = end + unit;
    if (joined_before(line, i) || (!attached && joined_behind(line, i, end))) {
        for (*at = end; byte_at(line, *at) == ':' && digit_at(line, *at + 1);) /* a time and its seconds */
            *at = skip_digits(line, *at + 1);
        *at = skip_name(line, *at);
        return false;
    }
    if (is_ordinal(line, end) || is_marker(line, i, end, whole) || (!unit && is_date(line, i, end, value, whole)))
        return false;
    if (WORD_IN(text_word_before(line, i), references) || end - i >= MAX_DIGITS || !isfinite(value))
        return false;
    out->whole = whole && unit == 0;
    if (sign_before(line, i)) {
        out->start--;
        out->value = -out->value;
        out->whole = false;
    }
    return true;
}

/* The word or name at i: a number when it is one spelled out. "twenty-eight" and "one-shot" are names. */
static bool read_spelled(struct span line, size_t i, size_t *at, struct number *out)
{
    size_t end = *at = skip_name(line, i);
    struct span word = {line.at + i, end - i};
    for (size_t k = 0; k < sizeof spelled / sizeof *spelled; k++)
        if (text_word_in(word, &spelled[k], 1)) {
            *out = (struct number){.start = i,
                                   .end = end,
                                   .digits_end = end,
                                   .value = (double)k,
                                   .half_unit = 0.5,
                                   .whole = true,
                                   .spelled = true};
            return true;
        }
    return false;
}

static bool is_url(struct span line, size_t i)
{
    size_t end = i;
    while (end < line.len && isalpha((unsigned char)line.at[end]))
        end++;
    return end > i && line.len - end > 3 && memcmp(line.at + end, "://", 3) == 0;
}

bool number_next(struct span line, size_t *at, struct number *out)
{
    for (size_t i = *at; i < line.len;) {
        bool digit = digit_at(line, i) ||
                     (line.at[i] == '.' && digit_at(line, i + 1) && (i == 0 || line.at[i - 1] == ' '));
        if (digit) {
            if (read_digits(line, i, &i, out)) {
                *at = i;
                return true;
            }
        } else if (is_url(line, i)) {
            while (i < line.len && !isspace((unsigned char)line.at[i]))
                i++;
        } else if (text_is_word_byte(line.at[i])) {
            if (read_spelled(line, i, &i, out)) {
                *at = i;
                return true;
            }
        } else {
            i++;
        }
    }
    *at = line.len;
    return false;
}

enum number_unit number_unit_of_name(const char *name)
{
    static const char *const rates[] = {"tok", "token", "tokens", "gb",       "mb", "kb",
                                        "gib", "mib",   "req",    "requests", "per"};
    struct span last = SPAN_NONE;
    for (const char *p = name; *p;) {
        size_t n = strcspn(p, " _.,:-/");
        struct span word = {p, n};
        for (size_t k = 0; k < sizeof units / sizeof *units; k++)
            if (n && number_unit_seconds(units[k].unit) > 0 && text_word_in(word, &units[k].word, 1) &&
                strcasecmp(units[k].word, "min") != 0 && !WORD_IN(last, rates))
                return units[k].unit;
        last = word;
        p += n + (p[n] != 0);
    }
    return UNIT_NONE;
}
