/* comparisons.c: the arms of a study against one of them, as chimera compare does it for two, but all in one family: who asks
 * about twenty arms must not be told of the one that chance made look different. */
#include <math.h>
#include <string.h>

#include "format/json.h"
#include "report/compare_view.h"
#include "report/number.h"
#include "report/study_view.h"
#include "report/view.h"

/* ---- who is compared ------------------------------------------------------------------------------------------------- */

/* The one that the plan calls so, else the first as written. */
static const struct view_arm *baseline(const struct report_view *v)
{
    yyjson_doc *doc = json_read_z(v->info.study.plan_json);
    yyjson_val *compare = yyjson_obj_get(yyjson_doc_get_root(doc), "compare");
    const char *name = yyjson_get_str(yyjson_obj_get(compare, "baseline"));
    const struct view_arm *base = v->n_arms ? &v->arms[0] : NULL;
    for (size_t i = 0; i < v->n_arms && name; i++)
        if (!strcmp(v->arms[i].name, name))
            base = &v->arms[i];
    yyjson_doc_free(doc);
    return base;
}

/* True speedup compares the agents that work together with each of them alone. */
static bool of_a_duet(const struct report_view *v, const struct view_arm *arm)
{
    for (size_t i = 0; i < v->n_duets; i++) {
        if (!strcmp(v->duets[i].arm, arm->name))
            return true;
        for (size_t k = 0; k < v->duets[i].n_agents; k++)
            if (arm->n_agents == 1 && !strcmp(v->duets[i].slowdown[k].agent, arm->agents[0]))
                return true;
    }
    return false;
}

static struct side_view side_of(struct report_view *v, const struct view_arm *arm)
{
    struct side_view s = {.file = "",
                          .arm = arm->name,
                          .label = arm->name,
                          .info = v->info,
                          .runs = v->runs,
                          .n_runs = v->n_runs,
                          .servers = v->servers,
                          .n_servers = v->n_servers,
                          .prompts_json = v->prompts_json};
    s.counted = arena_alloc(&v->arena, (arm->n_runs + 1) * sizeof *s.counted);
    for (size_t i = 0; i < arm->n_runs; i++)
        if (run_is_counted(arm->runs[i]))
            s.counted[s.n_counted++] = arm->runs[i];
    s.run_s = compare_run_s(&v->arena, s.counted, s.n_counted);
    return s;
}

static const char *unlike(struct report_view *v, const struct view_arm *base, const struct view_arm *arm)
{
    if (!arm->load != !base->load)
        return "one is plain load, the other agents";
    if (arm->n_agents != base->n_agents)
        return arena_printf(&v->arena, "it has %zu agents and %s has %zu", arm->n_agents, base->name, base->n_agents);
    return NULL;
}

static void add(struct report_view *v, const struct side_view *base_side, const struct view_arm *arm)
{
    static const struct compare_spec plain = {0};
    struct view_comparison *c = &v->comparisons.at[v->comparisons.n++];
    struct err e = ERR_INIT;
    *c = (struct view_comparison){.arm = arm, .refused = unlike(v, v->comparisons.base, arm)};
    if (c->refused)
        return;
    c->pair = xcalloc(1, sizeof *c->pair);
    c->pair->one_file = true;
    c->pair->side[0] = *base_side;
    c->pair->side[1] = side_of(v, arm);
    if (!compare_facts(c->pair, &plain, &e)) {
        v->comparisons.n_compared++;
        return;
    }
    c->refused = arena_dupz(&v->arena, e.text);
    arena_release(&c->pair->arena);
    free(c->pair);
    c->pair = NULL;
}

/* ---- the family ------------------------------------------------------------------------------------------------------ */

static struct compare_arm runs_of(struct report_view *v, const struct view_arm *arm, const struct metric *m)
{
    const struct view_number *n = view_find(arm, m->id);
    struct compare_run *runs = arena_alloc(&v->arena, (arm->n_runs + 1) * sizeof *runs);
    size_t counted = 0;
    for (size_t i = 0; i < arm->n_runs && n; i++)
        if (run_is_counted(arm->runs[i]))
            runs[counted++] = (struct compare_run){arm->runs[i]->block, n->values[i]};
    return (struct compare_arm){runs, counted};
}

