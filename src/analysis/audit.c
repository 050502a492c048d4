/* audit.c: the table of rules, what a study is, and how findings are gathered. See audit.h. */
#include "analysis/audit.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/audit_rules.h"

static const struct audit_rule rules[] = {
    {"A1", "overlap presented as speedup",
     "The published efficiency is 50 (1 + shorter / longer) of two concurrent durations: it says how equal they were, "
     "never what running together costs.",
     audit_overlap},
    {"A3", "agents that ran one after the other",
     "The durations of both agents add up to the time of both together: something let only one work at a time, so the "
     "efficiency of 50 % is no property of the runtime.",
     audit_serialised},
    {"A4", "numerators of different kinds",
     "The published speedup sums server times (prompt and decode) and divides by wall time: load and transport are in the "
     "denominator only.",
     audit_numerators},
    {"A5", "degenerate answers counted as data",
     "Repetition loops and non-text are in the numbers as if the agent had done its work.", audit_degenerate},
    {"A6", "silently truncated prompts",
     "The prompt has more characters than its context can hold, or the server's token counts prove the cut.",
     audit_truncated},
    {"A7", "agents that read nothing", "The agent's own record, or its report, says that no file was ingested.",
     audit_empty_corpus},
    {"A8", "time instead of configuration",
     "The rate steps up or down at one moment, and configurations ran on one side of it alone.", audit_time_step},
    {"A9", "order instead of a factor",
     "The rows that had to load the model all have the same level of a factor, because it always came first.",
     audit_order},
    {"A10", "a winner of one run each", "Configurations are ranked though each of them ran once.", audit_winner},
    {"A12", "cold and warm averages side by side",
     "Some averages of the time to first token hold a call that loaded the model, others do not.", audit_warmth},
    {"A16", "a gate that shows nothing",
     "All perplexities are those of a guessing model, or a lower precision is no further off than the full one.",
     audit_precision_label},
    {"A17", "power from windows without samples",
     "Windows of power hold one sample, so what they average is not the work.", audit_power_windows},
    {"A18", "power of the wrong device", "Work ran on the CPU, and only the GPU's power was recorded.",
     audit_wrong_device},
    {"A19", "the leverage of one point",
     "The slope through a few models moves by more than 15 % when one of them is left out.", audit_leverage},
    {"A20", "a time to first token that is none",
     "The time to the first token is the time of the whole call, to the last digit.", audit_copied_ttft},
    {"A21", "a score of words present",
     "A report that is no text scores about as much as the others, so the score says nothing of quality.",
     audit_keywords},
    {"A22", "reports that are not grounded",
     "Counts of files that a report states contradict what the agent was given, or it is dated in another year.",
     audit_ungrounded},
    {"A23", "unfinished calls counted as data",
     "A stream without its end or an answer without text is in the numbers, mostly as a rate of 0.", audit_unfinished},
    {"A24", "a share that a coin gives",
     "The share of configurations above their baseline is one that a sign test does not refuse.", audit_success_share},
    {"A26", "tests that assume too much",
     "Intervals of few values take the sd as known, or p values below 0.05 do not stand when the family is corrected for.",
     audit_assumptions},
    {"A28", "missing configurations",
     "Configurations that the numbering, a study of the same design, or the plan has are not there.", audit_missing},
    {"TR120", "a label without evidence",
     "Rows are called compiled, and nothing in them says that a compiler was called.", audit_compile_label},
    {"few-runs", "one run per arm", "An arm with one run has no interval: the run is the unit of replication.",
     audit_few_runs},
    {"no-solo", "agents together, never alone",
     "Without a run of each agent alone in the same study there is no speedup to speak of.", audit_no_solo},
    {"pooled", "calls of different stages in one sd",
     "The published standard deviation is over calls of different stages, which are no replicates.", audit_pooled},
    {"tail", "percentiles of too few values",
     "No value is expected beyond a published percentile, or a load's own is UNRESOLVED.", audit_tails},
    {"one-order", "one order for all repetitions",
     "All repetitions of a configuration ran in a row, or all blocks have their arms in the same order.",
     audit_one_order},
};

enum { N_RULES = sizeof rules / sizeof *rules };

const struct audit_rule *audit_rule_at(size_t i)
{
    return i < N_RULES ? &rules[i] : NULL;
}

const struct audit_rule *audit_rule_find(const char *id)
{
    for (size_t i = 0; i < N_RULES; i++)
        if (!strcmp(rules[i].id, id))
            return &rules[i];
    return NULL;
}

/* ---- studies --------------------------------------------------------------------------------------------------------- */

const char *audit_place(const struct audit_row *row)
{
    return row->origin ? row->origin : row->file;
}

