/* file_factors.c: see file_factors.h. */
#include "study/file_factors.h"

#include <string.h>

#include "study/file.h"
#include "study/tree.h"

/* ---- paths --------------------------------------------------------------------------------------------------------- */

/* What is of the whole study can not differ between its arms. */
static int check_path(const struct yaml_node *path, struct err *e)
{
    static const char *const parts[] = {"servers.", "agents.", "loads."};
    const char *text;
    int rc = yaml_as_text(path, "a path", &text, e);
    for (size_t i = 0; i < 3 && !rc; i++)
        if (strncmp(text, parts[i], strlen(parts[i])) == 0)
            return 0;
    return rc ? rc
              : yaml_error(path, e, "'%s': a factor changes something of servers, agents or loads, such as agents.*.%s",
                           text, "options.num_ctx");
}

static int check_paths(const struct yaml_node *set, struct err *e)
{
    int rc = 0;
    if (set->type != YAML_LIST)
        return check_path(set, e);
    for (size_t i = 0; i < set->n && !rc; i++)
        rc = check_path(set->item[i], e);
    return rc;
}

static int check_sets(const struct yaml_node *sets, struct err *e)
{
    int rc = yaml_as_map(sets, "set", e);
    for (size_t i = 0; !rc && i < sets->n; i++)
        rc = check_path(sets->key[i], e);
    return rc;
}

/* ---- levels -------------------------------------------------------------------------------------------------------- */

static int read_level(const struct factor *f, const struct yaml_node *node, struct level *l, struct arena *a,
                      struct err *e)
{
    int rc = 0;
    *l = (struct level){.node = node, .value = node, .name = node->text};
    if (node->type == YAML_LIST)
        return yaml_error(node, e, "a level is a value, or a map of name with value or set");
    if (node->type == YAML_NULL) {
        l->name = "unset";
    } else if (node->type == YAML_MAP) {
        l->value = yaml_get(node, "value");
        l->set = yaml_get(node, "set");
        if ((rc = file_allow(node, "levels", e)) || (rc = file_read_name(node, "a level", a, &l->name, e)) ||
            (rc = l->set ? check_sets(l->set, e) : 0))
            return rc;
    } else if (file_check_name(node, node->text, NULL)) {
        return yaml_error(node, e, "the level '%.60s' becomes part of names: write {name: …, value: '%.60s'}", l->name,
                          l->name);
    }
    return l->value && !f->set ? yaml_error(node, e, "the level '%s' has a value, and the factor '%s' no 'set' for it",
                                            l->name, f->name)
                               : 0;
}

static int read_levels(struct factor *f, struct arena *a, struct err *e)
{
    struct yaml_node *list;
    int rc = yaml_need(f->node, "levels", "a factor", &list, e);
    if (rc || (rc = yaml_as_list(list, "levels", e)))
        return rc;
    if (!list->n || list->n > LEVELS_MAX)
        return yaml_error(list, e, "levels: %zu of them; 1 to %d are possible", list->n, LEVELS_MAX);
    f->n_levels = list->n;
    f->levels = arena_alloc(a, list->n * sizeof *f->levels);
    for (size_t i = 0; i < list->n && !rc; i++) {
        rc = read_level(f, list->item[i], &f->levels[i], a, e);
        for (size_t k = 0; k < i && !rc; k++)
            if (strcmp(f->levels[k].name, f->levels[i].name) == 0)
                rc = yaml_error(list->item[i], e, "two levels of '%s' are '%s'", f->name, f->levels[i].name);
    }
    return rc;
}

/* ---- conditions ---------------------------------------------------------------------------------------------------- */

static int find_factor(const struct factors *f, size_t n_known, const struct yaml_node *key, size_t *out, struct err *e)
{
    const char *names[FACTORS_MAX];
    for (size_t i = 0; i < f->n; i++) {
        names[i] = f->at[i].name;
        if (strcmp(names[i], key->text) != 0)
            continue;
        *out = i;
        return i < n_known ? 0 : yaml_error(key, e, "'%s' stands behind this factor: put it first", key->text);
    }
    struct str hint = STR_INIT;
    word_hint(&hint, key->text, names, f->n);
    int rc = yaml_error(key, e, "no factor '%.60s'%s", key->text, str_z(&hint));
    str_release(&hint);
    return rc;
}

