/* claims_page.c: the seeds' audit as text: by study, a table of what was claimed and what comes out, and under it why each
 * claim stands or falls and what the rows say. */
#include <math.h>
#include <string.h>

#include "report/claims_view.h"
#include "report/number.h"
#include "report/page.h"

/* Length of the study in a claim's id. */
static size_t study_of(const struct claim *c)
{
    return strcspn(c->id, ".");
}

static const char *printed(struct page *p, const struct claim *c, double v, int more)
{
    return arena_printf(&p->arena, "%.*f%s%s", c->digits + more, v, *c->unit ? " " : "", c->unit);
}

static void table_of(struct page *p, const struct claim_result *const *r, size_t n)
{
    struct table t;
    table_init(&t, &p->arena);
    table_column(&t, "claim", TABLE_LEFT);
    table_column(&t, "said of it", TABLE_LEFT);
    table_column(&t, "claimed", TABLE_RIGHT);
    table_column(&t, "recomputed", TABLE_RIGHT);
    table_column(&t, "rows", TABLE_RIGHT);
    table_column(&t, "", TABLE_LEFT);
    for (size_t i = 0; i < n; i++) {
        const struct claim *c = r[i]->claim;
        table_cell(&t, c->id);
        table_cell(&t, c->statement);
        table_cell(&t, printed(p, c, c->claimed, 0));
        table_cell(&t, printed(p, c, r[i]->recomputed.value, r[i]->reproduced ? 0 : 2));
        table_cellf(&t, "%zu", r[i]->recomputed.n);
        table_cell(&t, claim_state_word(r[i]->state));
    }
    p->ops->table(p, &t);
}

/* "speedup.tokens 0.756 [0.746, 0.766] ratio (135 runs)" */
static const char *figure_text(struct page *p, const struct claim_figure *f)
{
    struct arena *a = &p->arena;
    const char *interval = isnan(f->lo) ? ""
                                        : arena_printf(a, " [%s, %s]", number_text(a, f->lo), number_text(a, f->hi));
    return arena_printf(a, "%s: %s%s%s%s (%zu %s)", f->metric, number_text(a, f->value), interval, *f->unit ? " " : "",
                        f->unit, f->n, f->of);
}

static void reasons(struct page *p, const struct claim_result *const *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct str s = STR_INIT;
        str_addf(&s, "%s %s. %s", r[i]->claim->id, claim_state_word(r[i]->state), r[i]->why);
        for (size_t k = 0; k < r[i]->n_instead; k++)
            str_addf(&s, "%s%s", k ? "; " : " The rows say: ", figure_text(p, &r[i]->instead[k]));
        str_addz(&s, r[i]->n_instead ? "." : "");
        p->ops->item(p, str_z(&s));
        str_release(&s);
    }
}

static void summary(struct page *p, const struct claims_view *v)
{
    size_t there = v->n_results - v->by_state[CLAIM_NO_ROWS], same = 0;
    for (size_t i = 0; i < v->n_results; i++)
        same += v->results[i].state != CLAIM_NO_ROWS && v->results[i].reproduced;
    if (!there) {
        p->ops->answer(
            p, "This file has none of the rows that the original lab's numbers come from: import its files with "
               "chimera import seed.");
        return;
    }
    p->ops->answer(p, arena_printf(&p->arena,
                                   "%zu of %zu printed numbers come out of the rows; %zu claims survive, %zu fall, %zu "
                                   "have only some of their rows here, and the rows of %zu are not in this file.",
                                   same, there, v->by_state[CLAIM_SURVIVES], v->by_state[CLAIM_FALLS],
                                   v->by_state[CLAIM_PARTIAL], v->by_state[CLAIM_NO_ROWS]));
    p->ops->text(
        p, "Recomputed from the imported rows alone; --format json has the file, row and field behind each figure.");
}

void page_claims(struct page *p, const struct claims_view *v)
{
    const struct claim_result **of = arena_alloc(&p->arena, (v->n_results + 1) * sizeof *of);
    p->ops->title(p, "What the original lab printed, and what its rows say");
    summary(p, v);
    for (size_t i = 0; i < v->n_results;) {
        const char *id = v->results[i].claim->id;
        size_t len = study_of(v->results[i].claim), n = 0;
        for (; i < v->n_results && !strncmp(v->results[i].claim->id, id, len + 1); i++)
            if (v->results[i].state != CLAIM_NO_ROWS)
                of[n++] = &v->results[i];
        if (!n)
            continue;
        p->ops->heading(p, arena_printf(&p->arena, "%.*s", (int)len, id));
        table_of(p, of, n);
        reasons(p, of, n);
    }
    arena_release(&p->arena);
}
