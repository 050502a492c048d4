/* Random numbers: SplitMix64 (Steele, Lea, Flood 2014), one explicit state per purpose, so that switching one feature
 * on does not shift another's numbers. Same seed, same sequence, on every machine. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

/* An independent stream of `seed` for a named purpose ("order", "arrivals", …): the name is hashed into the state. */
struct rng rng_stream(uint64_t seed, const char *purpose);
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n);                      /* 0 … n-1 without bias; n > 0 */
double rng_double(struct rng *r);                                   /* [0, 1) */
void rng_shuffle(struct rng *r, void *base, size_t n, size_t size); /* Fisher-Yates; size <= 64 */

#endif