static struct span without_last(struct span path)
{
    while (path.len && path.at[path.len - 1] != '/')
        path.len--;
    path.len -= path.len > 0;
    return path;
}

static struct span last_of(struct span path)
{
    struct span up = without_last(path);
    size_t skip = up.len ? up.len + 1 : 0;
    return (struct span){path.at + skip, path.len - skip};
}

struct span audit_folder(const struct audit_row *row)
{
    struct span folder = without_last(span_z(audit_place(row)));
    while (span_starts(last_of(folder), "run_") || span_eq_z(last_of(folder), "data"))
        folder = without_last(folder);
    return folder;
}

/* Rows of the same study stand together after sorting by this. */
struct keyed {
    const struct audit_row *row;
    struct span key;
    size_t order;
    bool again; /* its record is also elsewhere, and counts there */
};

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    int d = strcmp(x->row->format, y->row->format);
    size_t n = x->key.len < y->key.len ? x->key.len : y->key.len;
    d = d ? d : memcmp(x->key.at, y->key.at, n);
    d = d ? d : (x->key.len > y->key.len) - (x->key.len < y->key.len);
    return d ? d : (x->order > y->order) - (x->order < y->order);
}

static bool same_key(const struct keyed *a, const struct keyed *b)
{
    return !strcmp(a->row->format, b->row->format) && a->key.len == b->key.len &&
           !memcmp(a->key.at, b->key.at, a->key.len);
}

static bool is_alone(const struct audit_input *in, size_t i)
{
    const char *file = in->rows[i].file;
    bool before = i > 0 && !strcmp(in->rows[i - 1].file, file);
    return !before && !(i + 1 < in->n_rows && !strcmp(in->rows[i + 1].file, file));
}

/* The file of a row that is not alone in it; else the folder above its configuration's. */
static struct span key_of(const struct audit_input *in, size_t i)
{
    const struct audit_row *r = &in->rows[i];
    return is_alone(in, i) ? without_last(without_last(audit_folder(r))) : span_z(r->file);
}

static size_t common_folders(struct span a, struct span b)
{
    size_t n = 0, folders = 0;
    for (; n < a.len && n < b.len && a.at[n] == b.at[n]; n++)
        folders = a.at[n] == '/' ? n : folders;
    bool a_ends = n == a.len && (n == b.len || b.at[n] == '/'), b_ends = n == b.len && n < a.len && a.at[n] == '/';
    return a_ends || b_ends ? n : folders;
}

/* What the paths have in common, in whole folders. */
static const char *common_name(struct arena *a, const struct audit_study *s)
{
    struct span common = span_z(audit_place(s->rows[0]));
    for (size_t i = 1; i < s->n_rows; i++)
        common.len = common_folders(common, span_z(audit_place(s->rows[i])));
    return common.len ? arena_dup(a, common.at, common.len) : s->rows[0]->file;
}

/* The runs of a row: where they begin, and how many there are. */
static size_t runs_of(const struct audit_input *in, const struct audit_row *row, size_t *first)
{
    size_t lo = 0, hi = in->n_runs, n = 0;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (in->runs[mid].id < row->run_id)
            lo = mid + 1;
        else
            hi = mid;
    }
    while (row->runs > 0 && lo + n < in->n_runs && in->runs[lo + n].id - row->run_id < row->runs)
        n++;
    *first = lo;
    return n;
}

static void add_row(const struct audit_input *in, struct audit_study *s, const struct audit_row *row)
{
    size_t first, n = runs_of(in, row, &first);
    s->rows[s->n_rows++] = row;
    for (size_t i = 0; i < n; i++) {
        s->runs[s->n_runs] = &in->runs[first + i];
        s->run_row[s->n_runs++] = row;
    }
}

static void make_room(struct arena *a, struct audit_study *s, size_t rows, size_t runs)
{
    s->rows = arena_alloc(a, (rows + 1) * sizeof *s->rows);
    s->runs = arena_alloc(a, (runs + 1) * sizeof *s->runs);
    s->run_row = arena_alloc(a, (runs + 1) * sizeof *s->run_row);
}

/* A record that lies in a file of its own and in a list of them has its runs once, and counts once: in the list. */
static void mark_again(const struct audit_input *in, struct keyed *k)
{
    size_t *owner = xcalloc(in->n_runs + 1, sizeof *owner), first; /* by the first run: the row's number + 1 */
    for (size_t i = 0; i < in->n_rows; i++) {
        if (!runs_of(in, &in->rows[i], &first))
            continue;
        size_t old = owner[first];
        bool better = !old || (is_alone(in, old - 1) && !is_alone(in, i));
        k[better ? (old ? old - 1 : i) : i].again = old != 0;
        owner[first] = better ? i + 1 : old;
    }
    free(owner);
}

