/* effects.c: see effects.h. */
#include "analysis/effects.h"

#include <math.h>
#include <string.h>

#include "stats/moments.h"
#include "stats/quantile.h"
#include "stats/splitmix.h"

static double value_in(const struct compare_arm *arm, int32_t block)
{
    for (size_t i = 0; i < arm->n; i++)
        if (arm->runs[i].block == block && isfinite(arm->runs[i].value))
            return arm->runs[i].value;
    return NAN;
}

/* The blocks in which any arm has a value, ascending as they come. */
static size_t list_blocks(const struct effects_group *g, struct arena *arena, int32_t **out)
{
    size_t n = 0, most = 0;
    for (size_t k = 0; k < g->n_arms; k++)
        most += g->values[k].n;
    *out = arena_alloc(arena, (most + 1) * sizeof **out);
    for (size_t k = 0; k < g->n_arms; k++)
        for (size_t i = 0; i < g->values[k].n; i++) {
            int32_t block = g->values[k].runs[i].block;
            size_t at = 0;
            while (at < n && (*out)[at] < block)
                at++;
            if (!isfinite(g->values[k].runs[i].value) || block < 0 || (at < n && (*out)[at] == block))
                continue;
            memmove(*out + at + 1, *out + at, (n++ - at) * sizeof **out);
            (*out)[at] = block;
        }
    return n;
}

/* ---- bases and their questions ------------------------------------------------------------------------------------- */

static struct effects_base *base_of(struct effects_base *bases, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(bases[i].name, name))
            return &bases[i];
    return NULL;
}

static bool takes_part(const struct effects_base *multi, const char *agent)
{
    for (size_t i = 0; i < multi->n_arms; i++)
        for (size_t k = 0; k < multi->arms[i]->n_agents; k++)
            if (!strcmp(multi->arms[i]->agents[k], agent))
                return true;
    return false;
}

static bool is_solo(const struct effects_base *b, const struct effects_base *bases, size_t n)
{
    for (size_t i = 0; i < n && !b->multi; i++)
        for (size_t k = 0; k < b->n_arms && bases[i].multi; k++)
            if (b->arms[k]->n_agents == 1 && takes_part(&bases[i], b->arms[k]->agents[0]))
                return true;
    return false;
}

size_t effects_bases(const struct design *d, struct arena *arena, struct effects_base **out)
{
    struct effects_base *bases = arena_alloc(arena, (d->n_arms + 1) * sizeof *bases);
    size_t n = 0;
    for (size_t i = 0; i < d->n_arms; i++) {
        const struct design_arm *arm = &d->arms[i];
        struct effects_base *b = base_of(bases, n, arm->base);
        if (!b) {
            b = &bases[n++];
            *b = (struct effects_base){.name = arm->base};
            b->arms = arena_alloc(arena, (d->n_arms + 1) * sizeof *b->arms);
        }
        b->arms[b->n_arms++] = arm;
        b->multi = b->multi || arm->n_agents > 1;
    }
    for (size_t i = 0; i < n; i++)
        bases[i].solo = is_solo(&bases[i], bases, n);
    *out = bases;
    return n;
}

/* ---- levels ------------------------------------------------------------------------------------------------------ */

static bool is_pair(const struct effects_group *g, size_t a, size_t b, size_t factor, size_t level)
{
    return g->arms[a]->level[factor] == 0 && g->arms[b]->level[factor] == (int)level &&
           design_alike(g->design, g->arms[a], g->arms[b], factor);
}

struct pair {
    size_t a, b;
};

static size_t list_pairs(const struct effects_group *g, size_t factor, size_t level, struct arena *arena,
                         struct pair **out)
{
    size_t n = 0, room = 0;
    *out = NULL;
    for (size_t a = 0; a < g->n_arms; a++)
        for (size_t b = 0; b < g->n_arms; b++) {
            if (!is_pair(g, a, b, factor, level))
                continue;
            if (n == room) {
                *out = arena_grow(arena, *out, room * sizeof **out, (2 * room + 8) * sizeof **out);
                room = 2 * room + 8;
            }
            (*out)[n++] = (struct pair){a, b};
        }
    return n;
}

static bool has_contrast(const struct effects_group *g, size_t factor, size_t level)
{
    for (size_t a = 0; a < g->n_arms; a++)
        for (size_t b = 0; b < g->n_arms; b++)
            if (is_pair(g, a, b, factor, level))
                return true;
    return false;
}

