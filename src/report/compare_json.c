/* compare_json.c: a comparison as one JSON object. Every number raw, in the metric's unit; null where there is none. */
#include <math.h>

#include "format/json.h"
#include "record/verdict.h"
#include "report/compare_view.h"

static void side(struct json_writer *w, const char *key, const struct side_view *s)
{
    json_key(w, key);
    json_object(w);
    json_kz(w, "file", s->file);
    json_kz(w, "arm", s->arm);
    json_kz(w, "study", s->info.study.name);
    json_kz(w, "plan_sha256", s->info.study.plan_sha256);
    json_kint(w, "runs", (int64_t)s->n_counted);
    json_kint(w, "void", (int64_t)s->n_void);
    json_kint(w, "incomplete", (int64_t)s->n_incomplete);
    json_key(w, "suspect_blocks");
    json_array(w);
    for (size_t i = 0; i < s->n_counted; i++)
        if (s->counted[i]->verdict == VERDICT_SUSPECT)
            json_int(w, s->counted[i]->block);
    json_array_end(w);
    json_kdouble(w, "run_s", s->run_s);
    json_object_end(w);
}

static void interval(struct json_writer *w, const char *key, double lo, double hi)
{
    json_key(w, key);
    json_array(w);
    json_double(w, lo);
    json_double(w, hi);
    json_array_end(w);
}

void compare_json_metric(struct json_writer *w, const struct compare_view *v, size_t i)
{
    const struct comparison *c = &v->results[i];
    json_object(w);
    json_kz(w, "id", c->metric->id);
    json_kz(w, "unit", c->metric->unit);
    json_kz(w, "better", *metric_better_word(c->metric->better) ? metric_better_word(c->metric->better) : NULL);
    json_kz(w, "verdict", compare_verdict_word(c->verdict));
    json_kbool(w, "paired", c->paired);
    json_kint(w, "n_baseline", (int64_t)c->n_a);
    json_kint(w, "n_candidate", (int64_t)c->n_b);
    json_kdouble(w, "baseline", c->base);
    json_kdouble(w, "candidate", c->candidate);
    json_kdouble(w, "shift", c->shift);
    json_kdouble(w, "shift_percent", compare_percent(c, c->shift));
    interval(w, "interval", c->lo, c->hi);
    json_kdouble(w, "confidence", c->confidence);
    interval(w, "equivalence_interval", c->eq_lo, c->eq_hi);
    json_kdouble(w, "margin", v->questions[i].margin > 0 ? v->questions[i].margin : NAN);
    json_kdouble(w, "noise_floor", v->questions[i].floor > 0 ? v->questions[i].floor : NAN);
    json_kbool(w, "below_noise_floor", c->below_floor);
    json_kdouble(w, "cliffs_delta", c->delta);
    json_kz(w, "effect", compare_delta_word(c->delta));
    json_kdouble(w, "p", c->p);
    json_kdouble(w, "p_holm", c->p_holm);
    json_kdouble(w, "minimum_detectable", c->mde);
    json_kdouble(w, "more_runs", c->more_runs);
    json_kdouble(w, "more_s", c->more_runs * (v->side[0].run_s + v->side[1].run_s));
    json_object_end(w);
}

void compare_json(const struct compare_view *v, struct str *out)
{
    struct json_writer w;
    json_init(&w, out);
    json_object(&w);
    json_kz(&w, "schema", "chimera.compare/1");
    side(&w, "baseline", &v->side[0]);
    side(&w, "candidate", &v->side[1]);
    json_kz(&w, "answer", v->answer);
    json_key(&w, "metrics");
    json_array(&w);
    for (size_t i = 0; i < v->n; i++)
        compare_json_metric(&w, v, i);
    json_array_end(&w);
    json_key(&w, "differences");
    json_array(&w);
    for (size_t i = 0; i < v->n_differences; i++) {
        json_object(&w);
        json_kz(&w, "fact", v->differences[i].fact);
        json_kz(&w, "baseline", v->differences[i].a);
        json_kz(&w, "candidate", v->differences[i].b);
        json_kbool(&w, "declared", v->differences[i].declared);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_key(&w, "remarks");
    json_array(&w);
    for (size_t i = 0; i < v->n_remarks; i++)
        json_z(&w, v->remarks[i]);
    json_array_end(&w);
    json_object_end(&w);
}
