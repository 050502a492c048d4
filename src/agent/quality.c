/* quality.c: what a session's texts are worth, as one JSON object for the result file. The headline counts are the
 * report's, because that is what the agent delivers; the analysis stands beside them. */
#include <math.h>

#include "agent/flow.h"
#include "agent/quality.h"
#include "format/json.h"
#include "text/extract.h"
#include "text/keyword.h"

enum { MAX_LISTED = 200 };

void flow_ground(struct workflow *w)
{
    const struct corpus *c = w->spec.corpus;
    for (int i = 0; i < WORKFLOW_STAGES && !w->grounded; i++)
        w->n_statements[i] = ground_text(flow_text(w, i), c->facts, c->n_facts, &w->arena, &w->statement[i]);
    w->grounded = true;
}

struct ground_counts quality_count(const struct workflow *w, int stage)
{
    struct ground_counts n = {0};
    for (size_t i = 0; i < w->n_statements[stage]; i++) {
        n.of[w->statement[stage][i].class]++;
        n.named += w->statement[stage][i].class == GROUND_SUPPORTED && w->statement[stage][i].named;
    }
    return n;
}

static void add_counts(struct json_writer *w, const struct ground_counts *n, size_t statements)
{
    json_kint(w, "statements", (int64_t)statements);
    json_kint(w, "supported", (int64_t)n->of[GROUND_SUPPORTED]);
    json_kint(w, "supported_named", (int64_t)n->named);
    json_kint(w, "contradicted", (int64_t)n->of[GROUND_CONTRADICTED]);
    json_kint(w, "not_found", (int64_t)n->of[GROUND_NOT_FOUND]);
    json_kdouble(w, "supported_share", statements ? (double)n->of[GROUND_SUPPORTED] / (double)statements : NAN);
}

static void add_span(struct json_writer *w, const char *key, struct span s)
{
    json_key(w, key);
    json_text(w, s.at, s.len);
}

static void add_statement(struct json_writer *w, int stage, const struct statement *s)
{
    json_object(w);
    json_kz(w, "stage", workflow_stage_word((enum workflow_stage)stage));
    json_kz(w, "class", ground_class_word(s->class));
    json_kdouble(w, "value", s->value);
    add_span(w, "number", s->number);
    add_span(w, "sentence", s->sentence);
    if (s->fact) {
        json_kz(w, "fact", s->fact->name);
        json_kdouble(w, "fact_value", s->fact->value);
        json_kz(w, "origin", s->fact->origin);
        json_kbool(w, "named", s->named);
    }
    json_object_end(w);
}

static void add_grounding(struct json_writer *j, const struct workflow *w)
{
    struct ground_counts report = quality_count(w, WORKFLOW_REPORT), analysis = quality_count(w, WORKFLOW_ANALYSIS);
    size_t listed = 0;
    json_key(j, "grounding");
    json_object(j);
    add_counts(j, &report, w->n_statements[WORKFLOW_REPORT]);
    json_key(j, "analysis");
    json_object(j);
    add_counts(j, &analysis, w->n_statements[WORKFLOW_ANALYSIS]);
    json_object_end(j);
    json_key(j, "list");
    json_array(j);
    for (int stage = WORKFLOW_STAGES - 1; stage >= 0; stage--)
        for (size_t i = 0; i < w->n_statements[stage] && listed < MAX_LISTED; i++, listed++)
            add_statement(j, stage, &w->statement[stage][i]);
    json_array_end(j);
    json_object_end(j);
}

static void add_sanity(struct json_writer *j, const struct workflow *w, int stage)
{
    json_key(j, workflow_stage_word((enum workflow_stage)stage));
    if (!w->stage[stage].came) {
        json_null(j);
        return;
    }
    struct sanity s = sanity_check(flow_text(w, stage));
    json_object(j);
    json_kz(j, "outcome", outcome_word(w->stage[stage].outcome));
    json_kbool(j, "degenerate", s.degenerate);
    json_kz(j, "why", s.degenerate ? sanity_row((int)s.why).word : NULL);
    json_kbool(j, "unfinished", s.unfinished);
    json_kint(j, "words", (int64_t)s.words);
    json_kint(j, "raw_tokens", (int64_t)s.raw_tokens);
    for (int i = 0; i < SANITY_RULE_COUNT; i++)
        json_kdouble(j, sanity_row(i).word, s.figure[i]);
    json_object_end(j);
}

static void add_extract(struct json_writer *j, const char *key, const struct extract *x)
{
    json_key(j, key);
    json_object(j);
    add_span(j, "summary", x->summary);
    json_key(j, "findings");
    json_array(j);
    for (size_t i = 0; i < x->n_findings; i++)
        json_text(j, x->findings[i].at, x->findings[i].len);
    json_array_end(j);
    json_key(j, "recommendations");
    json_array(j);
    for (size_t i = 0; i < x->n_recommendations; i++)
        json_text(j, x->recommendations[i].at, x->recommendations[i].len);
    json_array_end(j);
    json_object_end(j);
}

static void add_keywords(struct json_writer *j, struct span report)
{
    struct keyword_score k = keyword_score_tr109(report);
    json_kdouble(j, "keyword_score", report.len ? k.score : NAN);
    json_key(j, "keyword_score_tr109");
    json_object(j);
    json_kdouble(j, "depth", k.depth);
    json_kdouble(j, "data", k.data);
    json_kdouble(j, "structure", k.structure);
    json_kint(j, "citations", (int64_t)k.citations);
    json_object_end(j);
}

const char *workflow_quality_json(struct workflow *w)
{
    if (w->quality.len)
        return str_z(&w->quality);
    struct span report = flow_text(w, WORKFLOW_REPORT);
    struct extract sections = extract_sections(report, &w->arena), tr109 = extract_tr109(report, &w->arena);
    struct json_writer j;
    flow_ground(w);
    json_init(&j, &w->quality);
    json_object(&j);
    json_kbool(&j, "complete", w->state == FLOW_FINISHED);
    json_kz(&j, "error", w->why.len ? str_z(&w->why) : NULL);
    add_keywords(&j, report);
    add_grounding(&j, w);
    json_key(&j, "sanity");
    json_object(&j);
    for (int i = 0; i < WORKFLOW_STAGES; i++)
        add_sanity(&j, w, i);
    json_object_end(&j);
    add_extract(&j, "extract", &sections);
    add_extract(&j, "extract_tr109", &tr109);
    json_object_end(&j);
    return str_z(&w->quality);
}