static struct keyed *sorted_rows(const struct audit_input *in)
{
    struct keyed *k = xcalloc(in->n_rows, sizeof *k);
    for (size_t i = 0; i < in->n_rows; i++)
        k[i] = (struct keyed){.row = &in->rows[i], .key = key_of(in, i), .order = i};
    mark_again(in, k);
    qsort(k, in->n_rows, sizeof *k, by_key);
    return k;
}

static size_t studies_of_rows(const struct audit_input *in, struct arena *a, struct audit_study *studies)
{
    struct keyed *k = sorted_rows(in);
    size_t n = 0, first;
    for (size_t i = 0, end; i < in->n_rows; i = end) {
        size_t runs = 0;
        struct audit_study *s = &studies[n];
        for (end = i; end < in->n_rows && same_key(&k[i], &k[end]); end++)
            runs += runs_of(in, k[end].row, &first);
        make_room(a, s, end - i, runs);
        for (size_t j = i; j < end; j++)
            if (!k[j].again)
                add_row(in, s, k[j].row);
        if (s->n_rows) {
            s->name = common_name(a, s);
            n++;
        }
    }
    free(k);
    return n;
}

static size_t study_of_our_own(const struct audit_input *in, struct arena *a, struct audit_study *s)
{
    make_room(a, s, 0, in->n_runs);
    s->name = in->name;
    for (size_t i = 0; i < in->n_runs; i++)
        if (in->runs[i].state == RUN_COMPLETE)
            s->runs[s->n_runs++] = &in->runs[i];
    return 1;
}

/* ---- findings -------------------------------------------------------------------------------------------------------- */

static struct audit_point *next_point(struct audit_points *p)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 16;
        p->at = arena_grow(p->arena, p->at, p->n * sizeof *p->at, p->cap * sizeof *p->at);
    }
    return &p->at[p->n++];
}

static const char *print(struct arena *a, const char *fmt, va_list ap)
{
    struct str s = STR_INIT;
    str_addv(&s, fmt, ap);
    const char *out = arena_dupz(a, str_z(&s));
    str_release(&s);
    return out;
}

void audit_add_row(struct audit_points *p, const struct audit_row *row, const char *note, ...)
{
    struct audit_point *at = next_point(p);
    *at = (struct audit_point){
        .place = audit_place(row), .line = row->origin ? 0 : row->line, .run_id = row->run_id, .seq = -1};
    va_list ap;
    va_start(ap, note);
    if (note)
        at->note = print(p->arena, note, ap);
    va_end(ap);
}

void audit_add_run(struct audit_points *p, const struct audit_study *s, size_t i, const struct request *q,
                   const char *note, ...)
{
    const struct audit_row *row = s->run_row[i];
    struct audit_point *at = next_point(p);
    *at = (struct audit_point){.place = row ? audit_place(row) : s->runs[i]->arm,
                               .line = row && !row->origin ? row->line : 0,
                               .run_id = s->runs[i]->id,
                               .seq = q ? q->seq : -1};
    va_list ap;
    va_start(ap, note);
    if (note)
        at->note = print(p->arena, note, ap);
    va_end(ap);
}

void audit_add_place(struct audit_points *p, const char *arm, const char *note, ...)
{
    struct audit_point *at = next_point(p);
    *at = (struct audit_point){.place = arm, .seq = -1};
    va_list ap;
    va_start(ap, note);
    at->note = print(p->arena, note, ap);
    va_end(ap);
}

void audit_find(struct auditing *x, const struct audit_study *s, const struct audit_points *points, const char *fmt,
                ...)
{
    struct audit *out = x->out;
    va_list ap;
    va_start(ap, fmt);
    const char *sentence = print(&out->arena, fmt, ap);
    va_end(ap);
    out->findings = arena_grow(&out->arena, out->findings, out->n * sizeof *out->findings,
                               (out->n + 1) * sizeof *out->findings);
    out->findings[out->n++] = (struct audit_finding){
        .rule = x->rule, .study = s->name, .sentence = sentence, .points = points->at, .n_points = points->n};
}

void audit_look(const struct audit_input *in, struct audit *out)
{
    struct audit_study *studies = arena_alloc(&out->arena, (in->n_rows + 1) * sizeof *studies);
    struct auditing x = {.in = in, .studies = studies, .out = out};
    x.n_studies = in->n_rows ? studies_of_rows(in, &out->arena, studies) : study_of_our_own(in, &out->arena, studies);
    for (size_t i = 0; i < N_RULES; i++) {
        x.rule = &rules[i];
        rules[i].look(&x);
    }
}

void audit_release(struct audit *a)
{
    arena_release(&a->arena);
    *a = (struct audit){0};
}
