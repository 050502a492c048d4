/* facts.h: a JSON object of facts (host, server, corpus) as rows of key and value. Keys of nested objects
 * are joined by a dot; null is left out; anything that is not an object gives no rows. */
#ifndef REPORT_FACTS_H
#define REPORT_FACTS_H

#include <stddef.h>

#include "base/arena.h"

struct fact_row {
    const char *key, *value;
};

struct facts {
    struct fact_row *rows;
    size_t n;
};

enum { FACTS_MAX = 200 };

struct facts facts_of(struct arena *a, const char *json);      /* json NULL: none */
const char *facts_get(const struct facts *f, const char *key); /* NULL: not told */

#endif
