/* import_read.h: the records of one file in memory; private to this room. */
#ifndef EXCHANGE_IMPORT_READ_H
#define EXCHANGE_IMPORT_READ_H

#include "base/str.h"
#include "exchange/import.h"

struct import_row {
    const struct import_format *format;
    long line;          /* as store_source_row */
    const char *origin; /* NULL: the record names none */
    const char *json;
    struct import_runs runs; /* of a file that is one run: the same with each row */
    int64_t new_runs;        /* set by the sink: how many of them are in no earlier row */
};

struct import_sink {
    void *user;
    int (*row)(void *user, struct import_row *row, struct err *e); /* borrowed during the call */
};

/* p is NUL-terminated behind its n bytes. Finds the format, fills f->format, rows, refused, runs, problem and head_json
 * (texts in the arena), and hands over each row in its order. Fails only when the sink does: what is wrong with the
 * file stands in f->problem. */
int import_read(const struct import_format *formats, struct import_file *f, const char *p, size_t n, struct arena *a,
                const struct import_sink *sink, struct err *e);

#endif
