/* paint.c: the live view as text. See view.h.
 *
 * A line is made of pieces; one that does not fit is left out, with all behind it, so that the important things come first
 * and a number is never cut. Only the first piece, which may hold a name of any length, is shortened. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "format/escape.h"
#include "format/width.h"
#include "live/view.h"
#include "record/verdict.h"

/* ---- numbers ------------------------------------------------------------------------------------------------------ */

struct text {
    char z[128];
};

static struct text duration(double s)
{
    struct text t;
    if (s < 120)
        snprintf(t.z, sizeof t.z, "%.*f s", s < 10 ? 1 : 0, s);
    else if (s < 120 * 60)
        snprintf(t.z, sizeof t.z, "%.0f min", s / 60);
    else
        snprintf(t.z, sizeof t.z, "%.1f h", s / 3600);
    return t;
}

static struct text number(double v)
{
    struct text t;
    snprintf(t.z, sizeof t.z, "%.*f", v < 10 ? 2 : v < 100 ? 1 : 0, v);
    return t;
}

/* ---- lines --------------------------------------------------------------------------------------------------------- */

#define BOLD "1"
#define WARN "33" /* yellow: failed requests, runs that are not VALID */
#define FAINT "2"

struct painter {
    const struct live_style *style;
    struct str *out;
    size_t columns; /* most of a line */
    bool one;       /* all in one line of any length */
    size_t used;    /* columns of the line so far */
    size_t lines;   /* that hold something */
    bool full;      /* a piece did not fit, or there is no row for the line */
};

/* Bytes of the first pieces of text that take at most so many columns. */
static size_t bytes_within(const char *text, size_t len, size_t columns)
{
    size_t at = 0, used = 0;
    while (at < len) {
        uint32_t v = 0;
        size_t n = utf8_next(text + at, len - at, &v);
        n = n ? n : 1;
        used += (size_t)width_of(v);
        if (used > columns)
            break;
        at += n;
    }
    return at;
}

static void shorten(struct painter *p, struct str *text)
{
    const char *mark = p->style->ascii ? "..." : "\u2026";
    size_t room = p->columns - width_columns(mark, strlen(mark));
    text->len = bytes_within(text->at, text->len, room);
    str_addz(text, mark);
}

/* raw: safe already. */
static void put(struct painter *p, const char *sgr, const char *between, struct str *text)
{
    size_t width = width_columns(str_z(text), text->len);
    if (!p->used && width > p->columns) {
        shorten(p, text);
        width = width_columns(text->at, text->len);
    }
    if (p->one && !p->used && p->lines)
        between = "; ";
    size_t gap = p->used || p->one ? strlen(between) : 0;
    p->full = p->full || gap + width > p->columns - p->used;
    if (p->full)
        return;
    str_add(p->out, between, gap);
    if (sgr && p->style->color)
        str_addf(p->out, "\x1b[%sm", sgr);
    str_add(p->out, str_z(text), text->len);
    if (sgr && p->style->color)
        str_addz(p->out, "\x1b[0m");
    p->used += gap + width;
}

