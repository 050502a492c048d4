/* adapter.h: how a function of stats meets its vectors. An adapter reads inputs by their keys, calls the function and
 * gives outputs by theirs; comparing, counting and complaining is done by vectors.c. An input that is missing or of another
 * kind is noted as a fault and reads as NaN, 0, "" or no numbers: adapters need not check.
 *
 * To add a function: an adapter and a row in one of the tables below. */
#ifndef VECTORS_ADAPTER_H
#define VECTORS_ADAPTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vector; /* one vector at work */

struct vector_fn {
    const char *name; /* as in the file */
    void (*run)(struct vector *v);
};

/* Each ends with a row without a name. To add a file of adapters: its table here and in tables[] of vectors.c. */
extern const struct vector_fn vector_fns_basic[], vector_fns_planning[], vector_fns_series[], vector_fns_tests[];

struct numbers {
    double *at; /* lives as long as the vector; may be changed */
    size_t n;
};

enum { VECTOR_MAX_COUNT = 1000000 };

/* Takes steps of work, each some nanoseconds, from what the file may ask for in all; false when it asks for more: the adapter
 * returns then, and the file is refused. To be asked before everything that takes more than a few steps per number read. */
bool vector_affords(struct vector *v, double steps);

bool vector_has(const struct vector *v, const char *key);
double vector_number(struct vector *v, const char *key);
/* A whole number, 0 … VECTOR_MAX_COUNT. */
size_t vector_count(struct vector *v, const char *key);
uint64_t vector_u64(struct vector *v, const char *key);
const char *vector_text(struct vector *v, const char *key);
/* An array, the name of a dataset, or one of two patterns: {"pattern": "first=A then (B,C) repeated …", "n": N},
 * {"pattern": "i mod K for i=0..LAST"}. */
struct numbers vector_numbers(struct vector *v, const char *key);
/* Zeroed; lives as long as the vector. */
void *vector_memory(struct vector *v, size_t bytes);

/* How many numbers the wanted array has; 0 when there is none. */
size_t vector_wanted(const struct vector *v, const char *key);
/* What the function gave; without effect when the vector has no such output. */
void vector_give(struct vector *v, const char *key, double got);
void vector_give_numbers(struct vector *v, const char *key, const double *got, size_t n);
/* Against an array of decimal texts, exactly: JSON numbers do not hold 64 bits. */
void vector_give_u64s(struct vector *v, const char *key, const uint64_t *got, size_t n);

#endif