static int add_level(const struct factor *f, const struct yaml_node *node, uint64_t *bits, struct err *e)
{
    const char *names[LEVELS_MAX];
    int found = 0;
    for (size_t i = 0; i < f->n_levels; i++)
        names[i] = f->levels[i].name;
    int rc = yaml_as_choice(node, f->name, names, f->n_levels, &found, e);
    if (!rc)
        *bits |= UINT64_C(1) << found;
    return rc;
}

int condition_read(const struct factors *f, size_t n_known, const struct yaml_node *map, struct condition *out,
                   struct err *e)
{
    *out = (struct condition){0};
    int rc = yaml_as_map(map, "a condition", e);
    if (!rc && !map->n)
        rc = yaml_error(map, e, "an empty condition: FACTOR: LEVEL is needed");
    for (size_t i = 0; !rc && i < map->n; i++) {
        const struct yaml_node *value = map->item[i];
        size_t at = 0;
        rc = find_factor(f, n_known, map->key[i], &at, e);
        if (!rc && value->type != YAML_LIST)
            rc = add_level(&f->at[at], value, &out->levels[at], e);
        else if (!rc && !value->n)
            rc = yaml_error(value, e, "'%s': at which levels?", map->key[i]->text);
        for (size_t k = 0; !rc && value->type == YAML_LIST && k < value->n; k++)
            rc = add_level(&f->at[at], value->item[k], &out->levels[at], e);
    }
    return rc;
}

bool condition_holds(const struct condition *c, const struct combination *at)
{
    for (size_t i = 0; i < FACTORS_MAX; i++)
        if (c->levels[i] && (at->level[i] < 0 || !(c->levels[i] >> at->level[i] & 1)))
            return false;
    return true;
}

/* ---- factors ------------------------------------------------------------------------------------------------------- */

static int read_factor(struct factors *f, const struct yaml_node *node, struct arena *a, struct err *e)
{
    struct factor *one = &f->at[f->n];
    *one = (struct factor){.node = node};
    int rc = yaml_as_map(node, "factors", e);
    if (rc || (rc = file_allow(node, "factors", e)) || (rc = file_read_name(node, "a factor", a, &one->name, e)))
        return rc;
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->at[i].name, one->name) == 0)
            return yaml_error(node, e, "two factors are named '%s'", one->name);
    one->set = yaml_get(node, "set");
    if ((one->set && (rc = check_paths(one->set, e))) || (rc = read_levels(one, a, e)))
        return rc;
    f->n++;
    struct yaml_node *when = yaml_get(node, "when");
    return when ? condition_read(f, f->n - 1, when, &one->when, e) : 0;
}

static int read_exclude(struct factors *f, const struct yaml_node *root, struct arena *a, struct err *e)
{
    struct yaml_node *list = NULL;
    int rc = yaml_get_list(root, "exclude", &list, e);
    if (rc || !list)
        return rc;
    if (!f->n)
        return yaml_error(list, e, "exclude: the study has no factors");
    f->exclude_list = list;
    f->exclude = arena_alloc(a, (list->n + 1) * sizeof *f->exclude);
    for (size_t i = 0; i < list->n && !rc; i++)
        rc = condition_read(f, f->n, list->item[i], &f->exclude[i], e);
    return rc;
}

int factors_read(struct factors *f, const struct yaml_node *root, struct arena *a, struct err *e)
{
    struct yaml_node *list = NULL;
    *f = (struct factors){0};
    int rc = yaml_get_list(root, "factors", &list, e);
    if (!rc && list && list->n > FACTORS_MAX)
        rc = yaml_error(list, e, "factors: %zu of them; at most %d are possible", list->n, FACTORS_MAX);
    for (size_t i = 0; !rc && list && i < list->n; i++)
        rc = read_factor(f, list->item[i], a, e);
    return rc ? rc : read_exclude(f, root, a, e);
}

int factors_apply(const struct factors *f, const struct combination *at, struct yaml_node **root, struct arena *a,
                  struct err *e)
{
    int rc = 0;
    for (size_t i = 0; i < f->n && !rc; i++) {
        const struct factor *one = &f->at[i];
        const struct level *l = at->level[i] < 0 ? NULL : &one->levels[at->level[i]];
        if (l && l->value && one->set->type != YAML_LIST)
            rc = tree_set(root, one->set, l->value, a, e);
        for (size_t k = 0; l && l->value && one->set->type == YAML_LIST && k < one->set->n && !rc; k++)
            rc = tree_set(root, one->set->item[k], l->value, a, e);
        if (!rc && l && l->set)
            rc = tree_set_all(root, l->set, a, e);
    }
    return rc;
}
