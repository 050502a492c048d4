/* ground.c: statements and their classes. What a number is, number.c says; whether it counts files, count.c. See ground.h. */
#include "text/ground.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "text/count.h"
#include "text/number.h"

/* A number written with few digits is near many facts: beyond the rounding it must also be this near. */
#define MAX_RELATIVE 0.03

const char *ground_class_word(enum ground_class c)
{
    static const char *const words[GROUND_CLASS_COUNT] = {"supported", "contradicted", "not found"};
    return c >= 0 && c < GROUND_CLASS_COUNT ? words[c] : "?";
}

/* ---- sentences ----------------------------------------------------------------------------------------------------- */

static bool ends_sentence(struct span line, size_t i)
{
    if (!strchr(".!?", line.at[i]))
        return false;
    bool space = i + 1 >= line.len || line.at[i + 1] == ' ';
    return space && i > 0 && !(line.at[i] == '.' && isdigit((unsigned char)line.at[i - 1]) && i < 4); /* "12. item" */
}

static struct span sentence_at(struct span line, size_t start, size_t end)
{
    size_t from = start, to = end, first = start > GROUND_MAX_BESIDE ? start - GROUND_MAX_BESIDE : 0;
    size_t last = line.len - end > GROUND_MAX_BESIDE ? end + GROUND_MAX_BESIDE : line.len;
    while (from > first && !ends_sentence(line, from - 1))
        from--;
    while (to < last && !ends_sentence(line, to))
        to++;
    if (to < last)
        to++;
    while (from < start && ((unsigned char)line.at[from] & 0xC0) == 0x80) /* not inside a character */
        from++;
    while (to > end && to < line.len && ((unsigned char)line.at[to] & 0xC0) == 0x80)
        to--;
    while (from < to && isspace((unsigned char)line.at[from]))
        from++;
    while (to > from && isspace((unsigned char)line.at[to - 1]))
        to--;
    return (struct span){line.at + from, to - from};
}

/* ---- matching ------------------------------------------------------------------------------------------------------ */

static bool near(double stated, double half_unit, double fact)
{
    double d = fabs(stated - fact);
    double slack = half_unit * (1 + 1e-9) + fabs(fact) * 1e-12;
    return d <= slack && (d == 0 || d <= MAX_RELATIVE * fabs(fact));
}

static bool equals(const struct number *n, const struct fact *f)
{
    double stated = number_unit_seconds(n->unit);
    double has = stated > 0 ? number_unit_seconds(number_unit_of_name(f->name)) : 0;
    double scale = stated > 0 && has > 0 ? stated / has : 1;
    if (near(n->value * scale, n->half_unit * scale, f->value))
        return true;
    return n->unit == UNIT_PERCENT && near(n->value / 100, n->half_unit / 100, f->value);
}

static bool contains(struct span text, const char *p, size_t n)
{
    for (size_t i = 0; i + n <= text.len; i++) {
        size_t k = 0;
        while (k < n && (tolower((unsigned char)text.at[i + k]) == tolower((unsigned char)p[k]) ||
                         (p[k] == '_' && (text.at[i + k] == ' ' || text.at[i + k] == '-'))))
            k++;
        if (k == n)
            return true;
    }
    return false;
}

/* The sentence holds the first word of the fact's name ("decode_tok_s" of "decode_tok_s mean"), or the last part of a
 * path ("ttft_ms" of "bench.json: results.0.ttft_ms"), as it is or with blanks. */
static bool names(struct span sentence, const struct fact *f)
{
    const char *name = f->name, *colon = strstr(name, ": ");
    if (colon)
        name = colon + 2;
    const char *dot = strrchr(name, '.');
    if (dot)
        name = dot + 1;
    size_t n = strcspn(name, " ,");
    return n >= 3 && contains(sentence, name, n);
}

static void look_up(struct statement *s, const struct number *n, const struct fact *facts, size_t n_facts)
{
    s->class = GROUND_NOT_FOUND;
    for (size_t i = 0; i < n_facts && !s->named; i++) {
        if (facts[i].is_count || !equals(n, &facts[i])) /* counts of files are bound by their words, in count.c */
            continue;
        bool named = names(s->sentence, &facts[i]);
        if (s->fact && !named)
            continue;
        s->class = GROUND_SUPPORTED;
        s->fact = &facts[i];
        s->named = named;
    }
}

static void class_count(struct statement *s, const struct number *n, struct count_match m)
{
    bool equal = n->value == m.fact->value;
    if (equal || !m.partial) {
        s->class = equal ? GROUND_SUPPORTED : GROUND_CONTRADICTED;
        s->fact = m.fact;
        s->named = true;
    } else {
        s->class = GROUND_NOT_FOUND;
    }
}

/* ---- the text ------------------------------------------------------------------------------------------------------ */

struct found {
    struct arena *arena;
    struct statement *at;
    size_t n, cap;
};

static struct statement *add(struct found *f)
{
    if (f->n == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 32;
        f->at = arena_grow(f->arena, f->at, f->n * sizeof *f->at, f->cap * sizeof *f->at);
    }
    return &f->at[f->n++];
}

static void ground_line(struct span line, const struct fact *facts, size_t n_facts, struct found *out)
{
    struct number n;
    for (size_t at = 0; out->n < GROUND_MAX_STATEMENTS && number_next(line, &at, &n);) {
        struct count_match m = count_match(line, &n, facts, n_facts);
        if (n.spelled && !m.fact)
            continue; /* "one of the" */
        struct statement *s = add(out);
        *s = (struct statement){.value = n.value,
                                .number = {line.at + n.start, n.end - n.start},
                                .sentence = sentence_at(line, n.start, n.end)};
        if (m.fact)
            class_count(s, &n, m);
        else
            look_up(s, &n, facts, n_facts);
    }
}

size_t ground_text(struct span text, const struct fact *facts, size_t n_facts, struct arena *a, struct statement **out)
{
    struct found found = {.arena = a};
    for (size_t i = 0; i < text.len;) {
        const char *end = memchr(text.at + i, '\n', text.len - i);
        size_t n = end ? (size_t)(end - (text.at + i)) : text.len - i;
        ground_line((struct span){text.at + i, n}, facts, n_facts, &found);
        i += n + 1;
    }
    *out = found.at;
    return found.n;
}
