/* design.c: see design.h. */
#include "analysis/design.h"

#include <string.h>

const struct design_arm *design_find(const struct design *d, const char *arm)
{
    for (size_t i = 0; arm && d->n_factors && i < d->n_arms; i++)
        if (!strcmp(d->arms[i].name, arm))
            return &d->arms[i];
    return NULL;
}

bool design_alike(const struct design *d, const struct design_arm *a, const struct design_arm *b, size_t except)
{
    for (size_t f = 0; f < d->n_factors; f++)
        if (f != except && a->level[f] != b->level[f] && a->level[f] != DESIGN_ANY && b->level[f] != DESIGN_ANY)
            return false;
    return true;
}
