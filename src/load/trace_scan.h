/* trace_scan.h: the raw rows of a trace file, one by one, and their times. Private to load/'s trace files. */
#ifndef LOAD_TRACE_SCAN_H
#define LOAD_TRACE_SCAN_H

#include <yyjson.h>

#include "load/trace.h"

/* A time as the file writes it. */
struct trace_stamp {
    bool iso;
    int64_t iso_ns; /* since 1970 */
    double value;   /* else: a number of unknown unit, >= 0 */
};

struct trace_raw {
    long line;
    struct trace_stamp stamp;
    int64_t input_tok, output_tok;
    struct span session;
    yyjson_val *hash_ids;      /* an array, or NULL */
    yyjson_val *conversations; /* an array, or NULL */
};

struct trace_source {
    const char *name, *p; /* borrowed */
    size_t n;
    enum trace_format format;
    bool csv;
};

/* A row; everything in it dies with the call. 0: go on; 1: enough; < 0: *e is set. */
typedef int trace_row_fn(void *user, const struct trace_raw *raw, struct err *e);

/* Which format the bytes have and whether they are CSV; *why gets the reason. `wanted` TRACE_ANY_FORMAT: detect. */
int trace_detect_format(struct trace_source *s, enum trace_format wanted, struct str *why, struct err *e);
int trace_scan(const struct trace_source *s, trace_row_fn *row, void *user, struct err *e);
/* ERR_INPUT with "NAME:LINE: ". */
int trace_error(const char *name, long line, struct err *e, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* "2023-11-16 18:17:03.9799600", with T, Z or ±HH:MM, years 1970 … 2200; or a decimal number from 0 on. */
bool trace_stamp_parse(struct span text, struct trace_stamp *out);
double trace_unit_ns(enum trace_unit u);
/* The unit of numbers from least to most over n rows of a format; *why gets the reason. */
enum trace_unit trace_detect_unit(enum trace_format format, double least, double most, size_t n, struct str *why);

#endif
