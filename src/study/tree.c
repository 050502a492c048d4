/* tree.c: see tree.h. */
#include "study/tree.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum { MAX_SUGGESTED = 64 };

static const char *const named_lists[] = {"servers", "agents", "loads", "arms", "factors"};

struct setting {
    const struct yaml_node *path, *value;
    struct arena *arena;
    struct err *e;
};

const char *tree_name(const struct yaml_node *element)
{
    const struct yaml_node *name = yaml_get(element, "name");
    return name && name->type != YAML_MAP && name->type != YAML_LIST && name->type != YAML_NULL ? name->text : NULL;
}

/* A copy whose items can be replaced, with room for one more. */
static struct yaml_node *copy(const struct yaml_node *node, struct arena *a)
{
    struct yaml_node *c = arena_alloc(a, sizeof *c);
    size_t bytes = node->n * sizeof *node->item, room = (node->n + 1) * sizeof *node->item;
    *c = *node;
    c->item = arena_grow(a, node->item, bytes, room);
    if (node->type == YAML_MAP)
        c->key = arena_grow(a, node->key, bytes, room);
    return c;
}

static void take_away(struct yaml_node *c, size_t i)
{
    size_t behind = (c->n - i - 1) * sizeof *c->item;
    memmove(c->item + i, c->item + i + 1, behind);
    if (c->type == YAML_MAP)
        memmove(c->key + i, c->key + i + 1, behind);
    c->n--;
}

static size_t key_at(const struct yaml_node *map, struct span key)
{
    size_t i = 0;
    while (i < map->n && !span_eq_z(key, map->key[i]->text))
        i++;
    return i;
}

static struct yaml_node *made_at(const struct setting *s, enum yaml_type type, struct span text)
{
    struct yaml_node *n = arena_alloc(s->arena, sizeof *n);
    n->type = type;
    n->file = s->path->file;
    n->line = s->path->line;
    n->column = s->path->column;
    n->text = arena_dup(s->arena, text.at, text.len);
    n->len = text.len;
    return n;
}

static int set_below(const struct setting *s, struct yaml_node **node, const char *rest);

/* `rest` is what follows the element: empty when it is the goal itself. */
static int set_item(const struct setting *s, struct yaml_node *c, size_t i, const char *rest)
{
    if (*rest)
        return set_below(s, &c->item[i], rest + 1);
    if (s->value->type == YAML_NULL)
        take_away(c, i);
    else
        c->item[i] = (struct yaml_node *)(uintptr_t)s->value; /* trees share what nobody changes */
    return 0;
}

static int no_list(const struct setting *s, struct span key)
{
    for (size_t i = 0; i < sizeof named_lists / sizeof named_lists[0]; i++)
        if (span_eq_z(key, named_lists[i]))
            return yaml_error(s->path, s->e, "'%s' names nothing: the study has no '%s'", s->path->text,
                              named_lists[i]);
    return 0;
}

static int set_in_map(const struct setting *s, struct yaml_node *map, const char *rest)
{
    struct span key = {rest, strcspn(rest, ".")};
    size_t i = key_at(map, key);
    if (i == map->n) {
        int rc = rest == s->path->text && rest[key.len] ? no_list(s, key) : 0;
        if (rc || (s->value->type == YAML_NULL && !rest[key.len]))
            return rc;
        map->key[i] = made_at(s, YAML_TEXT, key);
        map->item[i] = made_at(s, YAML_MAP, key);
        map->n++;
    }
    return set_item(s, map, i, rest + key.len);
}

static int no_element(const struct setting *s, const struct yaml_node *list, const char *rest)
{
    const char *names[MAX_SUGGESTED];
    size_t n = 0;
    char word[64];
    for (size_t i = 0; i < list->n && n < MAX_SUGGESTED; i++)
        if (tree_name(list->item[i]))
            names[n++] = tree_name(list->item[i]);
    snprintf(word, sizeof word, "%.*s", (int)strcspn(rest, "."), rest);
    struct str hint = STR_INIT;
    word_hint(&hint, word, names, n);
    int rc = yaml_error(s->path, s->e, "'%s' names nothing: there is no '%s'%s", s->path->text, word, str_z(&hint));
    str_release(&hint);
    return rc;
}

/* Names may hold dots: the longest one that the path begins with. */
static size_t element_at(const struct yaml_node *list, const char *rest, size_t *len)
{
    size_t found = list->n;
    *len = 0;
    for (size_t i = 0; i < list->n; i++) {
        const char *name = tree_name(list->item[i]);
        size_t n = name ? strlen(name) : 0;
        if (n > *len && strncmp(rest, name, n) == 0 && (rest[n] == '.' || !rest[n])) {
            found = i;
            *len = n;
        }
    }
    return found;
}

