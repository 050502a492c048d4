/* json.c: the report as one JSON object, schema chimera.report/1. Block, attempt and run numbers are those
 * of the file (from 0); what is not known is null or absent; times are seconds, unless a unit says
 * otherwise. */
#include <stdlib.h>
#include <string.h>

#include "record/verdict.h"
#include "report/json_view.h"

/* A stored JSON text as a value: parsed and written again, so that a damaged one cannot break the document. */
static void raw(struct json_writer *w, yyjson_val *value)
{
    size_t n = 0;
    char *text = value ? yyjson_val_write(value, YYJSON_WRITE_NOFLAG, &n) : NULL;
    if (text)
        json_raw(w, text, n);
    else
        json_null(w);
    free(text);
}

/* An open object with the members of `json`, and name_key: name unless the object has such a member itself. */
static void members(struct json_writer *w, const char *json, const char *name_key, const char *name)
{
    yyjson_doc *doc = json_read_z(json);
    yyjson_val *root = yyjson_doc_get_root(doc), *k, *v;
    size_t i, max;
    if (!yyjson_obj_get(root, name_key))
        json_kz(w, name_key, name);
    yyjson_obj_foreach (root, i, max, k, v) {
        json_key(w, yyjson_get_str(k));
        raw(w, v);
    }
    yyjson_doc_free(doc);
}