static void ask(struct report_view *v)
{
    const struct metric *const *family = v->study->metrics;
    size_t m = v->study->n_metrics, n = 0;
    struct compare_arm *base = arena_alloc(&v->arena, (m + 1) * sizeof *base);
    struct compare_question *q = arena_alloc(&v->arena, m * (v->comparisons.n_compared + 1) * sizeof *q);
    struct comparison *results = arena_alloc(&v->arena, m * (v->comparisons.n_compared + 1) * sizeof *results);
    for (size_t k = 0; k < m; k++)
        base[k] = runs_of(v, v->comparisons.base, family[k]);
    for (size_t i = 0; i < v->comparisons.n; i++) {
        struct view_comparison *c = &v->comparisons.at[i];
        if (!c->pair)
            continue;
        c->pair->questions = q + n;
        c->pair->results = results + n;
        c->pair->n = m;
        for (size_t k = 0; k < m; k++)
            q[n++] = (struct compare_question){family[k], base[k], runs_of(v, c->arm, family[k]), 0, 0};
    }
    compare_arms(q, n, results);
    for (size_t i = 0; i < n && v->study->margin > 0; i++) /* a share of the baseline, which a first comparison gives */
        q[i].margin = isfinite(results[i].base) ? v->study->margin * fabs(results[i].base) : 0;
    if (v->study->margin > 0)
        compare_arms(q, n, results);
}

/* ---- which one is told first ----------------------------------------------------------------------------------------- */

/* What has a value before what has none, what is decided before what is not, then the earlier metric, then what changes more. */
static bool tells_more(const struct comparison *a, size_t place_a, const struct comparison *b, size_t place_b)
{
    bool open_a = a->verdict == COMPARE_INCONCLUSIVE, open_b = b->verdict == COMPARE_INCONCLUSIVE;
    if (isnan(a->shift) != isnan(b->shift))
        return isnan(b->shift);
    if (open_a != open_b)
        return open_b;
    if (place_a != place_b)
        return place_a < place_b;
    return fabs(compare_percent(a, a->shift)) > fabs(compare_percent(b, b->shift)); /* false for NaN */
}

static void choose(struct view_comparisons *all)
{
    for (size_t i = 0; i < all->n; i++) {
        struct view_comparison *c = &all->at[i];
        if (!c->pair)
            continue;
        for (size_t k = 1; k < c->pair->n; k++)
            if (tells_more(&c->pair->results[k], k, &c->pair->results[c->telling], c->telling))
                c->telling = k;
        if (!all->top || tells_more(&c->pair->results[c->telling], c->telling,
                                    &all->top->pair->results[all->top->telling], all->top->telling))
            all->top = c;
    }
}

/* ---- all ------------------------------------------------------------------------------------------------------------- */

void view_comparisons(struct report_view *v)
{
    struct view_comparisons *all = &v->comparisons;
    size_t remarked = 0;
    all->base = baseline(v);
    all->at = arena_alloc(&v->arena, (v->n_arms < VIEW_COMPARED ? v->n_arms : VIEW_COMPARED) * sizeof *all->at);
    if (!all->base || !all->base->n_counted || v->design.n_factors) { /* of factors their effects are told */
        all->base = NULL;
        return;
    }
    struct side_view base_side = side_of(v, all->base);
    for (size_t i = 0; i < v->n_arms; i++) {
        if (&v->arms[i] == all->base || !v->arms[i].n_counted || of_a_duet(v, &v->arms[i]))
            continue;
        if (all->n == VIEW_COMPARED)
            all->left_out++;
        else
            add(v, &base_side, &v->arms[i]);
    }
    if (!all->n)
        all->base = NULL;
    if (!all->n_compared)
        return;
    ask(v);
    choose(all);
    for (size_t i = 0; i < all->n && remarked < VIEW_REMARKED; i++)
        if (all->at[i].pair && ++remarked)
            compare_remarks(all->at[i].pair, NULL);
}

