/* page_brief.c: a report of some twenty lines, for where somebody decides at a glance: a comment on a change, the end of a log. */
#include "report/compare_view.h"
#include "report/page.h"

enum { ANSWERS = 2, ROWS = 5, CAUTIONS = 2 };

/* The first ROWS results by their verdict, the bad news first; how many there are. */
static size_t results(struct page *p, const struct view_comparisons *all)
{
    static const enum compare_verdict order[] = {COMPARE_WORSE, COMPARE_BETTER, COMPARE_EQUIVALENT,
                                                 COMPARE_INCONCLUSIVE};
    static const char *const heads[] = {"verdict", "arm", "metric", "change in % [interval]", "n"};
    struct arena *a = &p->arena;
    struct table t;
    size_t n = 0;
    table_init(&t, a);
    for (int i = 0; i < 5; i++)
        table_column(&t, heads[i], i > 2 ? TABLE_RIGHT : TABLE_LEFT);
    for (int o = 0; o < 4; o++)
        for (size_t i = 0; i < all->n; i++)
            for (size_t k = 0; all->at[i].pair && k < all->at[i].pair->n; k++) {
                const struct comparison *c = &all->at[i].pair->results[k];
                size_t least = c->n_a < c->n_b ? c->n_a : c->n_b;
                if (!least || c->verdict != order[o] || n++ >= ROWS) /* imports do not tell every metric */
                    continue;
                table_cell(&t, compare_verdict_word(c->verdict));
                table_cell(&t, all->at[i].arm->name);
                table_cell(&t, c->metric->id);
                table_cell(&t, compare_change_text(a, c));
                table_cellf(&t, "%zu", least);
            }
    if (n)
        p->ops->table(p, &t);
    return n;
}

void page_brief(struct page *p, const struct report_view *v)
{
    const char *question = v->info.study.question;
    p->ops->title(p, question && *question ? question : v->info.study.name);
    for (size_t i = 0; i < v->n_answers && i < ANSWERS; i++)
        p->ops->answer(p, v->answers[i]);
    size_t rows = results(p, &v->comparisons), left_out = rows > ROWS ? rows - ROWS : 0;
    for (size_t i = 0; i < v->n_cautions && i < CAUTIONS; i++)
        p->ops->item(p, v->cautions[i]);
    left_out += v->n_answers > ANSWERS ? v->n_answers - ANSWERS : 0;
    left_out += v->n_cautions > CAUTIONS ? v->n_cautions - CAUTIONS : 0;
    page_textf(p,
               left_out == 1 ? "%s %zu more result or caution is in the whole report."
               : left_out    ? "%s %zu more results and cautions are in the whole report."
                             : "%s",
               page_summary(p, v), left_out);
    arena_release(&p->arena);
}