static void note(struct json_writer *w, const char *key, const char *json)
{
    yyjson_doc *doc = json_read_z(json);
    json_key(w, key);
    raw(w, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

static void study(struct json_writer *w, const struct report_view *v)
{
    const struct store_info *info = &v->info;
    struct str seed = STR_INIT;
    char created[32];
    clock_wall_text(info->created_wall_ns, created);
    str_addf(&seed, "%llu", (unsigned long long)info->study.seed);
    json_key(w, "study");
    json_object(w);
    json_kz(w, "name", info->study.name);
    json_kz(w, "question", info->study.question);
    json_kz(w, "plan_sha256", info->study.plan_sha256);
    json_key(w, "seed");
    json_raw(w, seed.at, seed.len);
    json_kz(w, "chimera_version", info->study.chimera_version);
    json_kz(w, "chimera_commit", info->study.chimera_commit);
    json_kz(w, "command", info->study.command);
    json_kz(w, "created", created);
    json_kint(w, "result_format", info->schema);
    json_kint(w, "runs_planned", (int64_t)info->study.n_rows);
    json_kint(w, "runs_complete", (int64_t)info->n_complete);
    json_kint(w, "runs_aborted", (int64_t)info->n_aborted);
    json_kbool(w, "complete", info->complete);
    note(w, "corpus", v->corpus_json);
    note(w, "prompts", v->prompts_json);
    note(w, "client", v->client_json);
    json_object_end(w);
    str_release(&seed);
}

static void sentences(struct json_writer *w, const char *key, const char *const *list, size_t n)
{
    json_key(w, key);
    json_array(w);
    for (size_t i = 0; i < n; i++)
        json_z(w, list[i]);
    json_array_end(w);
}

/* "host" is the first stratum; "hosts" are all. */
static void hosts(struct json_writer *w, const struct report_view *v)
{
    json_key(w, "host");
    json_object(w);
    if (v->n_hosts)
        members(w, v->hosts[0].json, "stratum", v->hosts[0].name);
    json_object_end(w);
    json_key(w, "hosts");
    json_array(w);
    for (size_t i = 0; i < v->n_hosts; i++) {
        json_object(w);
        members(w, v->hosts[i].json, "stratum", v->hosts[i].name);
        json_object_end(w);
    }
    json_array_end(w);
    note(w, "host_at_start", v->host_at_start_json);
}

static void servers(struct json_writer *w, const struct report_view *v)
{
    json_key(w, "servers");
    json_array(w);
    for (size_t i = 0; i < v->n_servers; i++) {
        json_object(w);
        members(w, v->servers[i].json, "name", v->servers[i].name);
        json_object_end(w);
    }
    json_array_end(w);
}

static void verdicts(struct json_writer *w, const struct report_view *v)
{
    json_key(w, "verdicts");
    json_object(w);
    for (int i = VERDICT_VALID; i <= VERDICT_VOID; i++)
        json_kint(w, verdict_word((enum verdict)i), v->verdicts[i]);
    json_object_end(w);
    json_key(w, "study_verdict");
    json_object(w);
    json_kz(w, "verdict", verdict_word(v->verdict));
    json_kz(w, "why", v->verdict_why);
    json_object_end(w);
}

static void told(struct json_writer *w, const char *key, int64_t n)
{
    if (n < 0)
        json_knull(w, key);
    else
        json_kint(w, key, n);
}

static void quality(struct json_writer *w, const struct report_view *v)
{
    json_key(w, "quality");
    json_array(w);
    for (size_t i = 0; i < v->n_quality; i++) {
        const struct view_quality *q = &v->quality[i];
        json_object(w);
        json_kz(w, "arm", q->arm);
        json_kz(w, "agent", q->agent);
        json_kint(w, "reports", q->sessions);
        json_kdouble(w, "keyword_score_median", q->score_median);
        told(w, "supported", q->supported);
        told(w, "supported_named", q->supported_named);
        told(w, "contradicted", q->contradicted);
        told(w, "not_found", q->not_found);
        told(w, "degenerate_answers", q->degenerate);
        json_object_end(w);
    }
    json_array_end(w);
}

static void health(struct json_writer *w, const struct report_view *v)
{
    json_key(w, "health");
    json_array(w);
    for (size_t i = 0; i < v->n_health; i++) {
        const struct view_health *h = &v->health[i];
        json_object(w);
        json_kz(w, "what", h->what);
        json_kz(w, "unit", h->unit);
        json_kint(w, "n_runs", (int64_t)h->n);
        json_kdouble(w, "median", h->median);
        json_kdouble(w, "largest", h->worst);
        json_kint(w, "largest_in_run", h->worst_run->id);
        json_object_end(w);
    }
    json_array_end(w);
}

static void rules(struct json_writer *w)
{
    json_key(w, "rules");
    json_object(w);
    json_kz(w, "headline", speedup_headline_rule());
    json_kz(w, "contention.tr110", speedup_contention_rule());
    json_kz(w, "counted", "a run counts when it is complete and not VOID");
    json_object_end(w);
}

/* Of a result that was measured here: none. */
static void sources(struct json_writer *w, const struct report_view *v)
{
    json_key(w, "sources");
    json_array(w);
    for (size_t i = 0; i < v->n_sources; i++) {
        const struct store_source *f = &v->sources[i];
        json_object(w);
        json_kint(w, "source", f->id);
        json_kz(w, "path", f->path);
        json_kz(w, "sha256", f->sha256);
        json_kz(w, "format", f->format);
        json_kint(w, "rows", f->rows);
        json_kint(w, "refused", f->refused);
        json_kz(w, "problem", f->problem);
        json_object_end(w);
    }
    json_array_end(w);
}

void report_json(const struct report_view *v, struct str *out)
{
    struct json_writer w;
    json_init(&w, out);
    json_object(&w);
    json_kz(&w, "schema", "chimera.report/1");
    study(&w, v);
    sentences(&w, "answers", v->answers, v->n_answers);
    sentences(&w, "cautions", v->cautions, v->n_cautions);
    hosts(&w, v);
    servers(&w, v);
    sources(&w, v);
    if (v->import_json) { /* as src/exchange/import.c has it */
        json_key(&w, "import");
        json_raw(&w, v->import_json, strlen(v->import_json));
    }
    json_arms(&w, v);
    json_peers(&w, v);
    json_comparisons(&w, v);
    json_blocks(&w, v);
    json_excluded(&w, v);
    json_study(&w, v);
    json_key(&w, "outcomes");
    json_counts(&w, &v->counts);
    verdicts(&w, v);
    quality(&w, v);
    health(&w, v);
    rules(&w);
    json_definitions(&w);
    json_object_end(&w);
    str_addc(out, '\n');
}
