/* noise.c: see noise.h. */
#include "report/noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare.h"
#include "base/hash.h"
#include "format/json.h"
#include "report/facts.h"
#include "report/number.h"
#include "report/view.h"
#include "stats/quantile.h"

#define SCHEMA "chimera.aa/1"
#define METHOD "95 % quantile (nearest rank) of |x - y| over all pairs of runs"

/* Facts are the same for the same server, and in the same order; its name is the study's. */
static void key_of(const char *facts_json, char hex[SHA256_HEX])
{
    struct arena a = {0};
    struct str text = STR_INIT;
    struct facts f = facts_of(&a, facts_json);
    for (size_t i = 0; i < f.n; i++)
        if (strcmp(f.rows[i].key, "name") != 0)
            str_addf(&text, "%s=%s\n", f.rows[i].key, f.rows[i].value);
    sha256_hex(str_z(&text), text.len, hex);
    str_release(&text);
    arena_release(&a);
}

/* ---- made ------------------------------------------------------------------------------------------------------------ */

struct source {
    struct arena arena;
    struct run *runs;
    struct named_json *servers;
    size_t n_runs, n_servers;
    struct store_info info;
};

static void add_metric(struct json_writer *w, const struct source *x, const struct metric *m)
{
    double *values = xmalloc((x->n_runs + 1) * sizeof *values);
    size_t n = 0;
    for (size_t i = 0; i < x->n_runs; i++) {
        double value = run_is_counted(&x->runs[i]) ? run_median_of(&x->runs[i], m) : NAN;
        if (isfinite(value))
            values[n++] = value;
    }
    double floor = compare_noise(values, n), middle = median(values, n);
    free(values);
    if (n < 2)
        return;
    json_object(w);
    json_kz(w, "id", m->id);
    json_kz(w, "unit", m->unit);
    json_kint(w, "runs", (int64_t)n);
    json_kint(w, "pairs", (int64_t)(n * (n - 1) / 2));
    json_kdouble(w, "median", middle);
    json_kdouble(w, "floor", floor);
    json_kdouble(w, "share", middle ? floor / fabs(middle) : NAN);
    json_object_end(w);
}

static void write_one(const struct source *x, struct str *json)
{
    struct json_writer w;
    char key[SHA256_HEX];
    key_of(x->servers[0].json, key);
    json_init(&w, json);
    json_object(&w);
    json_kz(&w, "schema", SCHEMA);
    json_kz(&w, "server", key);
    json_kz(&w, "plan_sha256", x->info.study.plan_sha256);
    json_kint(&w, "measured_wall_ns", x->info.created_wall_ns);
    json_kz(&w, "method", METHOD);
    json_key(&w, "facts");
    json_raw(&w, x->servers[0].json, strlen(x->servers[0].json));
    json_key(&w, "metrics");
    json_array(&w);
    for (size_t i = 0; metric_at(i); i++)
        if (metric_at(i)->better != BETTER_NONE)
            add_metric(&w, x, metric_at(i));
    json_array_end(&w);
    json_object_end(&w);
}

int noise_of_result(struct store *s, struct str *json, struct err *e)
{
    struct source x = {0};
    size_t counted = 0;
    int rc = store_info(s, &x.arena, &x.info, e);
    if (!rc)
        rc = store_runs(s, STORE_CHUNKS, &x.arena, &x.runs, &x.n_runs, e);
    if (!rc)
        rc = store_servers(s, &x.arena, &x.servers, &x.n_servers, e);
    for (size_t i = 0; i < x.n_runs; i++)
        counted += run_is_counted(&x.runs[i]);
    if (!rc && x.n_servers != 1)
        rc = err_set(e, ERR_INPUT, "the noise of one server is asked for; the result has facts of %zu", x.n_servers);
    if (!rc && counted < 2)
        rc = err_set(e, ERR_INPUT, "%zu of %zu runs count (the others are VOID or incomplete): no two to compare",
                     counted, x.n_runs);
    if (!rc)
        write_one(&x, json);
    store_runs_release(x.runs, x.n_runs);
    arena_release(&x.arena);
    return rc;
}

/* ---- kept ------------------------------------------------------------------------------------------------------------ */

int noise_keep(const char *kept, const char *one, struct str *out, struct err *e)
{
    yyjson_doc *new = json_read(one, strlen(one), NULL, e), *old = json_read_z(kept);
    yyjson_val *servers = yyjson_obj_get(yyjson_doc_get_root(old), "servers"), *key, *value;
    const char *mine = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(new), "server"));
    size_t i, max;
    struct json_writer w;
    if (!mine) {
        yyjson_doc_free(new);
        yyjson_doc_free(old);
        return err_set(e, ERR_INPUT, "not an object of schema " SCHEMA);
    }
    json_init(&w, out);
    json_object(&w);
    json_key(&w, "servers");
    json_object(&w);
    yyjson_obj_foreach (servers, i, max, key, value) {
        char *text = strcmp(yyjson_get_str(key), mine) != 0 ? yyjson_val_write(value, 0, NULL) : NULL;
        if (text) {
            json_key(&w, yyjson_get_str(key));
            json_raw(&w, text, strlen(text));
        }
        free(text);
    }
    json_key(&w, mine);
    json_raw(&w, one, strlen(one));
    json_object_end(&w);
    json_object_end(&w);
    yyjson_doc_free(new);
    yyjson_doc_free(old);
    return 0;
}

bool noise_find(const char *kept, const char *facts_json, const struct metric *m, struct noise *out)
{
    char key[SHA256_HEX];
    bool found = false;
    size_t i, max;
    yyjson_val *v;
    yyjson_doc *doc = json_read_z(kept);
    key_of(facts_json, key);
    yyjson_val *one = yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(doc), "servers"), key);
    yyjson_arr_foreach (yyjson_obj_get(one, "metrics"), i, max, v) {
        if (!span_eq_z(json_get_text(v, "id"), m->id))
            continue;
        *out = (struct noise){json_get_double(v, "share", NAN), json_get_int(v, "runs", 0),
                              json_get_int(v, "pairs", 0)};
        found = isfinite(out->share);
    }
    yyjson_doc_free(doc);
    return found;
}

static bool shown(const char *id)
{
    static const char *const ids[] = {"ttft", "tpot", "e2e", "output_rate.system"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        if (!strcmp(ids[i], id))
            return true;
    return false;
}

void noise_table(const char *one, struct table *t)
{
    static const char *const heads[] = {"noise floor of", "unit", "runs", "pairs", "median", "floor", "in %"};
    yyjson_doc *doc = json_read_z(one);
    size_t i, max;
    yyjson_val *v;
    for (int k = 0; k < 7; k++)
        table_column(t, heads[k], k > 1 ? TABLE_RIGHT : TABLE_LEFT);
    yyjson_arr_foreach (yyjson_obj_get(yyjson_doc_get_root(doc), "metrics"), i, max, v) {
        const char *id = yyjson_get_str(yyjson_obj_get(v, "id"));
        if (!id || !shown(id))
            continue;
        table_cell(t, id);
        table_cell(t, yyjson_get_str(yyjson_obj_get(v, "unit")));
        table_cellf(t, "%lld", (long long)json_get_int(v, "runs", 0));
        table_cellf(t, "%lld", (long long)json_get_int(v, "pairs", 0));
        table_cell(t, number_text(t->arena, json_get_double(v, "median", NAN)));
        table_cell(t, number_text(t->arena, json_get_double(v, "floor", NAN)));
        table_cell(t, number_text(t->arena, 100 * json_get_double(v, "share", NAN)));
    }
    yyjson_doc_free(doc);
}
