/* html.c: the report as one page that needs nothing but itself. Styles and scripts are the same bytes in every page of
 * this version, and its Content-Security-Policy names them by their SHA-256: no other script runs, whatever a result
 * file holds, and nothing is ever asked of a network. */
#include "report/html.h"

#include <string.h>

#include "base/hash.h"
#include "format/escape.h"
#include "record/verdict.h"
#include "report/assets.h"
#include "report/compare_view.h"
#include "report/facts.h"
#include "report/figure.h"

/* ---- the parts that the sections speak to ----------------------------------------------------------------- */

static void leave_list(struct page *p)
{
    if (p->in_list)
        str_addz(p->out, "</ul>\n");
    p->in_list = false;
}

static void element(struct page *p, const char *before, const char *text, const char *after)
{
    leave_list(p);
    str_addz(p->out, before);
    html_text(text, p->out);
    str_addz(p->out, after);
}

static void title(struct page *p, const char *text)
{
    element(p, "<p class=\"study\">", text, "</p>\n");
}

static void heading(struct page *p, const char *text)
{
    struct html *h = (struct html *)p;
    leave_list(p);
    size_t n = ++h->sections;
    str_addf(p->out, "</section>\n<section id=\"s%zu\" aria-labelledby=\"h%zu\"><h2 id=\"h%zu\">", n, n, n);
    escape_html(span_z(text), p->out);
    str_addz(p->out, "</h2>\n");
    str_addf(&h->nav, "<li><a href=\"#s%zu\">", n);
    escape_html(span_z(text), &h->nav);
    str_addz(&h->nav, "</a></li>\n");
}

static void answer(struct page *p, const char *text)
{
    element(p, "<p class=\"answer\">", text, "</p>\n");
}

/* Words in a sentence that explains them are not verdicts. */
static void paragraph(struct page *p, const char *text)
{
    leave_list(p);
    str_addz(p->out, "<p>");
    escape_html(span_z(text), p->out);
    str_addz(p->out, "</p>\n");
}

static void item(struct page *p, const char *text)
{
    str_addz(p->out, p->in_list ? "<li>" : "<ul><li>");
    html_text(text, p->out);
    str_addz(p->out, "</li>\n");
    p->in_list = true;
}

static void table(struct page *p, const struct table *t)
{
    leave_list(p);
    html_table((struct html *)p, t);
}

static const struct page_ops ops = {title, heading, answer, paragraph, item, table};

void html_figure(struct html *h, struct str *svg, const char *caption)
{
    if (!svg->len)
        return;
    leave_list(&h->page);
    str_addz(h->page.out, "<figure><div class=\"plot\" tabindex=\"0\" role=\"group\" aria-label=\"figure\">");
    str_add(h->page.out, svg->at, svg->len);
    str_addz(h->page.out, "</div><figcaption>");
    escape_html(span_z(caption), h->page.out);
    str_addz(h->page.out, "</figcaption></figure>\n");
    str_clear(svg);
}

/* ---- the first screen ------------------------------------------------------------------------------------- */

enum { ANSWERS_SHOWN = 5, ROWS_SHOWN = 1000 };

static void answers(struct html *h)
{
    const struct report_view *v = h->v;
    struct page *p = &h->page;
    for (size_t i = 0; i < v->n_answers; i++) {
        if (i == ANSWERS_SHOWN)
            str_addf(p->out, "<details><summary>%zu more</summary>", v->n_answers - i);
        answer(p, v->answers[i]);
    }
    if (v->n_answers > ANSWERS_SHOWN)
        str_addz(p->out, "</details>\n");
}

static void chip(struct page *p, const char *class, const char *text)
{
    str_addf(p->out, "<li><b class=\"v %s\">", class);
    escape_html(span_z(text), p->out);
    str_addz(p->out, "</b></li>\n");
}

static void comparison_chip(struct page *p, const struct view_comparison *c)
{
    const struct comparison *r = &c->pair->results[c->telling];
    const char *word = compare_verdict_word(r->verdict);
    chip(p, word, arena_printf(&p->arena, "%s: %s in %s", c->arm->name, word, r->metric->id));
}

/* What the answer is worth, at a glance. */
static void chips(struct html *h)
{
    const struct report_view *v = h->v;
    struct page *p = &h->page;
    str_addz(p->out, "<ul class=\"chips\" aria-label=\"verdicts\">\n");
    for (size_t i = 0; i < v->n_duets && i < ANSWERS_SHOWN; i++)
        chip(p, v->duets[i].verdict, arena_printf(&p->arena, "%s: %s", v->duets[i].arm, v->duets[i].verdict));
    for (size_t i = 0, shown = 0; i < v->comparisons.n && shown < ANSWERS_SHOWN; i++)
        if (v->comparisons.at[i].pair && ++shown)
            comparison_chip(p, &v->comparisons.at[i]);
    for (int i = VERDICT_VALID; i <= VERDICT_VOID; i++)
        if (v->verdicts[i])
            chip(p, verdict_word((enum verdict)i),
                 arena_printf(&p->arena, "%lld run%s %s", (long long)v->verdicts[i], v->verdicts[i] == 1 ? "" : "s",
                              verdict_word((enum verdict)i)));
    str_addz(p->out, "</ul>\n");
}

