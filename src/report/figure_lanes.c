/* figure_lanes.c: sessions as lanes of time. A request is a bar with its phases as far as the server's times tell them;
 * where a session has no bar, the client works: it reads, thinks, writes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/figure.h"
#include "report/number.h"

enum { NAMES = 150, RIGHT = SVG_WIDTH - 20, LANES = 32, REQUESTS = 240, LANE = 22 };

enum phase { QUEUE, LOAD, PREFILL, DECODE, WAIT, PHASES };

static const struct {
    const char *word;
    int color;
} phases[PHASES] = {{"queue", 5}, {"model load", 4}, {"prefill", 0}, {"decode", 2}, {"to the first token", 3}};

/* ---- phases of a request ---------------------------------------------------------------------------------- */

struct span_of_time {
    enum phase phase;
    double from, to; /* seconds since the run's start */
};

static void add(struct span_of_time *out, size_t *n, enum phase phase, double from, double to)
{
    if (to > from)
        out[(*n)++] = (struct span_of_time){phase, from, to};
}

/* The engine's own stamps, else the times the server tells (one after the other from `sent`), else the first token only. */
static size_t phases_of(const struct run *r, const struct request *q, struct span_of_time out[PHASES])
{
    const struct usage *u = &q->usage;
    double zero = (double)r->started_ns, sent = ((double)q->stamp[STAMP_SENT] - zero) / 1e9,
           first = ((double)q->stamp[STAMP_FIRST_TOKEN] - zero) / 1e9,
           done = ((double)q->stamp[STAMP_DONE] - zero) / 1e9;
    bool token = q->stamp[STAMP_FIRST_TOKEN] != MONO_NONE;
    size_t n = 0;
    if (q->engine.prefill_start_ns != MONO_NONE && q->engine.prefill_end_ns != MONO_NONE) {
        double start = ((double)q->engine.prefill_start_ns - zero) / 1e9,
               end = ((double)q->engine.prefill_end_ns - zero) / 1e9;
        add(out, &n, QUEUE, sent, start);
        add(out, &n, PREFILL, start, end);
        add(out, &n, DECODE, end, done);
    } else if (u->prompt_eval_ns >= 0 && u->eval_ns >= 0) {
        double load = u->load_ns > 0 ? (double)u->load_ns / 1e9 : 0, prompt = (double)u->prompt_eval_ns / 1e9,
               begin = fmax(sent, done - (double)u->eval_ns / 1e9 - prompt - load);
        add(out, &n, QUEUE, sent, begin);
        add(out, &n, LOAD, begin, fmin(begin + load, done));
        add(out, &n, PREFILL, begin + load, fmin(begin + load + prompt, done));
        add(out, &n, DECODE, begin + load + prompt, done);
    } else {
        add(out, &n, WAIT, sent, token ? first : done);
        if (token)
            add(out, &n, DECODE, first, done);
    }
    return n;
}

/* ---- lanes ------------------------------------------------------------------------------------------------ */

/* A session has as many lanes as it had requests in flight. */
struct lane {
    const struct session *session;
    double free_s; /* when its last request ended */
};

struct lanes {
    const struct run *run;
    struct lane at[LANES];
    size_t n;
    const struct request *requests[REQUESTS];
    size_t lane_of[REQUESTS], n_requests, most, left_out;
};

static double seconds(const struct run *r, mono_ns t)
{
    return (double)(t - r->started_ns) / 1e9;
}

static const struct session *session_of(const struct run *r, const struct request *q)
{
    for (size_t i = 0; i < r->n_sessions; i++)
        if (r->sessions[i].number == q->session)
            return &r->sessions[i];
    return NULL;
}

static void place(struct lanes *l, const struct request *q)
{
    const struct session *owner = session_of(l->run, q);
    double sent, done;
    size_t i = 0;
    if (!owner || q->stamp[STAMP_SENT] == MONO_NONE || q->stamp[STAMP_DONE] == MONO_NONE)
        return;
    sent = seconds(l->run, q->stamp[STAMP_SENT]);
    done = seconds(l->run, q->stamp[STAMP_DONE]);
    while (i < l->n && (l->at[i].session != owner || l->at[i].free_s > sent))
        i++;
    if (i == LANES || l->n_requests == l->most) {
        l->left_out++;
        return;
    }
    if (i == l->n)
        l->at[l->n++] = (struct lane){.session = owner};
    l->at[i].free_s = done;
    l->lane_of[l->n_requests] = i;
    l->requests[l->n_requests++] = q;
}

