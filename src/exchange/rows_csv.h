/* `chimera export FILE --format csv`: one row per request with its facts, its stamps and every metric of level request
 * (record/metric.h), for spreadsheets, R and pandas. Bounded memory. */
#ifndef EXCHANGE_ROWS_CSV_H
#define EXCHANGE_ROWS_CSV_H

#include "exchange/out.h"

/* RFC 4180 with a header row and LF line ends; an empty field: not taken, not said. Times are named with their unit; a metric's
 * column is "ID [UNIT]", as in `chimera list metrics`. Texts are made safe for spreadsheets: one that begins with = + - @ or
 * a control character gets an apostrophe in front, NUL and bytes that are not UTF-8 become U+FFFD.
 * Ends with the first write that fails (ERR_IO). */
export_fn export_rows_csv;

#endif