/* "server a: engine 0.1.0, smollm2-135m Q4_1", the first few. */
static const char *servers(struct page *p, const struct report_view *v)
{
    static const char *const keys[] = {"kind", "version", "model", "quantisation"};
    const char *text = "";
    for (size_t i = 0; i < v->n_servers && i < ANSWERS_SHOWN; i++) {
        struct facts f = facts_of(&p->arena, v->servers[i].json);
        text = arena_printf(&p->arena, "%s%sserver %s:", text, *text ? "; " : "", v->servers[i].name);
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
            if (facts_get(&f, keys[k]))
                text = arena_printf(&p->arena, "%s %s", text, facts_get(&f, keys[k]));
    }
    if (v->n_servers > ANSWERS_SHOWN)
        text = arena_printf(&p->arena, "%s; and %zu more", text, v->n_servers - ANSWERS_SHOWN);
    return text;
}

static const char *host(struct page *p, const struct report_view *v)
{
    static const struct {
        const char *key, *before, *after;
    } rows[] = {{"cpu", "", ""}, {"cores", "", " cores"}, {"memory_bytes", "", ""}, {"kernel", "Linux ", ""}};
    const char *text = "";
    if (!v->n_hosts)
        return text;
    struct facts f = facts_of(&p->arena, v->hosts[0].json);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (facts_get(&f, rows[i].key))
            text = arena_printf(&p->arena, "%s%s%s%s%s", text, *text ? ", " : "", rows[i].before,
                                facts_get(&f, rows[i].key), rows[i].after);
    return text;
}

static void measured_on(struct html *h)
{
    struct page *p = &h->page;
    const char *on = servers(p, h->v), *where = host(p, h->v);
    char created[32];
    clock_wall_text(h->v->info.created_wall_ns, created);
    page_textf(p, "Measured on %s%s%s; begun %s, with chimera %s.", on, *on && *where ? "; host: " : "", where, created,
               h->v->info.study.chimera_version ? h->v->info.study.chimera_version : "of another version");
}

static void first_screen(struct html *h)
{
    const struct report_view *v = h->v;
    const struct store_study *study = &v->info.study;
    struct page *p = &h->page;
    str_addz(p->out, "<section class=\"first\">\n");
    title(p, arena_printf(&p->arena, "study %s", study->name ? study->name : ""));
    element(p, "<h1>", study->question && *study->question ? study->question : "What was measured, and how sure it is",
            "</h1>\n");
    answers(h);
    const char *caption;
    struct str drawing = STR_INIT;
    struct svg svg = {.out = &drawing, .arena = &p->arena};
    if (figure_answer(&svg, v, &caption))
        html_figure(h, &drawing, caption);
    str_release(&drawing);
    chips(h);
    for (size_t i = 0; i < v->n_cautions; i++)
        p->ops->item(p, v->cautions[i]);
    measured_on(h);
    paragraph(p, page_summary(p, v));
}

/* ---- how to repeat it ------------------------------------------------------------------------------------- */

static void verbatim(struct page *p, const char *what, const char *text)
{
    struct span rest = span_z(text);
    str_addf(p->out, "<details><summary>%s</summary><pre tabindex=\"0\">", what);
    while (rest.len) { /* escape_html would make one line of it */
        const char *end = memchr(rest.at, '\n', rest.len);
        size_t n = end ? (size_t)(end - rest.at) : rest.len;
        escape_html((struct span){rest.at, n}, p->out);
        str_addc(p->out, '\n');
        n += end != NULL;
        rest = (struct span){rest.at + n, rest.len - n};
    }
    str_addz(p->out, "</pre></details>\n");
}

static void repeat(struct html *h)
{
    const struct store_study *s = &h->v->info.study;
    struct page *p = &h->page;
    p->ops->heading(p, "How to repeat it");
    page_textf(p, "With chimera %s (%s), the same study file, and seed %llu, which fixes the order of the runs:",
               s->chimera_version ? s->chimera_version : "of another version",
               s->chimera_commit && *s->chimera_commit ? s->chimera_commit : "commit not told",
               (unsigned long long)s->seed);
    str_addz(p->out, "<pre tabindex=\"0\">");
    escape_html(span_z(s->command), p->out);
    str_addz(p->out, "</pre>\n");
    if (*h->v->raw_sha256)
        page_textf(p,
                   "The raw record behind this page: SHA-256 %s, of the hashes that each run's rows had when it was "
                   "stored. Another record has another.",
                   h->v->raw_sha256);
    if (s->source && *s->source)
        verbatim(p, "the study file", s->source);
    if (s->plan_json && *s->plan_json)
        verbatim(p, "the plan, whose SHA-256 is the identity of the work", s->plan_json);
}

