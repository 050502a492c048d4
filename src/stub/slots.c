/* slots.c: see slots.h. A binary heap of steps by service time; service time runs at `speed` against the clock. */
#include "stub/slots.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"

void slots_init(struct slots *s, size_t n, enum slots_order order, mono_ns now)
{
    *s = (struct slots){.n = n, .order = order, .now = now};
}

void slots_release(struct slots *s)
{
    free(s->heap);
    *s = (struct slots){0};
}

static double speed(const struct slots *s)
{
    return s->n && s->n_served > s->n ? (double)s->n / (double)s->n_served : 1;
}

static void advance(struct slots *s, mono_ns to)
{
    if (to > s->now) {
        s->service += (double)(to - s->now) * speed(s);
        s->now = to;
    }
}

/* ---- the heap -------------------------------------------------------------------------------------------------- */

static bool before(const struct slot_job *a, const struct slot_job *b)
{
    return a->due < b->due || (a->due == b->due && a->number < b->number);
}

static void put(struct slots *s, size_t i, struct slot_job *j)
{
    s->heap[i] = j;
    j->at = i + 1;
}

static void sift_up(struct slots *s, size_t i)
{
    struct slot_job *j = s->heap[i];
    for (; i && before(j, s->heap[(i - 1) / 2]); i = (i - 1) / 2)
        put(s, i, s->heap[(i - 1) / 2]);
    put(s, i, j);
}

static void sift_down(struct slots *s, size_t i)
{
    struct slot_job *j = s->heap[i];
    for (size_t k; (k = 2 * i + 1) < s->n_heap; i = k) {
        if (k + 1 < s->n_heap && before(s->heap[k + 1], s->heap[k]))
            k++;
        if (!before(s->heap[k], j))
            break;
        put(s, i, s->heap[k]);
    }
    put(s, i, j);
}

static void take_out(struct slots *s, struct slot_job *j)
{
    if (!j->at)
        return;
    size_t i = j->at - 1;
    struct slot_job *last = s->heap[--s->n_heap];
    j->at = 0;
    if (last == j)
        return;
    put(s, i, last);
    sift_up(s, i);
    sift_down(s, last->at - 1);
}

/* ---- jobs ------------------------------------------------------------------------------------------------------ */

static void serve(struct slots *s, struct slot_job *j)
{
    j->served = true;
    s->n_served++;
}

bool slots_enter(struct slots *s, struct slot_job *j)
{
    *j = (struct slot_job){.number = s->n_entered++};
    if (!s->n || s->order == SLOTS_SHARED || s->n_served < s->n) {
        serve(s, j);
        return true;
    }
    j->waiting = true;
    j->prev = s->last;
    if (s->last)
        s->last->next = j;
    else
        s->first = j;
    s->last = j;
    s->n_waiting++;
    return false;
}

void slots_plan(struct slots *s, struct slot_job *j, double from, mono_ns after)
{
    if (!j->served || j->at)
        BUG("a step of a job that is not in service, or has one already");
    if (s->n_heap == s->cap_heap) {
        s->cap_heap = s->cap_heap ? 2 * s->cap_heap : 64;
        s->heap = xrealloc(s->heap, s->cap_heap * sizeof(struct slot_job *));
    }
    j->due = from + (double)after;
    s->heap[s->n_heap++] = j;
    sift_up(s, s->n_heap - 1);
}

static void stop_waiting(struct slots *s, struct slot_job *j)
{
    if (j->prev)
        j->prev->next = j->next;
    else
        s->first = j->next;
    if (j->next)
        j->next->prev = j->prev;
    else
        s->last = j->prev;
    j->prev = j->next = NULL;
    j->waiting = false;
    s->n_waiting--;
}

struct slot_job *slots_leave(struct slots *s, struct slot_job *j)
{
    if (j->waiting) {
        stop_waiting(s, j);
        return NULL;
    }
    if (!j->served)
        return NULL;
    take_out(s, j);
    j->served = false;
    s->n_served--;
    struct slot_job *next = s->first;
    if (next) {
        stop_waiting(s, next);
        serve(s, next);
    }
    return next;
}

/* The first whole nanosecond not before the due moment. What rounding adds at shared speed is below the tolerance, so
 * the moment does not depend on how often the clock was moved before it. */
mono_ns slots_next(const struct slots *s)
{
    const double tolerance_ns = 1e-3;
    if (!s->n_heap)
        return MONO_NONE;
    double left = (s->heap[0]->due - s->service) / speed(s) - tolerance_ns;
    return left > 0 ? s->now + (mono_ns)ceil(left) : s->now;
}

struct slot_job *slots_step(struct slots *s, mono_ns until)
{
    mono_ns at = slots_next(s);
    if (at == MONO_NONE || at > until) {
        advance(s, until);
        return NULL;
    }
    advance(s, at);
    struct slot_job *j = s->heap[0];
    take_out(s, j);
    return j;
}
