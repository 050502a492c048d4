/* claims.c: see claims.h. */
#include "report/claims.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "report/claims_view.h"

const char *claim_state_word(enum claim_state s)
{
    static const char *const words[] = {"survives", "falls", "incomplete", "no rows"};
    return words[s];
}

int claims_view_build(struct store *s, struct claims_view **out, struct err *e)
{
    struct claims_view *v = xcalloc(1, sizeof *v);
    int rc = claims_read(s, v, e);
    if (!rc) {
        v->n_results = claims_compute(v->rows, v->n_rows, &v->arena, &v->results);
        for (size_t i = 0; i < v->n_results; i++)
            v->by_state[v->results[i].state]++;
    } else {
        claims_view_free(v);
        v = NULL;
    }
    *out = v;
    return rc;
}

void claims_view_free(struct claims_view *v)
{
    if (!v)
        return;
    store_runs_release(v->runs, v->n_runs);
    free(v->rows);
    arena_release(&v->arena);
    free(v);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------- */

static void json_value(struct json_writer *w, const struct claim_field *f)
{
    if (f->text)
        json_kz(w, f->path, f->text);
    else
        json_kdouble(w, f->path, f->number);
}

static void json_trace(struct json_writer *w, const struct claim_figure *f)
{
    json_key(w, "trace");
    json_array(w);
    for (size_t i = 0; i < f->n_uses;) {
        const struct claim_row *row = f->uses[i].row;
        json_object(w);
        json_kz(w, "file", row->file);
        json_kint(w, "row", row->line);
        json_key(w, "values");
        json_object(w);
        for (; i < f->n_uses && f->uses[i].row == row; i++)
            json_value(w, f->uses[i].field);
        json_object_end(w);
        json_object_end(w);
    }
    json_array_end(w);
}

static void json_instead(struct json_writer *w, const struct claim_result *r)
{
    json_key(w, "instead");
    json_array(w);
    for (size_t i = 0; i < r->n_instead; i++) {
        const struct claim_figure *f = &r->instead[i];
        json_object(w);
        json_kz(w, "metric", f->metric);
        json_kz(w, "unit", f->unit);
        json_kdouble(w, "value", f->value);
        json_kdouble(w, "lo", f->lo);
        json_kdouble(w, "hi", f->hi);
        json_kint(w, "n", (int64_t)f->n);
        json_kz(w, "of", f->of);
        json_trace(w, f);
        json_object_end(w);
    }
    json_array_end(w);
}

static void json_claim(struct json_writer *w, const struct claim_result *r)
{
    json_object(w);
    json_kz(w, "id", r->claim->id);
    json_kz(w, "statement", r->claim->statement);
    json_kz(w, "unit", r->claim->unit);
    json_kdouble(w, "claimed", r->claim->claimed);
    json_kint(w, "digits", r->claim->digits);
    json_kdouble(w, "recomputed", r->recomputed.value);
    json_kbool(w, "reproduced", r->reproduced);
    if (r->state == CLAIM_PARTIAL)
        json_knull(w, "survives");
    else
        json_kbool(w, "survives", r->state == CLAIM_SURVIVES);
    json_kz(w, "why", r->why);
    json_instead(w, r);
    json_trace(w, &r->recomputed);
    json_object_end(w);
}

void claims_json(const struct claims_view *v, struct str *out)
{
    struct json_writer w;
    json_init(&w, out);
    json_object(&w);
    json_kz(&w, "schema", "chimera.seed-audit/1");
    json_key(&w, "claims");
    json_array(&w);
    for (size_t i = 0; i < v->n_results; i++)
        if (v->results[i].state != CLAIM_NO_ROWS)
            json_claim(&w, &v->results[i]);
    json_array_end(&w);
    json_key(&w, "without_rows");
    json_array(&w);
    for (size_t i = 0; i < v->n_results; i++)
        if (v->results[i].state == CLAIM_NO_ROWS)
            json_z(&w, v->results[i].claim->id);
    json_array_end(&w);
    json_object_end(&w);
    str_addc(out, '\n');
}

/* ---- CSV ------------------------------------------------------------------------------------------------------------ */

static void csv_text(struct str *out, const char *text)
{
    str_addc(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            str_addc(out, '"');
        str_addc(out, *text);
    }
    str_addc(out, '"');
}

static void csv_number(struct str *out, double v)
{
    struct json_writer w;
    str_addc(out, ',');
    if (isnan(v))
        return;
    json_init(&w, out);
    json_double(&w, v);
}

static void csv_line(struct str *out, const struct claim_result *r, const char *what, const struct claim_figure *f)
{
    str_addf(out, "%s,%s,", r->claim->id, what);
    csv_text(out, f->metric);
    str_addc(out, ',');
    csv_text(out, f->unit);
    csv_number(out, f->value);
    csv_number(out, f->lo);
    csv_number(out, f->hi);
    str_addf(out, ",%zu,%s,%s,", f->n, r->reproduced ? "true" : "false", claim_state_word(r->state));
    csv_text(out, r->why);
    str_addz(out, "\r\n");
}

void claims_csv(const struct claims_view *v, struct str *out)
{
    str_addz(out, "claim,figure,metric,unit,value,lo,hi,n,reproduced,verdict,why\r\n");
    for (size_t i = 0; i < v->n_results; i++) {
        const struct claim_result *r = &v->results[i];
        if (r->state == CLAIM_NO_ROWS)
            continue;
        struct claim_figure f = {
            .metric = r->claim->statement, .unit = r->claim->unit, .value = r->claim->claimed, .lo = NAN, .hi = NAN};
        csv_line(out, r, "claimed", &f);
        f.value = r->recomputed.value;
        f.n = r->recomputed.n;
        csv_line(out, r, "recomputed", &f);
        for (size_t k = 0; k < r->n_instead; k++)
            csv_line(out, r, "instead", &r->instead[k]);
    }
}
