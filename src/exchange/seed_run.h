/* seed_run.h: from the original lab's records to runs; private to this room. */
#ifndef EXCHANGE_SEED_RUN_H
#define EXCHANGE_SEED_RUN_H

#include "exchange/import.h"
#include "exchange/import_field.h"

/* struct import_format.runs of each format. */
int seed_rust_pair(yyjson_val *record, const char *origin, struct import_runs *out, struct err *e);
int seed_rust_single(yyjson_val *record, const char *origin, struct import_runs *out, struct err *e);
int seed_python_pair(yyjson_val *record, const char *origin, struct import_runs *out, struct err *e);
int seed_python_single(yyjson_val *record, const char *origin, struct import_runs *out, struct err *e);
int seed_python_call_pair(yyjson_val *record, const char *origin, struct import_runs *out, struct err *e);

/* ---- seed_run.c: what they share ------------------------------------------------------------------------------------- */

/* A new run: the arm is the last four folders of the origin (without run_N and data below them) and, unless NULL, " side";
 * the block is from run_N in the origin, else `number` - 1. */
struct run *seed_run_new(struct import_runs *out, const char *origin, const char *side, int64_t number);
/* A session with room for n requests, all of them outcome ok and unknown, numbered on from those there are; numbered itself. */
struct session *seed_session_new(struct import_runs *out, struct run *r, const char *agent, size_t n);
struct request *seed_request(struct run *r, const struct session *s, size_t turn);

/* The answer as far as the record holds it: its text, or its length and its last characters. Sets outcome and flags that
 * counts and text prove. */
void seed_answer(struct request *q, yyjson_val *call);
/* The session is over: ok when all its requests are. */
void seed_session_end(struct run *r, struct session *s, mono_ns ended_ns);

#endif
