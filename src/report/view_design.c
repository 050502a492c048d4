/* view_design.c: what the plan tells of the study as a whole. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "report/study_view.h"

/* ---- the family ------------------------------------------------------------------------------------------------------- */

static void add_metric(struct view_study *s, const struct metric *m)
{
    if (m && m->level != METRIC_BLOCK)
        s->metrics[s->n_metrics++] = m;
}

/* Of one kind of runs where the plan names none: plain load, unless an agent is among them. */
static void choose_metrics(struct report_view *v, yyjson_val *named)
{
    struct view_study *s = v->study;
    size_t i, max, n;
    yyjson_val *id;
    bool agents = false;
    for (size_t k = 0; k < v->n_runs; k++)
        agents = agents || run_is_agent(&v->runs[k]);
    const char *const *ids = compare_default_metrics(agents, &n);
    s->metrics = arena_alloc(&v->arena, (n + yyjson_arr_size(named) + 1) * sizeof *s->metrics);
    yyjson_arr_foreach (named, i, max, id)
        add_metric(s, yyjson_is_str(id) ? metric_find(yyjson_get_str(id)) : NULL);
    for (size_t k = 0; k < n && !yyjson_arr_size(named); k++)
        add_metric(s, metric_find(ids[k]));
}

void view_study(struct report_view *v)
{
    yyjson_doc *doc = json_read_z(v->info.study.plan_json);
    yyjson_val *root = yyjson_doc_get_root(doc), *compare = yyjson_obj_get(root, "compare");
    const char *margin = yyjson_get_str(yyjson_obj_get(compare, "margin")), *order;
    char *end = NULL;
    v->study = arena_alloc(&v->arena, sizeof *v->study);
    *v->study = (struct view_study){0};
    choose_metrics(v, yyjson_obj_get(compare, "metrics"));
    if (margin) {
        double percent = strtod(margin, &end);
        v->study->margin = end != margin && !strcmp(end, "%") && percent > 0 && percent < 1e6 ? percent / 100 : 0;
    }
    order = yyjson_get_str(yyjson_obj_get(root, "order"));
    v->study->abba = order && !strcmp(order, "abba");
    yyjson_doc_free(doc);
    view_effects(v);
    view_drifts(v);
    view_causes(v);
}

/* ---- values ----------------------------------------------------------------------------------------------------------- */

static double of_block(const struct speedup_block *b, const struct metric *m)
{
    return !strcmp(m->id, "speedup.time") ? b->time : !strcmp(m->id, "speedup.tokens") ? b->tokens : NAN;
}

struct compare_arm view_arm_values(struct report_view *v, const char *arm, const struct metric *m)
{
    struct compare_run *runs = arena_alloc(&v->arena, (v->n_runs + v->speedup.n_blocks + 1) * sizeof *runs);
    size_t n = 0;
    for (size_t i = 0; m->level == METRIC_BLOCK && i < v->speedup.n_blocks; i++)
        if (!strcmp(v->speedup.blocks[i].arm, arm))
            runs[n++] = (struct compare_run){v->speedup.blocks[i].block, of_block(&v->speedup.blocks[i], m)};
    for (size_t i = 0; m->level != METRIC_BLOCK && i < v->n_arms; i++) {
        const struct view_number *number = strcmp(v->arms[i].name, arm) ? NULL : view_find(&v->arms[i], m->id);
        for (size_t k = 0; number && k < number->n_values; k++)
            runs[n++] = (struct compare_run){v->arms[i].runs[k]->block, number->values[k]};
    }
    return (struct compare_arm){runs, n};
}
