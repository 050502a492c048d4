/* VALID, SUSPECT or VOID for a run, with the rules that fired. Thresholds stand in one table (verdict.c; source: doc/method.md). */
#ifndef RECORD_VERDICT_H
#define RECORD_VERDICT_H

#include "base/str.h"
#include "record/run.h"

enum verdict { VERDICT_VALID, VERDICT_SUSPECT, VERDICT_VOID };

const char *verdict_word(enum verdict v);
/* Appends the sentences of the rules that fired, separated by "; ". */
enum verdict verdict_of_run(const struct run *r, struct str *why);

#endif