struct effects_family effects_family(const struct design *d)
{
    struct arena arena = {0};
    struct effects_base *bases;
    struct effects_family out = {0, 0};
    size_t n = effects_bases(d, &arena, &bases), multi = 0;
    bool solos = false;
    for (size_t i = 0; i < n; i++) {
        struct effects_group g = {d, bases[i].arms, NULL, bases[i].n_arms};
        size_t contrasts = 0;
        for (size_t f = 0; f < d->n_factors && !bases[i].solo; f++)
            for (size_t level = 1; level < d->factors[f].n_levels; level++)
                contrasts += has_contrast(&g, f, level);
        solos = solos || bases[i].solo;
        out.contrasts += contrasts;
        multi += bases[i].multi ? contrasts : 0;
    }
    out.speedups = solos ? multi : 0;
    arena_release(&arena);
    return out;
}

void effects_contrast(const struct effects_group *g, size_t factor, size_t level, struct arena *arena,
                      struct effects_contrast *out)
{
    int32_t *blocks;
    struct pair *pairs;
    size_t n = list_blocks(g, arena, &blocks);
    struct compare_run *a = arena_alloc(arena, (n + 1) * sizeof *a), *b = arena_alloc(arena, (n + 1) * sizeof *b);
    *out = (struct effects_contrast){{a, 0}, {b, 0}, list_pairs(g, factor, level, arena, &pairs), false};
    for (size_t i = 0; i < n; i++) {
        double sum_a = 0, sum_b = 0;
        size_t found = 0;
        for (size_t k = 0; k < out->pairs; k++) {
            double va = value_in(&g->values[pairs[k].a], blocks[i]), vb = value_in(&g->values[pairs[k].b], blocks[i]);
            if (!isfinite(va) || !isfinite(vb))
                continue;
            sum_a += va;
            sum_b += vb;
            found++;
        }
        out->uneven = out->uneven || found < out->pairs;
        if (!found)
            continue;
        a[out->a.n++] = (struct compare_run){blocks[i], sum_a / (double)found};
        b[out->b.n++] = (struct compare_run){blocks[i], sum_b / (double)found};
    }
}

/* ---- whole blocks ------------------------------------------------------------------------------------------------- */

/* y[block][arm] of the blocks that have every arm. */
struct table_of {
    double *y;
    size_t blocks, arms, missing;
};

static struct table_of whole_blocks(const struct effects_group *g, struct arena *arena)
{
    int32_t *blocks;
    size_t n = list_blocks(g, arena, &blocks);
    struct table_of t = {arena_alloc(arena, (n + 1) * (g->n_arms + 1) * sizeof(double)), 0, g->n_arms, 0};
    for (size_t i = 0; i < n; i++) {
        bool whole = true;
        for (size_t k = 0; k < g->n_arms; k++) {
            double v = t.y[t.blocks * t.arms + k] = value_in(&g->values[k], blocks[i]);
            whole = whole && isfinite(v);
        }
        t.blocks += whole;
        t.missing += !whole;
    }
    return t;
}

/* As many blocks, drawn from t with replacement. */
static void draw_blocks(const struct table_of *t, uint64_t *stream, double *y)
{
    for (size_t b = 0; b < t->blocks; b++)
        memcpy(y + b * t->arms, t->y + splitmix_index(stream, t->blocks) * t->arms, t->arms * sizeof *y);
}

/* ---- shares of variance ------------------------------------------------------------------------------------------- */

/* Which of the cells of two factors an arm is in; no level is one of its own. */
static size_t cell_of(const struct effects_group *g, size_t arm, size_t f, size_t other)
{
    const int *level = g->arms[arm]->level;
    return (size_t)(level[f] + 1) * (g->design->factors[other].n_levels + 1) + (size_t)(level[other] + 1);
}

/* Sum over the arms of (mean of its cell - mean of all)^2; a cell is the arms that have the same levels of both factors. */
static double cells_square(const struct effects_group *g, const double *means, double all, size_t f, size_t other,
                           struct moments_sums *cells)
{
    double sum = 0;
    for (size_t i = 0; i < g->n_arms; i++)
        cells[cell_of(g, i, f, other)] = (struct moments_sums){0};
    for (size_t i = 0; i < g->n_arms; i++) {
        struct moments_sums *cell = &cells[cell_of(g, i, f, other)];
        *cell = moments_merge(*cell, (struct moments_sums){1, means[i], 0});
    }
    for (size_t i = 0; i < g->n_arms; i++) {
        double off = cells[cell_of(g, i, f, other)].mean - all;
        sum += off * off;
    }
    return sum;
}

