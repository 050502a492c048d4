/* timers.c: see timers.h. Slots are 1-based in struct timer so that a zeroed timer is unarmed. */
#include "net/timers.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/err.h"

static bool before(const struct timer *a, const struct timer *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void put(struct timer_heap *h, size_t i, struct timer *t)
{
    h->at[i] = t;
    t->slot = i + 1;
}

/* Both walks carry one hole through the heap and put the timer where the hole ends. */
static void walk_up(struct timer_heap *h, size_t i, struct timer *t)
{
    while (i > 0 && before(t, h->at[(i - 1) / 2])) {
        put(h, i, h->at[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(h, i, t);
}

static void walk_down(struct timer_heap *h, size_t i, struct timer *t)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= h->n)
            break;
        if (child + 1 < h->n && before(h->at[child + 1], h->at[child]))
            child++;
        if (!before(h->at[child], t))
            break;
        put(h, i, h->at[child]);
        i = child;
    }
    put(h, i, t);
}

void timer_heap_release(struct timer_heap *h)
{
    for (size_t i = 0; i < h->n; i++)
        h->at[i]->slot = 0;
    free(h->at);
    *h = (struct timer_heap){0};
}

void timer_heap_reserve(struct timer_heap *h, size_t extra)
{
    if (h->cap - h->n >= extra)
        return;
    size_t cap = h->cap ? h->cap : 64;
    while (cap - h->n < extra)
        cap *= 2;
    h->at = xrealloc(h->at, cap * sizeof(struct timer *));
    h->cap = cap;
}

void timer_heap_cancel(struct timer_heap *h, struct timer *t)
{
    if (!t->slot)
        return;
    size_t i = t->slot - 1;
    t->slot = 0;
    struct timer *last = h->at[--h->n];
    if (last == t)
        return;
    if (before(last, t))
        walk_up(h, i, last);
    else
        walk_down(h, i, last);
}

void timer_heap_set(struct timer_heap *h, struct timer *t, mono_ns at)
{
    timer_heap_cancel(h, t);
    timer_heap_reserve(h, 1);
    t->at = at;
    t->order = h->order++;
    h->n++;
    walk_up(h, h->n - 1, t);
}

struct timer *timer_heap_first(const struct timer_heap *h)
{
    return h->n ? h->at[0] : NULL;
}
