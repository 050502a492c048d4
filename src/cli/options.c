/* options.c: see options.h. */
#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int choose_word(const char *what, const char *word, const char *const *words, size_t n, size_t *i, struct err *e)
{
    for (*i = 0; *i < n; ++*i)
        if (strcmp(words[*i], word) == 0)
            return 0;
    const char *near = word_suggest(word, words, n);
    if (near)
        return err_set(e, ERR_USAGE, "no %s '%s'; did you mean '%s'?", what, word, near);
    struct str all = STR_INIT;
    for (size_t k = 0; k < n; k++)
        str_addf(&all, "%s%s", k ? ", " : "", words[k]);
    int rc = err_set(e, ERR_USAGE, "no %s '%s'; there are %s", what, word, str_z(&all));
    str_release(&all);
    return rc;
}

void text_list_add(struct text_list *l, const char *text)
{
    l->at = xrealloc(l->at, (l->n + 2) * sizeof *l->at);
    l->at[l->n++] = text;
    l->at[l->n] = NULL;
}

void text_list_release(struct text_list *l)
{
    free(l->at);
    *l = (struct text_list){0};
}

static int unknown(const struct option_row *rows, const char *word, size_t len, struct err *e)
{
    enum { MOST = 64 };
    const char *names[MOST];
    size_t n = 0;
    char name[64];
    len = len < sizeof name - 1 ? len : sizeof name - 1;
    memcpy(name, word, len);
    name[len] = 0;
    for (; rows->name && n < MOST; rows++)
        names[n++] = rows->name;
    const char *near = word_suggest(name, names, n);
    if (near)
        return err_set(e, ERR_USAGE, "unknown option --%s; did you mean --%s?", name, near);
    return err_set(e, ERR_USAGE, "unknown option --%s; --help lists them", name);
}

static int set_number(const struct option_row *row, const char *value, struct err *e)
{
    char *end = NULL;
    errno = 0;
    if (row->type == OPT_INT) {
        long long v = strtoll(value, &end, 10);
        *(int64_t *)row->to = v;
    } else {
        *(double *)row->to = strtod(value, &end);
    }
    if (errno || end == value || *end)
        return err_set(e, ERR_USAGE, "--%s takes a number, not '%s'", row->name, value);
    return 0;
}

static int set_value(const struct option_row *row, const char *value, struct err *e)
{
    switch (row->type) {
    case OPT_FLAG: *(bool *)row->to = true; return 0;
    case OPT_TEXT:
    case OPT_SPEC: *(const char **)row->to = value; return 0;
    case OPT_LIST: text_list_add(row->to, value); return 0;
    case OPT_INT:
    case OPT_DOUBLE: return set_number(row, value, e);
    }
    BUG("unknown option type");
}

static const struct option_row *find_long(const struct option_row *rows, const char *word, size_t len)
{
    for (; rows->name; rows++)
        if (strlen(rows->name) == len && memcmp(rows->name, word, len) == 0)
            return rows;
    return NULL;
}

static const struct option_row *find_letter(const struct option_row *rows, char letter)
{
    for (; rows->name; rows++)
        if (rows->letter == letter)
            return rows;
    return NULL;
}

/* One option at argv[*i]; advances *i over a value of its own. */
static int parse_one(const struct option_row *rows, int argc, char **argv, int *i, struct err *e)
{
    const char *word = argv[*i], *value = NULL;
    const struct option_row *row;
    if (word[1] == '-') {
        size_t len = strcspn(word + 2, "=");
        row = find_long(rows, word + 2, len);
        if (!row)
            return unknown(rows, word + 2, len, e);
        if (word[2 + len] == '=')
            value = word + 2 + len + 1;
    } else {
        row = find_letter(rows, word[1]);
        if (!row)
            return err_set(e, ERR_USAGE, "unknown option -%c; --help lists them", word[1]);
        if (word[2])
            value = word + 2;
    }
    if (row->type == OPT_FLAG && value)
        return err_set(e, ERR_USAGE, "--%s takes no value", row->name);
    if (row->type != OPT_FLAG && !value) {
        if (*i + 1 >= argc)
            return err_set(e, ERR_USAGE, "--%s needs a value: %s", row->name, row->arg);
        value = argv[++*i];
    }
    return set_value(row, value, e);
}

int options_parse(const struct option_row *rows, int argc, char **argv, struct text_list *operands, bool *help,
                  struct err *e)
{
    bool only_operands = false;
    int rc = 0;
    for (int i = 1; i < argc && !rc; i++) {
        const char *word = argv[i];
        if (only_operands || word[0] != '-' || !word[1])
            text_list_add(operands, word);
        else if (strcmp(word, "--") == 0)
            only_operands = true;
        else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
            *help = true;
        else
            rc = parse_one(rows, argc, argv, &i, e);
    }
    return rc;
}

void options_help(const struct option_row *rows, struct str *out)
{
    for (; rows->name; rows++) {
        struct str left = STR_INIT;
        if (rows->letter)
            str_addf(&left, "-%c, ", rows->letter);
        str_addf(&left, "--%s", rows->name);
        if (rows->arg)
            str_addf(&left, " %s", rows->arg);
        str_addf(out, "  %-28s %s\n", str_z(&left), rows->help);
        str_release(&left);
    }
}
