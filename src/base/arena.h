/* Memory for things that die together: one arena per parsed file, per report, per loaded run. No free of single
 * pieces; pointers stay valid until the arena is released. Zero-initialised is empty and valid. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *head; /* owned */
};

void *arena_alloc(struct arena *a, size_t n); /* zeroed, aligned for any type */
void *arena_grow(struct arena *a, const void *old, size_t old_n, size_t n);
char *arena_dup(struct arena *a, const void *p, size_t n); /* NUL added */
char *arena_dupz(struct arena *a, const char *z);          /* NULL stays NULL */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_release(struct arena *a);

#endif
