/* json_comparisons.c: the arms against the baseline as JSON. */
#include "format/json.h"
#include "report/compare_view.h"
#include "report/json_view.h"

static void arm(struct json_writer *w, const struct view_comparison *c)
{
    json_object(w);
    json_kz(w, "arm", c->arm->name);
    if (c->refused)
        json_kz(w, "not_compared", c->refused);
    json_key(w, "metrics");
    json_array(w);
    for (size_t i = 0; c->pair && i < c->pair->n; i++)
        compare_json_metric(w, c->pair, i);
    json_array_end(w);
    json_object_end(w);
}

void json_comparisons(struct json_writer *w, const struct report_view *v)
{
    const struct view_comparisons *all = &v->comparisons;
    if (!all->base)
        return;
    json_key(w, "comparisons");
    json_object(w);
    json_kz(w, "baseline", all->base->name);
    json_kint(w, "family", all->top ? (int64_t)(all->n_compared * all->top->pair->n) : 0);
    json_kint(w, "arms_left_out", (int64_t)all->left_out);
    json_key(w, "arms");
    json_array(w);
    for (size_t i = 0; i < all->n; i++)
        arm(w, &all->at[i]);
    json_array_end(w);
    json_object_end(w);
}