static double square_of(const struct effects_group *g, const struct effects_share *s, const double *means, double all,
                        struct moments_sums *cells)
{
    double one = cells_square(g, means, all, s->factor, s->factor, cells);
    if (s->source == EFFECTS_FACTOR)
        return one;
    return cells_square(g, means, all, s->factor, s->other, cells) - one -
           cells_square(g, means, all, s->other, s->other, cells);
}

/* Scratch for one look at the shares. */
struct work {
    double *means, *shares;
    struct moments_sums *cells;
};

static struct work work_for(const struct effects_group *g, size_t sources, struct arena *arena)
{
    size_t most = 0;
    for (size_t f = 0; f < g->design->n_factors; f++)
        most = g->design->factors[f].n_levels > most ? g->design->factors[f].n_levels : most;
    return (struct work){arena_alloc(arena, g->n_arms * sizeof(double)), arena_alloc(arena, sources * sizeof(double)),
                         arena_alloc(arena, (most + 1) * (most + 1) * sizeof(struct moments_sums))};
}

/* The shares of the sources of `s` (their kinds and factors are set) in y. */
static void shares_in(const struct effects_group *g, const struct effects_shares *s, const double *y, struct work *w)
{
    double blocks = (double)s->blocks, arms = (double)g->n_arms, all = moments_mean(y, s->blocks * g->n_arms);
    double total = 0, of_blocks = 0, of_arms = 0, explained = 0;
    for (size_t i = 0; i < s->blocks * g->n_arms; i++)
        total += (y[i] - all) * (y[i] - all);
    for (size_t b = 0; b < s->blocks; b++)
        of_blocks += arms * pow(moments_mean(y + b * g->n_arms, g->n_arms) - all, 2);
    for (size_t k = 0; k < g->n_arms; k++) {
        w->means[k] = 0;
        for (size_t b = 0; b < s->blocks; b++)
            w->means[k] += y[b * g->n_arms + k] / blocks;
        of_arms += blocks * (w->means[k] - all) * (w->means[k] - all);
    }
    for (size_t i = 0; i < s->n; i++) {
        double square = s->at[i].source == EFFECTS_BLOCK    ? of_blocks
                        : s->at[i].source == EFFECTS_HIGHER ? fmax(0, of_arms - explained)
                        : s->at[i].source == EFFECTS_REST   ? fmax(0, total - of_blocks - of_arms)
                                                            : blocks * square_of(g, &s->at[i], w->means, all, w->cells);
        if (s->at[i].source == EFFECTS_FACTOR || s->at[i].source == EFFECTS_TWO)
            explained += square;
        w->shares[i] = total > 0 ? fmax(0, square) / total : NAN;
    }
}

/* Levels that the group's arms have of a factor. */
static size_t levels_in(const struct effects_group *g, size_t f)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n_arms; i++) {
        size_t k = 0;
        while (k < i && g->arms[k]->level[f] != g->arms[i]->level[f])
            k++;
        n += k == i;
    }
    return n;
}

static bool is_incomplete(const struct effects_group *g)
{
    size_t combinations = 1;
    for (size_t f = 0; f < g->design->n_factors; f++) {
        for (size_t i = 0; i < g->n_arms; i++)
            if (g->arms[i]->level[f] == DESIGN_ANY && levels_in(g, f) > 1)
                return true;
        combinations *= levels_in(g, f);
    }
    return combinations != g->n_arms;
}

static void add_source(struct effects_shares *s, enum effects_source source, size_t f, size_t other, double df)
{
    s->at[s->n++] = (struct effects_share){.source = source, .factor = f, .other = other, .df = df};
}

static void list_sources(const struct effects_group *g, struct effects_shares *s)
{
    size_t factors = g->design->n_factors;
    double left = (double)g->n_arms - 1;
    add_source(s, EFFECTS_BLOCK, 0, 0, (double)s->blocks - 1);
    for (size_t f = 0; f < factors; f++)
        if (levels_in(g, f) > 1) {
            add_source(s, EFFECTS_FACTOR, f, f, (double)levels_in(g, f) - 1);
            left -= (double)levels_in(g, f) - 1;
        }
    for (size_t f = 0; f < factors && !s->incomplete; f++)
        for (size_t other = f + 1; other < factors; other++) {
            double df = ((double)levels_in(g, f) - 1) * ((double)levels_in(g, other) - 1);
            if (df > 0)
                add_source(s, EFFECTS_TWO, f, other, df);
            left -= df;
        }
    if (left > 0)
        add_source(s, EFFECTS_HIGHER, 0, 0, left);
    add_source(s, EFFECTS_REST, 0, 0, ((double)g->n_arms - 1) * ((double)s->blocks - 1));
}