void view_comparisons_release(struct report_view *v)
{
    for (size_t i = 0; i < v->comparisons.n; i++)
        if (v->comparisons.at[i].pair) {
            arena_release(&v->comparisons.at[i].pair->arena);
            free(v->comparisons.at[i].pair);
        }
}

/* ---- in words -------------------------------------------------------------------------------------------------------- */

static const char *change(struct arena *a, const struct comparison *c)
{
    return arena_printf(a, "%s %s, %s %%", compare_signed_text(a, c->shift), c->metric->unit,
                        compare_percent_text(a, c, c->shift));
}

static const char *how_sure(struct arena *a, const struct comparison *c)
{
    size_t n = c->n_a < c->n_b ? c->n_a : c->n_b;
    return arena_printf(a, "%.1f %% interval %s to %s %%, n = %zu %s, p %s (Holm)", 100 * c->confidence,
                        compare_percent_text(a, c, c->lo), compare_percent_text(a, c, c->hi), n,
                        compare_units(c, (double)n), number_text(a, c->p_holm));
}

const char *view_comparison_sentence(struct report_view *v)
{
    const struct view_comparison *top = v->comparisons.top;
    const struct comparison *c = &top->pair->results[top->telling];
    const char *arm = top->arm->name, *base = v->comparisons.base->name, *id = c->metric->id;
    struct arena *a = &v->arena;
    if (isnan(c->shift))
        return NULL;
    if (c->verdict != COMPARE_INCONCLUSIVE)
        return arena_printf(a, "%s is %s than %s in %s: %s (%s).", arm, compare_verdict_word(c->verdict), base, id,
                            change(a, c), how_sure(a, c));
    const char *why = compare_why_open(top->pair, top->telling);
    if (why)
        return arena_printf(a, "It cannot be told whether %s differs from %s in %s (%s): %s.", arm, base, id,
                            change(a, c), why);
    return arena_printf(
        a,
        "It cannot be told whether %s differs from %s in %s: %s (%s); a shift as large as that would be "
        "found with %.0f more %s.",
        arm, base, id, change(a, c), how_sure(a, c), c->more_runs, compare_units(c, c->more_runs));
}

enum { NAMED = 6 };

/* "2 better", and which where they are few. */
static void tell(struct str *out, const char *word, const struct str *names, size_t n, bool named)
{
    if (!n)
        return;
    str_addf(out, "%s%zu %s", out->len ? ", " : "", n, word);
    if (named)
        str_addf(out, " (%s)", str_z(names));
}

const char *view_comparison_count(struct report_view *v)
{
    static const char *const words[] = {"better", "worse", "better and worse", "inconclusive in all"};
    const struct view_comparisons *all = &v->comparisons;
    struct str names[4] = {STR_INIT, STR_INIT, STR_INIT, STR_INIT}, text = STR_INIT;
    size_t n[4] = {0};
    for (size_t i = 0; i < all->n; i++) {
        const struct compare_view *pair = all->at[i].pair;
        bool better = false, worse = false;
        for (size_t k = 0; pair && k < pair->n; k++) {
            better = better || pair->results[k].verdict == COMPARE_BETTER;
            worse = worse || pair->results[k].verdict == COMPARE_WORSE;
        }
        int which = better && worse ? 2 : better ? 0 : worse ? 1 : 3;
        if (pair)
            str_addf(&names[which], "%s%s", n[which]++ ? ", " : "", all->at[i].arm->name);
    }
    for (int k = 0; k < 4; k++) {
        tell(&text, words[k], &names[k], n[k], all->n_compared <= NAMED);
        str_release(&names[k]);
    }
    const char *sentence = arena_printf(
        &v->arena, "Of %zu arms against %s, by metric: %s; %zu comparisons, one family.", all->n_compared,
        all->base->name, str_z(&text), all->n_compared * all->top->pair->n);
    str_release(&text);
    return sentence;
}
