/* design.c: see design.h. */
#include "analysis/design.h"

#include <string.h>

#include "format/json.h"

const struct design_arm *design_find(const struct design *d, const char *arm)
{
    for (size_t i = 0; arm && d->n_factors && i < d->n_arms; i++)
        if (!strcmp(d->arms[i].name, arm))
            return &d->arms[i];
    return NULL;
}

bool design_alike(const struct design *d, const struct design_arm *a, const struct design_arm *b, size_t except)
{
    for (size_t f = 0; f < d->n_factors; f++)
        if (f != except && a->level[f] != b->level[f] && a->level[f] != DESIGN_ANY && b->level[f] != DESIGN_ANY)
            return false;
    return true;
}

/* ---- factors and levels ---------------------------------------------------------------------------------------------- */

static bool has_agent(const struct design_arm *a, const char *name)
{
    for (size_t i = 0; i < a->n_agents; i++)
        if (!strcmp(a->agents[i], name))
            return true;
    return false;
}

bool design_serves(const struct design *d, const struct design_arm *solo, const struct design_arm *multi)
{
    if (!solo->n_agents || !multi->n_agents)
        return design_alike(d, solo, multi, d->n_factors);
    for (size_t i = 0; i < solo->n_agents; i++)
        if (!has_agent(multi, solo->agents[i]))
            return false;
    return true;
}

static const char *text_of(struct arena *to, yyjson_val *val)
{
    return yyjson_is_str(val) ? arena_dupz(to, yyjson_get_str(val)) : "";
}

static void read_factors(struct design *d, struct arena *to, yyjson_val *list)
{
    size_t i, max, k, levels;
    yyjson_val *factor, *level;
    d->factors = arena_alloc(to, (yyjson_arr_size(list) + 1) * sizeof *d->factors);
    yyjson_arr_foreach (list, i, max, factor) {
        yyjson_val *names = yyjson_obj_get(factor, "levels");
        if (d->n_factors == DESIGN_FACTORS_MAX)
            break;
        struct design_factor *f = &d->factors[d->n_factors++];
        *f = (struct design_factor){.name = text_of(to, yyjson_obj_get(factor, "name"))};
        f->levels = arena_alloc(to, (yyjson_arr_size(names) + 1) * sizeof *f->levels);
        yyjson_arr_foreach (names, k, levels, level) {
            if (f->n_levels < DESIGN_LEVELS_MAX)
                f->levels[f->n_levels++] = text_of(to, level);
        }
    }
}

static int level_index(const struct design_factor *f, yyjson_val *level)
{
    for (size_t i = 0; yyjson_is_str(level) && i < f->n_levels; i++)
        if (!strcmp(f->levels[i], yyjson_get_str(level)))
            return (int)i;
    return DESIGN_ANY;
}

static void read_agents(struct design_arm *a, struct arena *to, yyjson_val *list)
{
    size_t i, max;
    yyjson_val *name;
    a->agents = arena_alloc(to, (yyjson_arr_size(list) + 1) * sizeof *a->agents);
    yyjson_arr_foreach (list, i, max, name)
        a->agents[a->n_agents++] = text_of(to, name);
}

static void read_arms(struct design *d, struct arena *to, yyjson_val *list)
{
    size_t i, max;
    yyjson_val *arm;
    d->arms = arena_alloc(to, (yyjson_arr_size(list) + 1) * sizeof *d->arms);
    yyjson_arr_foreach (list, i, max, arm) {
        struct design_arm *a = &d->arms[d->n_arms++];
        *a = (struct design_arm){.name = text_of(to, yyjson_obj_get(arm, "name"))};
        a->base = yyjson_is_str(yyjson_obj_get(arm, "base")) ? text_of(to, yyjson_obj_get(arm, "base")) : a->name;
        read_agents(a, to, yyjson_obj_get(arm, "agents"));
        a->level = arena_alloc(to, (d->n_factors + 1) * sizeof *a->level);
        for (size_t f = 0; f < d->n_factors; f++)
            a->level[f] = level_index(&d->factors[f],
                                      yyjson_obj_get(yyjson_obj_get(arm, "levels"), d->factors[f].name));
    }
}

void design_read(struct design *d, const char *plan_json, struct arena *a)
{
    *d = (struct design){0};
    yyjson_doc *doc = json_read_z(plan_json);
    yyjson_val *root = yyjson_doc_get_root(doc), *factors = yyjson_obj_get(root, "factors");
    if (yyjson_arr_size(factors) && yyjson_arr_size(yyjson_obj_get(root, "arms")) <= DESIGN_ARMS_MAX) {
        read_factors(d, a, factors);
        read_arms(d, a, yyjson_obj_get(root, "arms"));
    }
    yyjson_doc_free(doc);
}