/* ---- the page --------------------------------------------------------------------------------------------- */

static void body(struct html *h)
{
    struct page *p = &h->page;
    const struct report_view *v = h->v;
    first_screen(h);
    section_sources(p, v);
    html_effects(h);
    section_duets(p, v);
    html_comparisons(h);
    section_loads(p, v);
    html_tails(h);
    html_distributions(h);
    h->series = html_series(h);
    html_lanes(h);
    section_arms(p, v);
    section_peers(p, v);
    section_runs(p, v);
    section_outcomes(p, v);
    section_causes(p, v);
    section_order(p, v);
    section_quality(p, v);
    section_facts(p, v);
    repeat(h);
    section_definitions(p, v);
    leave_list(p);
    str_addz(p->out, "</section>\n");
}

/* 'sha256-…' of an inline script or style, as a Content-Security-Policy names it: base64 of the 32 bytes. */
static void add_source(const struct str *text, struct str *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char hex[SHA256_HEX];
    unsigned bits = 0, n = 0;
    sha256_hex(str_z(text), text->len, hex);
    str_addz(out, "'sha256-");
    for (const char *z = hex; *z; z++) {
        bits = bits << 4 | (unsigned)(*z <= '9' ? *z - '0' : *z - 'a' + 10);
        for (n += 4; n >= 6; n -= 6)
            str_addc(out, digits[bits >> (n - 6) & 63]);
    }
    str_addc(out, digits[bits << (6 - n) & 63]); /* 256 = 42 * 6 + 4 */
    str_addz(out, "='");
}

static void add_asset(struct str *out, struct span asset)
{
    str_add(out, asset.at, asset.len);
    str_addc(out, '\n');
}

/* The chart library with its licence, and what draws with it. */
static void add_series_assets(struct str *style, struct str *script)
{
    add_asset(style, asset_uplot_css);
    str_addz(script, "/* uPlot 1.6.32\n");
    add_asset(script, asset_uplot_license);
    str_addz(script, "*/\n");
    add_asset(script, asset_uplot_js);
    add_asset(script, asset_series_js);
}

static void head(const struct html *h, const struct str *style, const struct str *script, struct str *out)
{
    str_addz(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ");
    add_source(style, out);
    str_addz(out, "; script-src ");
    add_source(script, out);
    str_addz(out, "; base-uri 'none'; form-action 'none'\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    escape_html(span_z(h->v->info.study.name), out);
    str_addz(out, " \u00b7 Chimera report</title>\n<style>");
    str_add(out, style->at, style->len);
    str_addz(out, "</style>\n</head>\n");
}

void report_html(const struct report_view *v, struct str *out)
{
    static const struct report_style plain = {0};
    struct str content = STR_INIT, style = STR_INIT, script = STR_INIT;
    struct html h = {
        .page =
            {.ops = &ops, .style = &plain, .out = &content, .max_rows = ROWS_SHOWN, .definitions = true, .wide = true},
        .v = v};
    body(&h);
    add_asset(&style, asset_figure_css);
    add_asset(&style, asset_page_css);
    add_asset(&script, asset_page_js);
    if (h.series)
        add_series_assets(&style, &script);
    head(&h, &style, &script, out);
    str_addz(out,
             "<body>\n<a class=\"skip\" href=\"#main\">Skip to the answer</a>\n<header class=\"top\"><span><b>Chimera"
             "</b> report</span><button id=\"theme\" type=\"button\" hidden>light / dark</button></header>\n"
             "<div class=\"page\">\n<nav aria-label=\"Sections\"><ol>\n<li><a href=\"#main\">The answer</a></li>\n");
    str_add(out, str_z(&h.nav), h.nav.len);
    str_addz(out, "</ol></nav>\n<main id=\"main\">\n");
    str_add(out, str_z(&content), content.len);
    str_addz(out, "</main>\n</div>\n<footer>Made from the result file alone; it asks nothing of any network."
                  "</footer>\n<script>");
    str_add(out, script.at, script.len);
    str_addz(out, "</script>\n</body>\n</html>\n");
    arena_release(&h.page.arena);
    str_release(&h.nav);
    str_release(&content);
    str_release(&style);
    str_release(&script);
}
