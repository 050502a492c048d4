/* yaml_read.c: the strict readers of yaml.h: each checks a type or a range and says where it is wrong. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "format/yaml.h"

const char *yaml_type_word(enum yaml_type t)
{
    switch (t) {
    case YAML_NULL: return "nothing";
    case YAML_BOOL: return "true or false";
    case YAML_INT: return "a whole number";
    case YAML_FLOAT: return "a number";
    case YAML_TEXT: return "text";
    case YAML_LIST: return "a list";
    case YAML_MAP: return "a map";
    }
    return "?";
}

int yaml_error(const struct yaml_node *at, struct err *e, const char *fmt, ...)
{
    char text[800];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_at(e, ERR_INPUT, at->line, at->column, "%s:%ld:%ld: %s", at->file, at->line, at->column, text);
}

/* "X must be a list, not text 'abc'" */
static int wrong_type(const struct yaml_node *node, const char *what, const char *wanted, struct err *e)
{
    if (node->type == YAML_LIST || node->type == YAML_MAP || node->type == YAML_NULL)
        return yaml_error(node, e, "%s must be %s, not %s", what, wanted, yaml_type_word(node->type));
    return yaml_error(node, e, "%s must be %s, not %s%.60s%s", what, wanted, node->quoted ? "the text '" : "'",
                      node->text, "'");
}

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    if (!map || map->type != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->key[i]->text, key) == 0)
            return map->item[i];
    return NULL;
}

static bool is_among(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

int yaml_allow(const struct yaml_node *map, const char *const *keys, size_t n, const char *where, struct err *e)
{
    int rc = yaml_as_map(map, where, e);
    for (size_t i = 0; !rc && i < map->n; i++) {
        const struct yaml_node *key = map->key[i];
        if (is_among(key->text, keys, n))
            continue;
        struct str hint = STR_INIT;
        word_hint(&hint, key->text, keys, n);
        rc = yaml_error(key, e, "unknown key '%.60s' in %s%s", key->text, where, str_z(&hint));
        str_release(&hint);
    }
    return rc;
}

int yaml_as_text(const struct yaml_node *node, const char *what, const char **out, struct err *e)
{
    if (node->type != YAML_TEXT)
        return wrong_type(node, what, "text", e);
    *out = node->text;
    return 0;
}

int yaml_as_scalar(const struct yaml_node *node, const char *what, const char **out, struct err *e)
{
    if (node->type == YAML_LIST || node->type == YAML_MAP || node->type == YAML_NULL)
        return wrong_type(node, what, "one value", e);
    *out = node->text;
    return 0;
}

int yaml_as_int(const struct yaml_node *node, const char *what, int64_t min, int64_t max, int64_t *out, struct err *e)
{
    if (node->type != YAML_INT)
        return wrong_type(node, what, "a whole number", e);
    if (node->i < min || node->i > max)
        return yaml_error(node, e, "%s must be %lld to %lld, not %lld", what, (long long)min, (long long)max,
                          (long long)node->i);
    *out = node->i;
    return 0;
}

int yaml_as_double(const struct yaml_node *node, const char *what, double min, double max, double *out, struct err *e)
{
    if (node->type != YAML_FLOAT && node->type != YAML_INT)
        return wrong_type(node, what, "a number", e);
    if (isnan(node->f) || node->f < min || node->f > max)
        return yaml_error(node, e, "%s must be %g to %g, not %.60s", what, min, max, node->text);
    *out = node->f;
    return 0;
}

int yaml_as_bool(const struct yaml_node *node, const char *what, bool *out, struct err *e)
{
    static const char *const not_bool[] = {"yes", "no", "on", "off", "Yes", "No", "On", "Off"};
    if (node->type == YAML_TEXT && !node->quoted && is_among(node->text, not_bool, 8))
        return yaml_error(node, e, "%s must be true or false ('%s' is text in YAML 1.2)", what, node->text);
    if (node->type != YAML_BOOL)
        return wrong_type(node, what, "true or false", e);
    *out = node->b;
    return 0;
}

int yaml_as_choice(const struct yaml_node *node, const char *what, const char *const *words, size_t n, int *out,
                   struct err *e)
{
    const char *word = "";
    int rc = yaml_as_scalar(node, what, &word, e);
    if (rc)
        return rc;
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, words[i]) == 0) {
            *out = (int)i;
            return 0;
        }
    struct str hint = STR_INIT;
    word_hint(&hint, word, words, n);
    rc = yaml_error(node, e, "%s cannot be '%.60s'%s", what, word, str_z(&hint));
    str_release(&hint);
    return rc;
}

int yaml_as_list(const struct yaml_node *node, const char *what, struct err *e)
{
    return node->type == YAML_LIST ? 0 : wrong_type(node, what, "a list", e);
}

int yaml_as_map(const struct yaml_node *node, const char *what, struct err *e)
{
    return node->type == YAML_MAP ? 0 : wrong_type(node, what, "a map", e);
}

int yaml_get_text(const struct yaml_node *map, const char *key, const char **out, struct err *e)
{
    const struct yaml_node *v = yaml_get(map, key);
    return v ? yaml_as_text(v, key, out, e) : 0;
}

int yaml_get_scalar(const struct yaml_node *map, const char *key, const char **out, struct err *e)
{
    const struct yaml_node *v = yaml_get(map, key);
    return v ? yaml_as_scalar(v, key, out, e) : 0;
}

int yaml_get_int(const struct yaml_node *map, const char *key, int64_t min, int64_t max, int64_t *out, struct err *e)
{
    const struct yaml_node *v = yaml_get(map, key);
    return v ? yaml_as_int(v, key, min, max, out, e) : 0;
}

int yaml_get_double(const struct yaml_node *map, const char *key, double min, double max, double *out, struct err *e)
{
    const struct yaml_node *v = yaml_get(map, key);
    return v ? yaml_as_double(v, key, min, max, out, e) : 0;
}

int yaml_get_bool(const struct yaml_node *map, const char *key, bool *out, struct err *e)
{
    const struct yaml_node *v = yaml_get(map, key);
    return v ? yaml_as_bool(v, key, out, e) : 0;
}

int yaml_get_choice(const struct yaml_node *map, const char *key, const char *const *words, size_t n, int *out,
                    struct err *e)
{
    const struct yaml_node *v = yaml_get(map, key);
    return v ? yaml_as_choice(v, key, words, n, out, e) : 0;
}

int yaml_get_list(const struct yaml_node *map, const char *key, struct yaml_node **out, struct err *e)
{
    struct yaml_node *v = yaml_get(map, key);
    int rc = v ? yaml_as_list(v, key, e) : 0;
    if (v && !rc)
        *out = v;
    return rc;
}

int yaml_get_map(const struct yaml_node *map, const char *key, struct yaml_node **out, struct err *e)
{
    struct yaml_node *v = yaml_get(map, key);
    int rc = v ? yaml_as_map(v, key, e) : 0;
    if (v && !rc)
        *out = v;
    return rc;
}

int yaml_need(const struct yaml_node *map, const char *key, const char *where, struct yaml_node **out, struct err *e)
{
    *out = yaml_get(map, key);
    if (!*out)
        return yaml_error(map, e, "%s needs '%s'", where, key);
    return 0;
}

void yaml_add_quoted(struct str *out, const char *z)
{
    str_addc(out, '\'');
    for (; *z; z++) {
        str_addc(out, *z);
        if (*z == '\'')
            str_addc(out, '\'');
    }
    str_addc(out, '\'');
}