static int by_sending(const void *a, const void *b)
{
    const struct request *x = *(const struct request *const *)a, *y = *(const struct request *const *)b;
    if (x->stamp[STAMP_SENT] != y->stamp[STAMP_SENT])
        return x->stamp[STAMP_SENT] < y->stamp[STAMP_SENT] ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static struct lanes *lanes_of(struct svg *s, const struct run *r, size_t most)
{
    struct lanes *l = arena_alloc(s->arena, sizeof *l);
    const struct request **sorted = arena_alloc(s->arena, (r->n_requests + 1) * sizeof *sorted);
    l->run = r;
    l->most = most;
    for (size_t i = 0; i < r->n_requests; i++)
        sorted[i] = &r->requests[i];
    qsort(sorted, r->n_requests, sizeof *sorted, by_sending);
    for (size_t i = 0; i < r->n_requests; i++)
        place(l, sorted[i]);
    return l;
}

/* The end of what is drawn. */
static double end_of(const struct lanes *l)
{
    double end = 0;
    for (size_t i = 0; i < l->n; i++)
        end = fmax(end, l->at[i].free_s);
    for (size_t i = 0; i < l->n && !l->left_out; i++)
        if (l->at[i].session->ended_ns != MONO_NONE)
            end = fmax(end, seconds(l->run, l->at[i].session->ended_ns));
    return end;
}

/* ---- drawing ---------------------------------------------------------------------------------------------- */

static const char *request_note(struct svg *s, const struct run *r, const struct request *q,
                                const struct span_of_time *p, size_t n)
{
    const char *text = arena_printf(s->arena, "%s%srequest %lld, %s, sent at %s s:", q->stage ? q->stage : "",
                                    q->stage ? ", " : "", (long long)q->seq, outcome_word(q->outcome),
                                    number_text(s->arena, seconds(r, q->stamp[STAMP_SENT])));
    for (size_t i = 0; i < n; i++)
        text = arena_printf(s->arena, "%s%s %s %s s", text, i ? "," : "", phases[p[i].phase].word,
                            number_text(s->arena, p[i].to - p[i].from));
    return text;
}

static void draw_request(struct svg *s, const struct lanes *l, size_t i, const struct scale *x, double y)
{
    struct span_of_time p[PHASES];
    const struct request *q = l->requests[i];
    size_t n = phases_of(l->run, q, p);
    svg_group(s, request_note(s, l->run, q, p, n));
    for (size_t k = 0; k < n; k++)
        svg_bar(s, "bar", phases[p[k].phase].color, scale_at(x, p[k].from), y + 3, scale_at(x, p[k].to), y + LANE - 5);
    if (q->outcome != OUTCOME_OK && n) {
        double at = scale_at(x, p[n - 1].to), mid = y + LANE / 2.0 - 1;
        svg_line(s, "rule", -1, at - 4, mid - 5, at + 4, mid + 5);
        svg_line(s, "rule", -1, at - 4, mid + 5, at + 4, mid - 5);
    }
    svg_group_end(s);
}

static void draw_lanes(struct svg *s, const struct lanes *l, const struct scale *x, double y)
{
    svg_text(
        s, "bold small", "start", 0, y + 12,
        arena_printf(s->arena, "%s, block %d", svg_short(s, l->run->arm ? l->run->arm : "", 40), l->run->block + 1));
    y += 18;
    for (size_t i = 0; i < l->n; i++) {
        const struct session *one = l->at[i].session;
        double at = y + LANE * (double)i, mid = at + LANE / 2.0 - 1;
        if (!i || l->at[i - 1].session != one)
            svg_text(s, "small", "end", NAMES - 8, mid + 4, svg_short(s, one->agent ? one->agent : "", 20));
        if (one->started_ns != MONO_NONE && one->ended_ns != MONO_NONE)
            svg_line(s, "axis", -1, scale_at(x, seconds(l->run, one->started_ns)), mid,
                     scale_at(x, seconds(l->run, one->ended_ns)), mid);
    }
    for (size_t i = 0; i < l->n_requests; i++)
        draw_request(s, l, i, x, y + LANE * (double)l->lane_of[i]);
}

static void key(struct svg *s, double y)
{
    double x = 0;
    for (int i = 0; i < PHASES; i++) {
        svg_bar(s, "bar", phases[i].color, x, y - 9, x + 12, y + 1);
        svg_text(s, "mute small", "start", x + 16, y, phases[i].word);
        x += 40 + 6.2 * (double)strlen(phases[i].word);
    }
    svg_line(s, "axis", -1, x, y - 4, x + 16, y - 4);
    svg_text(s, "mute small", "start", x + 20, y, "client: reads, thinks, writes");
}

bool figure_lanes(struct svg *s, const struct run *const *runs, size_t n)
{
    struct lanes **all = arena_alloc(s->arena, (n + 1) * sizeof *all);
    double end = 0, height = 30, y = 24;
    size_t left_out = 0;
    for (size_t i = 0; i < n; i++) {
        all[i] = lanes_of(s, runs[i], REQUESTS / n);
        end = fmax(end, end_of(all[i]));
        height += 24 + LANE * (double)all[i]->n;
        left_out += all[i]->left_out;
    }
    if (!(end > 0))
        return false;
    struct scale x = {0, end, NAMES, RIGHT, false};
    svg_begin(s, height + 36, "Sessions and their requests over time");
    key(s, 11);
    svg_axis_x(s, &x, 22, height, "seconds since the start of the run");
    for (size_t i = 0; i < n; i++) {
        draw_lanes(s, all[i], &x, y);
        y += 24 + LANE * (double)all[i]->n;
    }
    if (left_out)
        svg_text(s, "mute small", "start", 0, height + 30,
                 arena_printf(s->arena, "%zu more requests are not drawn", left_out));
    svg_end(s);
    return true;
}
