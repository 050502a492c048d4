/* variants.c: see variants.h. */
#include "study/variants.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { ANY = -2 }; /* in a pattern of levels */

enum evidence { NONE, SAME, DIFFERENT };

struct variant_base {
    char *name;                          /* owned */
    enum evidence evidence[FACTORS_MAX]; /* of what a factor changes */
};

struct variant_place {
    size_t combination;
    int variant;
};

/* Room for one more: the array doubles. */
static void *room(void *array, size_t n, size_t size)
{
    return n & (n - 1) ? array : xrealloc(array, (n ? 2 * n : 1) * size);
}

void combinations_add(struct combinations *c, const struct combination *one)
{
    c->at = room(c->at, c->n, sizeof *c->at);
    c->at[c->n++] = *one;
    for (size_t i = 0; i < FACTORS_MAX; i++)
        if (one->level[i] >= 0)
            c->occurs[i] |= UINT64_C(1) << one->level[i];
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo 1991): only to pass over most unequal keys quickly. */
static uint64_t hash_of(const struct str *s)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < s->len; i++)
        h = (h ^ (unsigned char)s->at[i]) * UINT64_C(1099511628211);
    return h;
}

static size_t base_of(struct variants *v, const char *name)
{
    for (size_t i = 0; i < v->n_bases; i++)
        if (strcmp(v->bases[i].name, name) == 0)
            return i;
    v->bases = room(v->bases, v->n_bases, sizeof *v->bases);
    v->bases[v->n_bases] = (struct variant_base){.name = xstrdup(name)};
    return v->n_bases++;
}

int variants_add(struct variants *v, const struct combinations *c, const struct str *key, const char *base)
{
    const struct combination *now = &c->at[c->n - 1];
    uint64_t hash = hash_of(key);
    size_t i = 0;
    while (i < v->n && (v->at[i].hash != hash || strcmp(v->at[i].key, str_z(key)) != 0))
        i++;
    if (i == v->limit)
        return -1;
    if (i == v->n) {
        v->at = room(v->at, v->n, sizeof *v->at);
        v->at[v->n++] = (struct variant){
            .key = xstrdup(str_z(key)), .hash = hash, .base = base_of(v, base), .first = *now};
    }
    for (size_t k = 0; k < FACTORS_MAX; k++)
        if (now->level[k] >= 0)
            v->at[i].seen[k] |= UINT64_C(1) << now->level[k];
    v->places = room(v->places, v->n_places, sizeof *v->places);
    v->places[v->n_places++] = (struct variant_place){c->n - 1, (int)i};
    return (int)i;
}

/* ---- what a factor changes ----------------------------------------------------------------------------------------- */

/* What stands in each combination of one name; -1: nothing. */
struct row {
    const struct combinations *c;
    const int *variant;
    size_t n_factors;
};

/* Looks through those of lo … hi that fit the pattern from this factor on; they are sorted by their levels. */
static enum evidence look(const struct row *r, size_t lo, size_t hi, size_t factor, const int *pattern, int variant)
{
    enum evidence found = NONE;
    if (factor == r->n_factors)
        return r->variant[lo] < 0 ? NONE : r->variant[lo] == variant ? SAME : DIFFERENT;
    while (lo < hi && found != SAME) {
        int level = r->c->at[lo].level[factor];
        size_t end = lo, step = hi - lo;
        for (; step; step /= 2) /* the last with this level */
            while (end + step < hi && r->c->at[end + step].level[factor] == level)
                end += step;
        if (pattern[factor] == ANY || pattern[factor] == level) {
            enum evidence e = look(r, lo, end + 1, factor + 1, pattern, variant);
            found = e == NONE ? found : e;
        }
        lo = end + 1;
    }
    return found;
}

/* A combination beside those that have another level of this factor and else the same. What was not varied in it may be so
 * there: then one that is equal is enough. */
static enum evidence change_at(const struct row *r, size_t at, size_t factor)
{
    enum evidence all = NONE;
    int pattern[FACTORS_MAX];
    for (size_t i = 0; i < r->n_factors; i++)
        pattern[i] = r->c->at[at].level[i] < 0 ? ANY : r->c->at[at].level[i];
    for (int level = 0; level < LEVELS_MAX && r->c->occurs[factor] >> level && all != DIFFERENT; level++) {
        if (level == r->c->at[at].level[factor])
            continue;
        pattern[factor] = level;
        enum evidence e = look(r, 0, r->c->n, 0, pattern, r->variant[at]);
        all = e == NONE ? all : e;
    }
    return all;
}

static void find_evidence(struct variants *v, size_t base, const struct combinations *c, int *variant, size_t n_factors)
{
    const struct row r = {c, variant, n_factors};
    for (size_t i = 0; i < c->n; i++)
        variant[i] = -1;
    for (size_t i = 0; i < v->n_places; i++)
        if (v->at[v->places[i].variant].base == base)
            variant[v->places[i].combination] = v->places[i].variant;
    for (size_t f = 0; f < n_factors; f++) {
        enum evidence *known = &v->bases[base].evidence[f];
        for (size_t i = 0; i < c->n && *known != DIFFERENT; i++) {
            enum evidence e = variant[i] < 0 || c->at[i].level[f] < 0 ? NONE : change_at(&r, i, f);
            *known = e == NONE ? *known : e;
        }
    }
}

static int level_of(const struct variant *v, enum evidence e, const struct combinations *c, size_t factor)
{
    int lowest = 0;
    if (!v->seen[factor] || e == SAME || (e == NONE && v->seen[factor] == c->occurs[factor]))
        return -1;
    if (v->first.level[factor] >= 0)
        return v->first.level[factor];
    while (!(v->seen[factor] >> lowest & 1))
        lowest++;
    return lowest;
}

void variants_settle(struct variants *v, const struct combinations *c, size_t n_factors)
{
    int *variant = xcalloc(c->n + 1, sizeof *variant);
    for (size_t i = 0; i < v->n_bases; i++)
        find_evidence(v, i, c, variant, n_factors);
    free(variant);
    for (size_t i = 0; i < v->n; i++)
        for (size_t f = 0; f < n_factors; f++)
            v->at[i].level[f] = level_of(&v->at[i], v->bases[v->at[i].base].evidence[f], c, f);
}

/* ---- names --------------------------------------------------------------------------------------------------------- */

static const char *name_of(const struct variants *v, const int *level, size_t base, const struct factors *f,
                           struct arena *a)
{
    struct str name = STR_INIT;
    str_addz(&name, v->bases[base].name);
    for (size_t i = 0; i < f->n; i++)
        if (level[i] >= 0)
            str_addf(&name, ",%s=%s", f->at[i].name, f->at[i].levels[level[i]].name);
    const char *out = arena_dupz(a, str_z(&name));
    str_release(&name);
    return out;
}

static bool is_taken(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Where the levels that matter do not tell two apart (a later factor overrides an earlier one), all of its first
 * combination do. */
int variants_name(const struct variants *v, const struct factors *f, struct arena *a, const char **names)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct variant *one = &v->at[i];
        names[i] = name_of(v, one->level, one->base, f, a);
        if (is_taken(names, i, names[i]))
            names[i] = name_of(v, one->first.level, one->base, f, a);
        if (is_taken(names, i, names[i]))
            return (int)i;
    }
    return -1;
}

void variants_release(struct variants *v)
{
    for (size_t i = 0; i < v->n; i++)
        free(v->at[i].key);
    for (size_t i = 0; i < v->n_bases; i++)
        free(v->bases[i].name);
    free(v->at);
    free(v->bases);
    free(v->places);
}
