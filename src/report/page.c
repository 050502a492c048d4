/* page.c: the order of a report: the question and its answer first, then what it rests on, then what it ran
 * on. */
#include "report/page.h"

#include <math.h>
#include <stdarg.h>

#include "record/verdict.h"
#include "report/number.h"

void page_textf(struct page *p, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    p->ops->text(p, str_z(&s));
    str_release(&s);
}

void page_itemf(struct page *p, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    p->ops->item(p, str_z(&s));
    str_release(&s);
}

bool page_row_fits(const struct page *p, size_t i)
{
    return !p->max_rows || i < p->max_rows;
}

void page_rest(struct page *p, size_t n, const char *what)
{
    if (p->max_rows && n > p->max_rows)
        page_textf(p, "%zu more %s are in --format md and --format json.", n - p->max_rows, what);
}

const char *page_note(struct page *p, const struct view_number *n)
{
    enum { SHOWN = 12 };
    struct arena *a = &p->arena;
    const char *text = arena_printf(a, "%s, %s: median of %zu value%s", n->metric->id, n->metric->unit, n->n,
                                    n->n == 1 ? "" : "s");
    if (n->n_below > 0)
        text = arena_printf(a, "%s, each of one run, over %lld %s", text, (long long)n->n_below,
                            n->metric->of_session ? "sessions" : "requests");
    if (n->method)
        text = arena_printf(a, "%s; %s", text, n->method);
    text = arena_printf(a, "%s; %s; the values:", text, n->label);
    for (size_t i = 0, shown = 0; i < n->n_values && shown <= SHOWN; i++)
        if (isfinite(n->values[i]))
            text = shown++ == SHOWN ? arena_printf(a, "%s \u2026", text)
                                    : arena_printf(a, "%s %s", text, number_text(a, n->values[i]));
    return text;
}

static const char *or_none(const char *z)
{
    return z && *z ? z : "(none)";
}

const char *page_summary(struct page *p, const struct report_view *v)
{
    const struct store_info *info = &v->info;
    int32_t blocks = 0;
    size_t complete = 0;
    for (size_t i = 0; i < info->study.n_rows; i++)
        blocks = info->study.rows[i].block >= blocks ? info->study.rows[i].block + 1 : blocks;
    for (size_t i = 0; i < v->n_arms; i++)
        complete += v->arms[i].n_runs;
    const char *unjudged = v->verdicts[VERDICT_NONE] ? arena_printf(&p->arena, ", %lld imported and not judged",
                                                                    (long long)v->verdicts[VERDICT_NONE])
                                                     : "";
    const char *verdict = v->verdict == VERDICT_NONE    ? ""
                          : v->verdict == VERDICT_VALID ? " The study is VALID."
                                                        : arena_printf(&p->arena, " The study is %s: %s.",
                                                                       verdict_word(v->verdict), v->verdict_why);
    return arena_printf(
        &p->arena,
        "%d block%s of %zu arm%s: %zu of %zu runs complete (%lld VALID, %lld SUSPECT, %lld VOID%s), %lld of %lld "
        "requests ok.%s",
        (int)blocks, blocks == 1 ? "" : "s", v->n_arms, v->n_arms == 1 ? "" : "s", complete, info->study.n_rows,
        (long long)v->verdicts[VERDICT_VALID], (long long)v->verdicts[VERDICT_SUSPECT],
        (long long)v->verdicts[VERDICT_VOID], unjudged, (long long)v->counts.completed, (long long)v->counts.planned,
        verdict);
}

static void head(struct page *p, const struct report_view *v)
{
    const struct store_info *info = &v->info;
    p->ops->title(p, arena_printf(&p->arena, "study %s", or_none(info->study.name)));
    p->ops->text(p, page_summary(p, v));
    if (info->study.question && *info->study.question)
        page_textf(p, "Question: %s", info->study.question);
}

void page_report(struct page *p, const struct report_view *v)
{
    head(p, v);
    for (size_t i = 0; i < v->n_answers; i++)
        p->ops->answer(p, v->answers[i]);
    for (size_t i = 0; i < v->n_cautions; i++)
        p->ops->item(p, v->cautions[i]);
    section_sources(p, v);
    section_effects(p, v);
    section_duets(p, v);
    section_comparisons(p, v);
    section_loads(p, v);
    section_arms(p, v);
    section_peers(p, v);
    section_runs(p, v);
    section_outcomes(p, v);
    section_causes(p, v);
    section_order(p, v);
    section_quality(p, v);
    section_facts(p, v);
    section_definitions(p, v);
    arena_release(&p->arena);
}
