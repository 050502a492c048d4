/* csv.h: a reader of RFC 4180 files over bytes in memory, one record at a time, and a field as it is written.
 *
 * Lines end with CRLF or LF; quoted fields may hold separators, line ends and doubled quotes; a BOM is skipped; blank
 * lines are skipped; spaces belong to their field. Refused with "NAME:LINE:COL: ": a quote inside an unquoted field, text
 * behind a closing quote, a file that ends inside quotes, a lone CR, a NUL, and more than the limits. Bytes that are not
 * UTF-8 pass through. */
#ifndef FORMAT_CSV_H
#define FORMAT_CSV_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum { CSV_MAX_FIELDS = 1024, CSV_MAX_FIELD_BYTES = 64 * 1024, CSV_MAX_RECORD_BYTES = 1024 * 1024 };

struct csv {
    const char *name; /* of the file, for messages; borrowed */
    const char *p;    /* borrowed */
    size_t n, at;
    char separator;
    long line; /* 1-based: of the next byte */
    size_t line_start;
    size_t record_start;
    struct str text; /* owned: the unquoted bytes of the current record's quoted fields */
    size_t ends[CSV_MAX_FIELDS];
    struct span field[CSV_MAX_FIELDS];
    long record_line; /* where the current record began */
    size_t n_fields;
};

void csv_init(struct csv *c, const char *name, const char *p, size_t n, char separator);
void csv_release(struct csv *c);
/* Reads the next record into field[0 … n_fields-1], valid until the next call. 1: a record; 0: the end; < 0: *e. */
int csv_next(struct csv *c, struct err *e);
/* A field in quotes, appended: an empty field is nothing, an empty text is "". What a spreadsheet would take for a formula gets
 * an apostrophe; invalid UTF-8 becomes U+FFFD. */
void csv_add_text(struct str *line, const char *p, size_t n);
/* ERR_INPUT with the place of the current record in front. */
int csv_error(const struct csv *c, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
