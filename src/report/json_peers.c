/* json_peers.c: "peers": one object per arm and row of other tools' definitions. */
#include "report/json_view.h"

/* {"id","tool","name","arm","value","statistic","unit","n","n_of","lack","median","p90","p99",
 * "percentiles","lack_percentiles","definition","source"}: value is the mean over n values; null with a reason
 * in lack when the tool would have needed what the record does not hold. */
static void peer(struct json_writer *w, const struct view_arm *arm, const struct peer *row, const struct peer_number *x)
{
    json_object(w);
    json_kz(w, "id", row->id);
    json_kz(w, "tool", row->tool->name);
    json_kz(w, "name", row->name);
    json_kz(w, "arm", arm->name);
    json_kdouble(w, "value", x->mean);
    json_kz(w, "statistic", row->of_run ? "mean over runs" : "mean, pooled over requests of all counted runs");
    json_kz(w, "unit", row->unit);
    json_kint(w, "n", (int64_t)x->n);
    json_kz(w, "n_of", row->over);
    json_kz(w, "lack", x->lack);
    if (!row->of_run) {
        json_kdouble(w, "median", x->p50);
        json_kdouble(w, "p90", x->p90);
        json_kdouble(w, "p99", x->p99);
        json_kz(w, "percentiles", peer_rule_words(row->tool->rule));
        json_kz(w, "lack_percentiles", x->lack ? x->lack : x->lack_quantiles);
    }
    json_kz(w, "definition", row->definition);
    json_kz(w, "source", row->tool->source);
    json_object_end(w);
}

static void limit(struct json_writer *w, const char *key, double ms)
{
    if (ms > 0)
        json_kdouble(w, key, ms);
    else
        json_knull(w, key);
}

/* "peer_limits":{"ttft_ms","tpot_ms","e2e_ms"}: what goodput was asked for; null: no limit. */
static void limits(struct json_writer *w, const struct peer_limits *l)
{
    json_key(w, "peer_limits");
    json_object(w);
    limit(w, "ttft_ms", l->ttft_ms);
    limit(w, "tpot_ms", l->tpot_ms);
    limit(w, "e2e_ms", l->e2e_ms);
    json_object_end(w);
}

void json_peers(struct json_writer *w, const struct report_view *v)
{
    const struct peer *row;
    if (!v->with_peers)
        return;
    if (v->peer_limits)
        limits(w, v->peer_limits);
    json_key(w, "peers");
    json_array(w);
    for (size_t i = 0; i < v->n_arms; i++)
        for (size_t k = 0; v->arms[i].peers && (row = peer_at(k)); k++)
            peer(w, &v->arms[i], row, &v->arms[i].peers[k]);
    json_array_end(w);
}
