/* peer_run.h: what the readers of other tools' files share; private to this room. */
#ifndef EXCHANGE_PEER_RUN_H
#define EXCHANGE_PEER_RUN_H

#include "exchange/import_field.h"
#include "exchange/peer_import.h"

/* A run of plain load with its one session; arm borrowed (the arena's). */
struct run *peer_run_new(struct import_runs *out, const char *arm);
/* The name of a file without its folder and ending, or of its folder where the tool calls all its files so: `usual`. */
const char *peer_arm_of_path(struct import_runs *out, const char *origin, const char *usual);
/* Takes q, which becomes the next of the run (seq, session, flags are set). */
void peer_run_add(struct import_runs *out, struct run *r, struct request *q);
/* *t + ns; ERR_INPUT when that is behind the year 2112, as of a file with gaps without end. */
int peer_later(mono_ns *t, int64_t ns, struct err *e);
/* A chunk whose time the tool's clock told. */
void peer_chunk(struct request *q, mono_ns t, enum chunk_kind kind);
/* The outcome that `word` names, when it is one of ours; else `untold`. */
enum outcome peer_outcome(const char *word);
/* From the earliest stamp to the latest, unless ended_ns tells the end; without a stamp from 0 to 0. The session alike. */
void peer_run_end(struct run *r, mono_ns ended_ns);
/* As peer_run_end, of stamps that are times since 1970 in ns: they then count from the earliest, which is wall_ns. */
void peer_run_end_epoch(struct run *r);
/* A closed loop, or arrivals at one rate by `law` (NULL: without one); its texts are the arena's. */
struct import_asked *peer_asked(struct import_runs *out);
void peer_copy(struct str *to, yyjson_val *text); /* nothing unless it is a text */

#endif
