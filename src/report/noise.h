/* noise.h: what two runs of the same server differ by (`chimera calibrate --aa`): made from a result file, kept by server,
 * found again when arms are compared. A server is known by its facts, its name aside. */
#ifndef REPORT_NOISE_H
#define REPORT_NOISE_H

#include <stdbool.h>

#include "format/table.h"
#include "record/metric.h"
#include "store/store.h"

/* From the counted runs of all arms of a result whose arms are alike, for every metric that has a better side: appends one
 * JSON object (schema chimera.aa/1), the same bytes for the same result. ERR_INPUT: not one server, or fewer than two runs. */
int noise_of_result(struct store *s, struct str *json, struct err *e);
/* Appends `kept` (an object of such by server; NULL, or anything else: none) with this one put in, in the place of a former
 * one of the same server. ERR_INPUT: `one` is none. */
int noise_keep(const char *kept, const char *one, struct str *out, struct err *e);

struct noise {
    double share; /* the floor, of the median */
    int64_t runs, pairs;
};
/* What is kept of the server with these facts; false: nothing. */
bool noise_find(const char *kept, const char *facts_json, const struct metric *m, struct noise *out);
/* The object as a table, of the metrics of plain load that are compared by default. */
void noise_table(const char *one, struct table *t);

#endif
