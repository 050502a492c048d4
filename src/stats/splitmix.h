/* splitmix.h: SplitMix64 (Steele, Lea and Flood 2014), the random numbers of everything here that resamples: same seed,
 * same report, bit for bit. base/rng.h has the same generator for schedules; this room stands alone. */
#ifndef STATS_SPLITMIX_H
#define STATS_SPLITMIX_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t splitmix_next(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* 0 … n - 1, n < 2^32: multiply and shift (Lemire 2019 without the rejection; its bias is below n / 2^32). */
static inline size_t splitmix_index(uint64_t *state, size_t n)
{
    return (size_t)(((splitmix_next(state) >> 32) * n) >> 32);
}

#endif
