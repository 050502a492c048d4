/* keyword.c: see keyword.h. Formula: TR109, its quality analysis, as described in the specification of the seeds. */
#include "text/keyword.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Matched in the lower-cased text, as the original does: "GPU" cannot match. */
static const char *const depth_words[KEYWORD_DEPTH_WORDS] = {
    "performance", "throughput",    "latency",      "ttft",       "token",
    "benchmark",   "configuration", "optimization", "analysis",   "model",
    "memory",      "context",       "temperature",  "efficiency", "GPU"};
static const char *const data_words[KEYWORD_DATA_WORDS] = {
    "tok/s",   "tokens/s", "ms",       "seconds",     "%",        "average",  "mean",     "median", "percentile",
    "minimum", "maximum",  "baseline", "improvement", "increase", "decrease", "compared", "files",  "data"};

static bool holds(struct span text, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= text.len; i++) {
        size_t k = 0;
        while (k < n && tolower((unsigned char)text.at[i + k]) == (unsigned char)word[k])
            k++;
        if (k == n)
            return true;
    }
    return false;
}

static double share_present(struct span text, const char *const *words, size_t n)
{
    size_t present = 0;
    for (size_t i = 0; i < n; i++)
        present += holds(text, words[i]);
    return (double)present / (double)n;
}

enum { H1, H2, H3, BOLD, TABLE, NUMBERED, BULLET };

static bool has_bold(struct span line)
{
    const char *open = memmem(line.at, line.len, "**", 2);
    size_t behind = open ? (size_t)(open - line.at) + 3 : 0; /* at least one character between */
    return open && behind < line.len && memmem(line.at + behind, line.len - behind, "**", 2);
}

static void note_structures(struct span line, bool seen[KEYWORD_STRUCTURES])
{
    size_t i = 0, digits = 0;
    seen[H1] |= span_starts(line, "# ");
    seen[H2] |= span_starts(line, "## ");
    seen[H3] |= span_starts(line, "### ");
    seen[BOLD] |= has_bold(line);
    while (i < line.len && (line.at[i] == ' ' || line.at[i] == '\t'))
        i++;
    struct span rest = {line.at + i, line.len - i};
    while (digits < rest.len && isdigit((unsigned char)rest.at[digits]))
        digits++;
    seen[NUMBERED] |= digits > 0 && digits < rest.len && rest.at[digits] == '.';
    seen[BULLET] |= span_starts(rest, "- ") || span_starts(rest, "* ");
    seen[TABLE] |= rest.len > 2 && rest.at[0] == '|' && memchr(rest.at + 1, '|', rest.len - 1);
}

static double share_structures(struct span text)
{
    bool seen[KEYWORD_STRUCTURES] = {false};
    size_t n = 0;
    for (size_t i = 0; i < text.len;) {
        const char *end = memchr(text.at + i, '\n', text.len - i);
        size_t len = end ? (size_t)(end - (text.at + i)) : text.len - i;
        note_structures((struct span){text.at + i, len}, seen);
        i += len + 1;
    }
    for (int k = 0; k < KEYWORD_STRUCTURES; k++)
        n += seen[k];
    return (double)n / KEYWORD_STRUCTURES;
}

/* One kind of brackets. A line without a closing one is searched once, not again from each opening one. */
struct brackets {
    char open, close;
    size_t none_before; /* no closing one stands before this place */
};

/* Something in brackets on one line; its length, or 0. */
static size_t bracketed(struct span text, size_t i, struct brackets *b)
{
    if (text.at[i] != b->open || i < b->none_before)
        return 0;
    size_t k = i + 1;
    while (k < text.len && text.at[k] != '\n' && text.at[k] != b->close)
        k++;
    if (k < text.len && text.at[k] == b->close)
        return k > i + 1 ? k - i + 1 : 0;
    b->none_before = k;
    return 0;
}

static size_t count_citations(struct span text)
{
    struct brackets square = {'[', ']', 0}, round = {'(', ')', 0};
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        struct span rest = {text.at + i, text.len - i};
        size_t len = bracketed(text, i, &square);
        if (!len)
            len = bracketed(text, i, &round);
        if (len)
            i += len - 1;
        n += len > 0 || span_starts(rest, "Technical Report");
        n += !len && span_starts(rest, "Section ") && rest.len > 8 && isdigit((unsigned char)rest.at[8]);
    }
    return n;
}

struct keyword_score keyword_score_tr109(struct span text)
{
    struct keyword_score k = {.depth = share_present(text, depth_words, KEYWORD_DEPTH_WORDS),
                              .data = share_present(text, data_words, KEYWORD_DATA_WORDS),
                              .structure = share_structures(text),
                              .citations = count_citations(text)};
    double cited = k.citations < 10 ? (double)k.citations / 10 : 1;
    k.score = 0.30 * k.depth + 0.25 * k.data + 0.25 * k.structure + 0.20 * cited;
    return k;
}
