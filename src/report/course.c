/* course.c: see course.h. */
#include "report/course.h"

#include <stdlib.h>
#include <string.h>

#include "format/json.h"

static bool says(const char *json, const char *key, const char *word)
{
    yyjson_doc *doc = json_read_z(json);
    bool same = span_eq_z(json_get_text(yyjson_doc_get_root(doc), key), word);
    yyjson_doc_free(doc);
    return same;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The arms of the plan, each once. */
static void list_arms(const struct store_info *info, struct arena *a, struct study_course *c)
{
    size_t n = info->study.n_rows;
    const char **arms = arena_alloc(a, (n + 1) * sizeof *arms);
    for (size_t i = 0; i < n; i++) {
        arms[i] = info->study.rows[i].arm;
        c->blocks = info->study.rows[i].block >= c->blocks ? info->study.rows[i].block + 1 : c->blocks;
    }
    qsort(arms, n, sizeof *arms, by_name);
    for (size_t i = 0; i < n; i++)
        if (!c->n_arms || strcmp(arms[c->n_arms - 1], arms[i]) != 0)
            arms[c->n_arms++] = arms[i];
    c->arms = arms;
}

enum verdict course_verdict(struct store *s, const struct store_info *info, const struct run *runs, size_t n_runs,
                            bool drifts, struct arena *a, const char **why, bool *enough)
{
    struct study_course c = {.nested = says(info->study.plan_json, "order", "nested"),
                             .enough = says(store_get_note(s, a, "ended"), "why", "precision"),
                             .drifts = drifts,
                             .runs = runs,
                             .n_runs = n_runs};
    struct str text = STR_INIT;
    if (enough)
        *enough = c.enough;
    list_arms(info, a, &c);
    enum verdict v = study_verdict(&c, &text);
    *why = arena_dup(a, str_z(&text), text.len);
    str_release(&text);
    return v;
}
