/* seed.h: the formats of the lab behind Technical Reports TR108 to TR121, for import_files: as its repository holds them (one
 * metrics.json per run) and as joined, shortened rows (one JSON line per run).
 *
 * Their agents' records also become runs of ours. One run per execution: of a pair, both agents; of a comparison of two
 * configurations one after the other, each repetition of each side. The arm is the end of the folder that the record came
 * from, the block the number of the repetition. Times count from the start of the run, as far as the record tells; what it
 * does not tell stays unknown. `cold` follows from the load times of that lab, whose warm ones lie at 100 to 400 ms and whose
 * cold ones above 3 s. */
#ifndef EXCHANGE_SEED_H
#define EXCHANGE_SEED_H

#include "exchange/import.h"

extern const struct import_format seed_formats[];

#endif