static void bound_shares(const struct effects_group *g, const struct table_of *t, uint64_t seed, struct arena *arena,
                         struct work *w, struct effects_shares *s)
{
    double *y = arena_alloc(arena, t->blocks * t->arms * sizeof *y);
    double *all = arena_alloc(arena, EFFECTS_REPLICATES * s->n * sizeof *all); /* a row per source */
    size_t drawn = 0;
    for (size_t i = 0; i < EFFECTS_REPLICATES; i++) {
        draw_blocks(t, &seed, y);
        shares_in(g, s, y, w);
        for (size_t k = 0; k < s->n; k++)
            all[k * EFFECTS_REPLICATES + drawn] = w->shares[k];
        drawn += isfinite(w->shares[0]); /* nothing varies in it: no shares */
    }
    for (size_t k = 0; k < s->n; k++) {
        quantile_sort(all + k * EFFECTS_REPLICATES, drawn);
        s->at[k].lo = quantile_hf7(all + k * EFFECTS_REPLICATES, drawn, 0.025);
        s->at[k].hi = quantile_hf7(all + k * EFFECTS_REPLICATES, drawn, 0.975);
    }
}

void effects_shares(const struct effects_group *g, uint64_t seed, struct arena *arena, struct effects_shares *out)
{
    struct table_of t = whole_blocks(g, arena);
    size_t f = g->design->n_factors;
    *out = (struct effects_shares){.blocks = t.blocks, .missing = t.missing, .incomplete = is_incomplete(g)};
    if (t.blocks < 2 || g->n_arms < 2)
        return;
    out->at = arena_alloc(arena, (f + f * f + 3) * sizeof *out->at);
    list_sources(g, out);
    struct work w = work_for(g, out->n, arena);
    shares_in(g, out, t.y, &w);
    if (isnan(w.shares[0])) {
        out->n = 0;
        return;
    }
    for (size_t i = 0; i < out->n; i++) {
        out->at[i].share = w.shares[i];
        out->at[i].chance = out->at[i].df * w.shares[out->n - 1] / out->at[out->n - 1].df;
    }
    bound_shares(g, &t, seed, arena, &w, out);
}

/* ---- the best arm ------------------------------------------------------------------------------------------------- */

/* Medians of the columns of y, signed so that less is better. */
static void medians_of(const double *y, const struct table_of *t, double sign, double *column, double *medians)
{
    for (size_t k = 0; k < t->arms; k++) {
        for (size_t b = 0; b < t->blocks; b++)
            column[b] = sign * y[b * t->arms + k];
        medians[k] = median(column, t->blocks);
    }
}

static size_t least(const double *x, size_t n)
{
    size_t at = 0;
    for (size_t i = 1; i < n; i++)
        at = x[i] < x[at] ? i : at;
    return at;
}

void effects_best(const struct effects_group *g, enum metric_better better, uint64_t seed, struct arena *arena,
                  struct effects_best *out)
{
    struct table_of t = whole_blocks(g, arena);
    double *medians = arena_alloc(arena, (t.arms + 1) * sizeof *medians), wins = 0;
    double *column = arena_alloc(arena, (t.blocks + 1) * sizeof *column);
    double *y = arena_alloc(arena, (t.blocks * t.arms + 1) * sizeof *y), sign = better == BETTER_HIGHER ? -1 : 1;
    *out = (struct effects_best){.median = NAN, .chance = NAN, .blocks = t.blocks};
    if (t.blocks < COMPARE_MIN_RUNS || t.arms < 2 ||
        better == BETTER_NONE) /* resampled, a few blocks agree with themselves */
        return;
    medians_of(t.y, &t, sign, column, medians);
    out->arm = least(medians, t.arms);
    out->median = sign * medians[out->arm];
    for (size_t i = 0; i < EFFECTS_REPLICATES; i++) {
        draw_blocks(&t, &seed, y);
        medians_of(y, &t, sign, column, medians);
        double best = medians[least(medians, t.arms)], ties = 0;
        for (size_t k = 0; k < t.arms; k++)
            ties += medians[k] == best;
        wins += medians[out->arm] == best ? 1 / ties : 0;
    }
    out->chance = wins / EFFECTS_REPLICATES;
}
