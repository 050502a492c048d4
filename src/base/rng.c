/* rng.c: see rng.h. */
#include "base/rng.h"

#include <string.h>

#include "base/err.h"

uint64_t rng_u64(struct rng *r)
{
    uint64_t z = r->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

struct rng rng_stream(uint64_t seed, const char *purpose)
{
    uint64_t h = 0xCBF29CE484222325u; /* FNV-1a of the name */
    for (const char *p = purpose; *p; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001B3u;
    struct rng r = {seed};
    r.state = rng_u64(&r) ^ h;
    return r;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    if (n == 0)
        BUG("rng_below of nothing");
    uint64_t limit = UINT64_MAX - UINT64_MAX % n, x;
    do
        x = rng_u64(r);
    while (x >= limit);
    return x % n;
}

double rng_double(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1.0p-53;
}

void rng_shuffle(struct rng *r, void *base, size_t n, size_t size)
{
    char tmp[64], *p = base;
    if (size > sizeof tmp)
        BUG("rng_shuffle: element too large");
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)rng_below(r, i);
        memcpy(tmp, p + (i - 1) * size, size);
        memcpy(p + (i - 1) * size, p + j * size, size);
        memcpy(p + j * size, tmp, size);
    }
}
