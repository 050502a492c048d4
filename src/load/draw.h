/* Random numbers of the laws a load needs, from one explicit stream per purpose (base/rng.h). */
#ifndef LOAD_DRAW_H
#define LOAD_DRAW_H

#include "base/rng.h"

double draw_exponential(struct rng *r); /* mean 1, by inversion; finite */
double draw_normal(struct rng *r);      /* mean 0, standard deviation 1: polar method (Marsaglia and Bray 1964) */
/* Shape a > 0, scale 1: Marsaglia and Tsang 2000, with their U^(1/a) for shapes below 1. */
double draw_gamma(struct rng *r, double shape);

#endif
