/* inventory.c: the corpus as a short text for a small model: first the exact counts, then the paths per type, then one
 * line per series, most telling first and fairly shared among the files, until max_chars is reached. Shape after the
 * workflow of TR109 (counts, first paths and "and N more" per type); the lines of numbers are ours, because a model that
 * is given no numbers invents them. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/corpus.h"

enum { FIRST_PATHS = 5 };
enum { RANK_SPEED, RANK_LATENCY, RANK_TIME, RANK_RESOURCE, RANK_OTHER, RANK_PLAN };

/* How much a name tells about a benchmark: the first row with one of its words decides. */
static const struct {
    const char *word;
    int rank;
} telling[] = {
    {"tok_s", RANK_SPEED},   {"tok/s", RANK_SPEED},    {"tokens_per", RANK_SPEED}, {"throughput", RANK_SPEED},
    {"speedup", RANK_SPEED}, {"ttft", RANK_LATENCY},   {"latency", RANK_LATENCY},  {"itl", RANK_LATENCY},
    {"tpot", RANK_LATENCY},  {"wall", RANK_TIME},      {"duration", RANK_TIME},    {"load_ms", RANK_TIME},
    {"seconds", RANK_TIME},  {"joule", RANK_RESOURCE}, {"watt", RANK_RESOURCE},    {"energy", RANK_RESOURCE},
    {"rss", RANK_RESOURCE},  {"mem", RANK_RESOURCE},   {"mib", RANK_RESOURCE},     {"seed", RANK_PLAN},
    {"run", RANK_PLAN},      {"block", RANK_PLAN},     {"position", RANK_PLAN},    {"index", RANK_PLAN},
    {"id", RANK_PLAN},       {"num_", RANK_PLAN},      {"version", RANK_PLAN},     {"threads", RANK_PLAN},
    {"client", RANK_PLAN},   {"repeat", RANK_PLAN},    {"attempt", RANK_PLAN},     {"arm", RANK_PLAN},
};

struct line {
    const struct series *series; /* NULL: a title */
    const char *title, *file;
    int rank;
    size_t turn;  /* this is the file's n-th line of all its lines, best first */
    size_t place; /* in file order */
};

static bool has_word(const char *name, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = name; (p = strcasestr(p, word)); p++) {
        bool starts = p == name || !isalnum((unsigned char)p[-1]);
        bool ends = !isalnum((unsigned char)p[n]) || n > 2;
        if (starts && ends)
            return true;
    }
    return false;
}

static int rank_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        if (has_word(dot ? dot + 1 : name, telling[i].word))
            return telling[i].rank;
    return RANK_OTHER;
}

static int by_file_and_rank(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int d = strcmp(x->file, y->file);
    if (!d)
        d = (x->rank > y->rank) - (x->rank < y->rank);
    return d ? d : (x->place > y->place) - (x->place < y->place);
}

static int by_turn(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int d = (x->turn > y->turn) - (x->turn < y->turn);
    if (!d)
        d = (x->rank > y->rank) - (x->rank < y->rank);
    return d ? d : (x->place > y->place) - (x->place < y->place);
}

/* All lines in the order in which they are worth their room. */
static struct line *sort_lines(const struct corpus *c, size_t *n)
{
    struct line *lines = xcalloc(c->n_series + c->n_files, sizeof *lines);
    *n = 0;
    for (size_t i = 0; i < c->n_series; i++) {
        int rank = rank_of(c->series[i].name);
        lines[*n] = (struct line){&c->series[i], NULL, c->series[i].file, rank, 0, *n};
        ++*n;
    }
    for (size_t i = 0; i < c->n_files; i++)
        if (c->title[i]) {
            lines[*n] = (struct line){NULL, c->title[i], c->files[i].path, RANK_TIME, 0, *n};
            ++*n;
        }
    qsort(lines, *n, sizeof *lines, by_file_and_rank);
    for (size_t i = 0; i < *n; i++) {
        bool same = i > 0 && strcmp(lines[i].file, lines[i - 1].file) == 0;
        lines[i].turn = same ? lines[i - 1].turn + 1 : 0;
        if (lines[i].rank == RANK_PLAN && lines[i].turn < 1000)
            lines[i].turn = 1000; /* settings only when everything measured has been told */
    }
    qsort(lines, *n, sizeof *lines, by_turn);
    return lines;
}

/* Four significant digits, and whole numbers whole; what has no such digits any more is written with an exponent. */
static void number_text(double v, char out[32])
{
    if (v == floor(v) && fabs(v) < 1e15)
        snprintf(out, 32, "%.0f", v);
    else if (fabs(v) >= 1000 && fabs(v) < 1e15)
        snprintf(out, 32, "%.1f", v);
    else
        snprintf(out, 32, "%.4g", v);
}

static void add_line(const struct line *l, struct str *out)
{
    char mean[32], min[32], max[32];
    if (l->title) {
        str_addf(out, "- %s: \"%s\"\n", l->file, l->title);
        return;
    }
    number_text(l->series->mean, mean);
    number_text(l->series->min, min);
    number_text(l->series->max, max);
    if (l->series->n == 1)
        str_addf(out, "- %s: %s %s\n", l->file, l->series->name, mean);
    else if (l->series->min == l->series->max)
        str_addf(out, "- %s: %s always %s (%zu values)\n", l->file, l->series->name, mean, l->series->n);
    else
        str_addf(out, "- %s: %s mean %s, from %s to %s (%zu values)\n", l->file, l->series->name, mean, min, max,
                 l->series->n);
}

static void add_counts(const struct corpus *c, struct str *out)
{
    str_addf(out, "%zu files: %zu CSV, %zu JSON, %zu Markdown.\n", c->n_files, c->count[CORPUS_CSV],
             c->count[CORPUS_JSON], c->count[CORPUS_MD]);
}

/* "CSV: a.csv, b.csv and 3 more" with at most `paths` of them. */
static void add_paths(const struct corpus *c, enum corpus_type type, size_t paths, struct str *out)
{
    static const char *const word[CORPUS_TYPE_COUNT] = {"CSV", "JSON", "Markdown"};
    size_t told = 0;
    if (!c->count[type])
        return;
    str_addf(out, "%s:", word[type]);
    for (size_t i = 0; i < c->n_files && told < paths; i++)
        if (c->files[i].type == type)
            str_addf(out, "%s %s", told++ ? "," : "", c->files[i].path);
    if (told < c->count[type])
        str_addf(out, " and %zu more", c->count[type] - told);
    str_addc(out, '\n');
}

/* The head takes at most half of the room; the fewer paths, the more numbers. */
static void add_head(const struct corpus *c, size_t max_chars, struct str *out)
{
    size_t start = out->len;
    for (size_t paths = FIRST_PATHS; paths > 0; paths--) {
        out->len = start;
        add_counts(c, out);
        for (int t = 0; t < CORPUS_TYPE_COUNT; t++)
            add_paths(c, (enum corpus_type)t, paths, out);
        if (out->len - start <= max_chars / 2)
            return;
    }
    out->len = start;
    add_counts(c, out);
}

void corpus_inventory(const struct corpus *c, size_t max_chars, struct str *out)
{
    size_t start = out->len, n;
    add_head(c, max_chars, out);
    struct line *lines = sort_lines(c, &n);
    for (size_t i = 0; i < n; i++) {
        size_t before = out->len;
        add_line(&lines[i], out);
        if (out->len - start > max_chars) {
            out->len = before;
            if (max_chars - (before - start) < 40) /* a shorter one may still fit */
                break;
        }
    }
    free(lines);
    if (out->len - start > max_chars)
        out->len = start;
    str_add(out, "", 0);
}
