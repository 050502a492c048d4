/* audit_label.c: rules on names that promise more than the record shows. See audit.h. */
#include <math.h>
#include <string.h>

#include "analysis/audit_rules.h"

/* ---- A16: a gate that shows nothing ------------------------------------------------------------------------------------ */

#define GUESSING 10000.0 /* a perplexity over this is of a model that guesses among its whole vocabulary */
#define ALIKE 1e-6       /* relative */

static double perplexity(const struct audit_row *row)
{
    return audit_number(row->json, "perplexity");
}

static bool is_half(const char *label)
{
    return strstr(label, "int8") || strstr(label, "fp16");
}

/* The row of the same backend at full precision: "tensorrt-int8" and "tensorrt-fp32". NULL: none. */
static const struct audit_row *full_precision(const struct audit_study *s, const char *label)
{
    size_t n = strcspn(label, "-");
    for (size_t i = 0; i < s->n_rows; i++) {
        const char *its = audit_text(s->rows[i]->json, "backend");
        if (!strncmp(its, label, n) && strcspn(its, "-") == n && strstr(its, "fp32") &&
            isfinite(perplexity(s->rows[i])))
            return s->rows[i];
    }
    return NULL;
}

static void untrained(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < s->n_rows; i++) {
        double p = perplexity(s->rows[i]);
        if (!isfinite(p) || !*audit_text(s->rows[i]->json, "backend"))
            continue;
        least = fmin(least, p);
        most = fmax(most, p);
        audit_add_row(&points, s->rows[i], "%s: %.4f", audit_text(s->rows[i]->json, "backend"), p);
    }
    if (points.n > 1 && least > GUESSING && most - least < ALIKE * most)
        audit_find(x, s, &points,
                   "The perplexities of all %zu backends are %.2f, as of a model that guesses: passing this gate shows "
                   "nothing.",
                   points.n, most);
}

static void precision_without_effect(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    for (size_t i = 0; i < s->n_rows; i++) {
        const char *label = audit_text(s->rows[i]->json, "backend");
        const struct audit_row *full = is_half(label) ? full_precision(s, label) : NULL;
        double off = fabs(audit_number(s->rows[i]->json, "delta_frac"));
        if (full && isfinite(perplexity(s->rows[i])) && off <= fabs(audit_number(full->json, "delta_frac")))
            audit_add_row(&points, s->rows[i], "%s is %.2e off the baseline, %s %.2e", label, off,
                          audit_text(full->json, "backend"), fabs(audit_number(full->json, "delta_frac")));
    }
    if (points.n)
        audit_find(x, s, &points,
                   "%zu backends of a lower precision by their name are no further from the baseline's perplexity than "
                   "that of full precision: nothing shows that the precision was in use.",
                   points.n);
}

void audit_precision_label(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        untrained(x, &x->studies[k]);
        precision_without_effect(x, &x->studies[k]);
    }
}

/* ---- A20: a time to first token that is none ---------------------------------------------------------------------------- */

enum { COPIES_MIN = 3 };

void audit_copied_ttft(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        size_t rows = 0;
        for (size_t i = 0; i < s->n_rows; i++) {
            double ttft = audit_number(s->rows[i]->json, "ttft_ms"), all = audit_number(s->rows[i]->json, "latency_ms");
            double tok = audit_number(s->rows[i]->json, "tokens");
            if (!(tok > 1) || isnan(ttft) || isnan(all))
                continue;
            rows++;
            if (ttft == all)
                audit_add_row(&points, s->rows[i], "%.3f ms for the first and for all %.0f tokens", all, tok);
        }
        if (points.n >= COPIES_MIN)
            audit_find(
                x, s, &points,
                "In %zu of %zu rows of several tokens the time to the first one is the time of the whole call, to "
                "the last digit: it was copied, not measured.",
                points.n, rows);
    }
}

/* ---- TR120: a label without evidence ------------------------------------------------------------------------------------ */

/* Whether anything but the label itself says that a compiler was at work. */
static bool tells_of_compiler(yyjson_val *metadata)
{
    size_t i, max;
    yyjson_val *key, *v;
    yyjson_obj_foreach (metadata, i, max, key, v) {
        const char *name = yyjson_get_str(key);
        if (strstr(name, "compile") || strstr(name, "dynamo") || strstr(name, "inductor") || strstr(name, "graph"))
            return true;
    }
    return false;
}

void audit_compile_label(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        for (size_t i = 0; i < s->n_rows; i++) {
            yyjson_val *metadata = audit_member(s->rows[i]->json, "backend_metadata");
            const char *label = audit_text(s->rows[i]->json, "spec.backend");
            if (yyjson_is_obj(metadata) && strstr(label, "compile") && !tells_of_compiler(metadata))
                audit_add_row(&points, s->rows[i], "%s", label);
        }
        if (points.n)
            audit_find(
                x, s, &points,
                "%zu rows are called compiled, and nothing in them says that a compiler was called: no counter, no "
                "graph, no name of one.",
                points.n);
    }
}
