/* What the tests of exchange/ share: the store's fixture, and an export of everything a result holds. */
#ifndef TEST_EXCHANGE_FIXTURE_H
#define TEST_EXCHANGE_FIXTURE_H

#include "../store/fixture.h"

#include "exchange/out.h"

static inline int export_all(struct store *s, export_fn *write, FILE *out, struct err *e)
{
    struct arena a = {0};
    struct run *runs;
    size_t n;
    int rc = runs_choose(s, &(struct run_choice){0}, &a, &runs, &n, e);
    rc = rc ? rc : write(s, runs, n, out, e);
    arena_release(&a);
    return rc;
}

#endif
