/* facts.h: what the files of a corpus say, as numbers with an origin. Private to agent/. */
#ifndef AGENT_FACTS_H
#define AGENT_FACTS_H

#include <stdbool.h>

#include "agent/corpus.h"

/* Collects facts and series of a corpus; both arrays grow in its arena. */
struct harvest {
    struct corpus *corpus;
    size_t cap_facts, cap_series;
    struct err *e;
};

/* name and origin are copied. ERR_LIMIT over CORPUS_MAX_FACTS. */
int harvest_fact(struct harvest *h, const char *name, double value, const char *origin, bool is_count);
/* Adds a series and its facts "NAME mean", "NAME median", "NAME min", "NAME max" (a single value gives only NAME). Sorts
 * the values. */
int harvest_series(struct harvest *h, const char *file, const char *name, const char *origin, double *values, size_t n);
/* The counts of files and the total of bytes: first, before any file. */
int harvest_counts(struct harvest *h);
/* The facts of one file's bytes. ERR_INPUT with file and line when it is not what its name says. */
int harvest_csv(struct harvest *h, const char *file, const char *p, size_t n);
int harvest_json(struct harvest *h, const char *file, const char *p, size_t n);
int harvest_md(struct harvest *h, const char *file, const char *p, size_t n, const char **title);

/* A table that is read row by row, of a CSV file or in Markdown: a column is numeric when each of its cells is a number
 * or a missing value ("", -, n/a, null, nan). */
struct table;
struct table *table_new(const struct span *header, size_t n, bool units); /* units: "41 ms" is a number too */
void table_free(struct table *t);
void table_row(struct table *t, const struct span *cells, size_t n, long line);
/* Adds "FILE: rows", the series of numeric columns, and each numeric cell as "COLUMN, ROW LABEL". */
int table_harvest(const struct table *t, struct harvest *h, const char *file, const char *place);

/* True when the cell is a number, with an optional % or unit behind it where `units`; its value in *v. */
bool cell_number(struct span cell, bool units, double *v);

#endif