static int set_in_list(const struct setting *s, struct yaml_node *list, const char *rest)
{
    size_t len, i;
    if (rest[0] == '*' && (rest[1] == '.' || !rest[1])) {
        int rc = list->n ? 0 : yaml_error(s->path, s->e, "'%s' names nothing: the list is empty", s->path->text);
        for (i = list->n; i-- > 0 && !rc;) /* backwards: an element may be taken away */
            rc = set_item(s, list, i, rest + 1);
        return rc;
    }
    i = element_at(list, rest, &len);
    return i == list->n ? no_element(s, list, rest) : set_item(s, list, i, rest + len);
}

/* Depth is bounded by the length of the path. */
static int set_below(const struct setting *s, struct yaml_node **node, const char *rest)
{
    if (*rest == '.' || !*rest)
        return yaml_error(s->path, s->e, "'%s' is no path: a name is missing beside a '.'", s->path->text);
    if ((*node)->type != YAML_MAP && (*node)->type != YAML_LIST)
        return yaml_error(s->path, s->e, "'%s' names nothing: before '%s' stands %s", s->path->text, rest,
                          yaml_type_word((*node)->type));
    *node = copy(*node, s->arena);
    return (*node)->type == YAML_MAP ? set_in_map(s, *node, rest) : set_in_list(s, *node, rest);
}

int tree_set(struct yaml_node **root, const struct yaml_node *path, const struct yaml_node *value, struct arena *a,
             struct err *e)
{
    struct setting s = {path, value, a, e};
    if (path->len > TREE_MAX_PATH)
        return yaml_error(path, e, "a path of more than %d characters", TREE_MAX_PATH);
    return set_below(&s, root, path->text);
}

int tree_set_all(struct yaml_node **root, const struct yaml_node *sets, struct arena *a, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; i < sets->n && !rc; i++)
        rc = tree_set(root, sets->key[i], sets->item[i], a, e);
    return rc;
}

/* ---- merge --------------------------------------------------------------------------------------------------------- */

static bool all_named(const struct yaml_node *list)
{
    bool ok = list->type == YAML_LIST;
    for (size_t i = 0; ok && i < list->n; i++)
        ok = tree_name(list->item[i]) != NULL;
    return ok;
}

static bool merges_by_name(const char *key, const struct yaml_node *under, const struct yaml_node *over)
{
    for (size_t i = 0; i < sizeof named_lists / sizeof named_lists[0]; i++)
        if (strcmp(key, named_lists[i]) == 0)
            return all_named(under) && all_named(over);
    return false;
}

static void put_first(struct yaml_node **to, struct yaml_node *const *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i];
}

static struct yaml_node *merge_lists(const struct yaml_node *under, const struct yaml_node *over, struct arena *a)
{
    struct yaml_node *m = arena_alloc(a, sizeof *m);
    *m = *over;
    m->item = arena_alloc(a, (under->n + over->n + 1) * sizeof *m->item);
    put_first(m->item, under->item, under->n);
    m->n = under->n;
    for (size_t i = 0; i < over->n; i++) {
        size_t k = 0;
        while (k < under->n && strcmp(tree_name(m->item[k]), tree_name(over->item[i])) != 0)
            k++;
        if (k < under->n)
            m->item[k] = tree_merge(m->item[k], over->item[i], a);
        else
            m->item[m->n++] = over->item[i];
    }
    return m;
}

struct yaml_node *tree_merge(const struct yaml_node *under, const struct yaml_node *over, struct arena *a)
{
    struct yaml_node *m = arena_alloc(a, sizeof *m);
    *m = *over;
    m->item = arena_alloc(a, (under->n + over->n + 1) * sizeof *m->item);
    m->key = arena_alloc(a, (under->n + over->n + 1) * sizeof *m->key);
    put_first(m->item, under->item, under->n);
    put_first(m->key, under->key, under->n);
    m->n = under->n;
    for (size_t i = 0; i < over->n; i++) {
        const char *key = over->key[i]->text;
        size_t k = key_at(m, span_z(key));
        const struct yaml_node *below = k < m->n ? m->item[k] : NULL, *above = over->item[i];
        m->key[k] = over->key[i];
        m->item[k] = over->item[i];
        if (!below)
            m->n++;
        else if (below->type == YAML_MAP && above->type == YAML_MAP)
            m->item[k] = tree_merge(below, above, a);
        else if (merges_by_name(key, below, above))
            m->item[k] = merge_lists(below, above, a);
    }
    return m;
}
