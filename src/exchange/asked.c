/* asked.c: see asked.h. The plan is our own JSON (study/plan.c), but comes out of a file: nothing in it is taken for granted. */
#include "exchange/asked.h"

#include <math.h>
#include <string.h>

#include "record/verdict.h"

static yyjson_val *named(yyjson_val *list, struct span name)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach (list, i, n, v) {
        struct span of = json_get_text(v, "name");
        if (name.at && of.len == name.len && !memcmp(of.at, name.at, name.len))
            return v;
    }
    return NULL;
}

static const char *text_of(yyjson_val *v, const char *key, struct arena *a)
{
    struct span s = json_get_text(v, key);
    return s.at ? arena_dup(a, s.at, s.len) : NULL;
}

/* [kind, low, high, …] with kind 0: always low. */
static int64_t constant(yyjson_val *law)
{
    return yyjson_get_int(yyjson_arr_get(law, 0)) == 0 ? yyjson_get_sint(yyjson_arr_get(law, 1)) : 0;
}

/* [from, to, duration, from, …] */
static void read_stages(yyjson_val *load, struct asked *out, struct arena *a)
{
    yyjson_val *stages = yyjson_obj_get(load, "stages");
    size_t n = yyjson_arr_size(stages) / 3;
    if (!n)
        return;
    out->law = text_of(load, "arrival", a);
    if (out->law && !strcmp(out->law, "gamma"))
        out->burstiness = json_get_double(load, "burstiness", 1);
    double from = yyjson_get_num(yyjson_arr_get(stages, 0)), to = yyjson_get_num(yyjson_arr_get(stages, 1));
    if (n > 1)
        return;
    if (from == to) {
        out->rate = from;
    } else {
        out->ramp_from = from;
        out->ramp_to = to;
    }
}

static void read_load(yyjson_val *plan, const struct run *run, struct arena *a, struct asked *out)
{
    yyjson_val *arm = named(yyjson_obj_get(plan, "arms"), span_z(run->arm));
    yyjson_val *load = named(yyjson_obj_get(plan, "loads"), json_get_text(arm, "load"));
    if (!load)
        return;
    out->route = text_of(load, "route", a);
    out->max_concurrency = json_get_int(load, "max_concurrency", 0);
    out->input_tok = constant(yyjson_obj_get(load, "input_len"));
    out->output_tok = constant(yyjson_obj_get(load, "output_len"));
    out->server_kind = text_of(named(yyjson_obj_get(plan, "servers"), json_get_text(load, "server")), "kind", a);
    read_stages(load, out, a);
}

int asked_of_run(struct store *s, const struct run *run, struct arena *a, struct asked *out, struct err *e)
{
    *out = (struct asked){.rate = NAN, .ramp_from = NAN, .ramp_to = NAN, .burstiness = 1};
    int rc = store_info(s, a, &out->info, e);
    if (rc)
        return rc;
    const char *json = out->info.study.plan_json ? out->info.study.plan_json : "";
    yyjson_doc *doc = json_read(json, strlen(json), NULL, e);
    if (!doc) {
        err_prefix(e, "the plan in the result");
        return ERR_INPUT;
    }
    read_load(yyjson_doc_get_root(doc), run, a, out);
    yyjson_doc_free(doc);
    return 0;
}

int64_t wall_of(const struct run *run, mono_ns t)
{
    int64_t from = run->wall_ns == MONO_NONE ? 0 : run->wall_ns; /* of an imported run */
    if (t == MONO_NONE || run->started_ns == MONO_NONE)
        return from;
    return (int64_t)((uint64_t)from + (uint64_t)t - (uint64_t)run->started_ns); /* a file may hold any stamp */
}

double wall_s_of(const struct run *run, mono_ns t)
{
    int64_t ns = wall_of(run, t);
    return (double)(ns / NS_PER_S) + (double)(ns % NS_PER_S) / 1e9;
}

void put_origin(struct json_writer *w, const struct run *run, const struct asked *asked)
{
    json_key(w, "chimera");
    json_object(w);
    json_kz(w, "version", asked->info.study.chimera_version);
    json_kint(w, "run", run->id);
    json_kz(w, "arm", run->arm);
    json_kint(w, "block", run->block);
    json_kz(w, "verdict", verdict_word((enum verdict)run->verdict));
    json_kz(w, "why", run->verdict_why);
    json_object_end(w);
}