static void piece(struct painter *p, const char *sgr, const char *between, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void piece(struct painter *p, const char *sgr, const char *between, const char *fmt, ...)
{
    struct str raw = STR_INIT, safe = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_addv(&raw, fmt, ap);
    va_end(ap);
    escape_terminal((struct span){str_z(&raw), raw.len}, p->style->ascii, &safe);
    put(p, sgr, between, &safe);
    str_release(&raw);
    str_release(&safe);
}

static void end_line(struct painter *p)
{
    if (p->used && !p->one)
        str_addc(p->out, '\n');
    p->lines += p->used > 0;
    p->used = 0;
    p->full = p->style->rows && p->lines >= p->style->rows;
}

/* ---- what they say --------------------------------------------------------------------------------------------------- */

static void paint_run(struct painter *p, const struct live_view *v)
{
    if (!v->arm) {
        piece(p, BOLD, "", "%s: %s", v->study, live_state_word(v->state));
        return;
    }
    piece(p, BOLD, "", "run %d/%zu", v->position + 1, v->planned);
    piece(p, BOLD, "  ", "block %d/%d", v->block + 1, v->blocks);
    piece(p, BOLD, "  ", "%s", live_state_word(v->state));
    if (v->elapsed_ns > 0)
        piece(p, BOLD, "  ", "%s", duration((double)v->elapsed_ns / 1e9).z);
    if (v->attempt)
        piece(p, WARN, "  ", "attempt %d", v->attempt + 1);
}

static void paint_names(struct painter *p, const struct live_view *v)
{
    if (!v->arm)
        return;
    piece(p, NULL, "", "%s", v->arm);
    piece(p, FAINT, "  ", "study %s", v->study);
}

static void paint_bar(struct painter *p, const struct live_view *v)
{
    enum { CELLS = 20 };
    struct str bar = STR_INIT;
    size_t full = v->planned ? v->complete * CELLS / v->planned : 0;
    for (size_t i = 0; i < CELLS; i++)
        str_addz(&bar, p->style->ascii ? i < full ? "#" : "." : i < full ? "\u2588" : "\u2591");
    put(p, NULL, "  ", &bar);
    str_release(&bar);
}

static void paint_plan(struct painter *p, const struct live_view *v)
{
    piece(p, NULL, "", "%zu of %zu runs", v->complete, v->planned);
    if (*v->eta.basis) {
        piece(p, NULL, "  ", "%s left", duration((double)v->eta.left_ns / 1e9).z);
        piece(p, FAINT, " ", "(%s)", v->eta.basis);
    }
    for (int verdict = VERDICT_VALID; verdict <= VERDICT_VOID; verdict++)
        if (v->verdicts[verdict])
            piece(p, verdict == VERDICT_VALID ? NULL : WARN, "  ", "%zu %s", v->verdicts[verdict],
                  verdict_word((enum verdict)verdict));
    if (v->aborted)
        piece(p, WARN, "  ", "%zu aborted", v->aborted);
    if (!p->one)
        paint_bar(p, v);
}

static void paint_requests(struct painter *p, const struct live_view *v)
{
    if (!v->arm)
        return;
    if (v->asked_requests)
        piece(p, NULL, "", "%lld of %lld requests", (long long)v->ended, (long long)v->asked_requests);
    else
        piece(p, NULL, "", "%lld request%s", (long long)v->ended, v->ended == 1 ? "" : "s");
    if (isfinite(v->rate))
        piece(p, NULL, "  ", "%s/s", number(v->rate).z);
    if (v->in_flight >= 0)
        piece(p, NULL, "  ", "%lld in flight", (long long)v->in_flight);
    if (v->chunks >= 0)
        piece(p, NULL, "  ", "%lld chunks", (long long)v->chunks);
    if (v->warmup)
        piece(p, FAINT, "  ", "%lld before the window", (long long)v->warmup);
}

static void paint_outcomes(struct painter *p, const struct live_view *v)
{
    for (int i = 0; v->arm && i < OUTCOME_COUNT; i++)
        if (v->by_outcome[i])
            piece(p, i == OUTCOME_OK ? NULL : WARN, "  ", "%lld %s", (long long)v->by_outcome[i],
                  outcome_word((enum outcome)i));
}

static void paint_quantiles(struct painter *p, const char *what, const struct live_quantiles *q, double ns_per_unit,
                            const char *unit)
{
    if (!q->n)
        return;
    piece(p, NULL, "  ", "%s p50 \u2248%s %s", what, number(q->p50_ns / ns_per_unit).z, unit);
    piece(p, NULL, "  ", "p90 \u2248%s", number(q->p90_ns / ns_per_unit).z);
    piece(p, NULL, "  ", "p99 \u2248%s", number(q->p99_ns / ns_per_unit).z);
    piece(p, FAINT, "  ", "n %lld", (long long)q->n);
}

static void paint_ttft(struct painter *p, const struct live_view *v)
{
    if (v->arm)
        paint_quantiles(p, "ttft", &v->ttft, 1e6, "ms");
}

static void paint_tpot(struct painter *p, const struct live_view *v)
{
    if (v->arm)
        paint_quantiles(p, "tpot", &v->tpot, 1e6, "ms");
}

static void paint_instrument(struct painter *p, const struct live_view *v)
{
    if (!v->arm)
        return;
    paint_quantiles(p, "send lag", &v->send_lag, 1e3, "\u00b5s");
    if (isfinite(v->loop_busy))
        piece(p, v->loop_busy > 0.8 ? WARN : NULL, "  ", "loop busy %.0f %%", v->loop_busy * 100);
}

static void paint_silence(struct painter *p, const struct live_view *v)
{
    enum { WHILE_S = 5 };
    double silent_s = (double)v->silent_ns / 1e9;
    if (v->state == LIVE_STOPPED)
        piece(p, WARN, "", "nobody goes on with it; written %s ago", duration(silent_s).z);
    else if (v->state != LIVE_COMPLETE && silent_s >= WHILE_S)
        piece(p, WARN, "", "nothing written for %s", duration(silent_s).z);
}

static void paint_all(struct painter *p, const struct live_view *v)
{
    static void (*const lines[])(struct painter *, const struct live_view *) = {
        paint_run,  paint_names, paint_plan,       paint_requests, paint_outcomes,
        paint_ttft, paint_tpot,  paint_instrument, paint_silence};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        lines[i](p, v);
        end_line(p);
    }
}

void live_paint(const struct live_view *v, const struct live_style *style, struct str *out)
{
    size_t columns = style->columns ? style->columns : 100;
    /* a full line would leave the cursor where terminals disagree */
    struct painter p = {.style = style, .out = out, .columns = columns > 1 ? columns - 1 : 1};
    paint_all(&p, v);
}

void live_line(const struct live_view *v, struct str *out)
{
    static const struct live_style plain = {0};
    struct painter p = {.style = &plain, .out = out, .columns = SIZE_MAX, .one = true};
    paint_all(&p, v);
}
