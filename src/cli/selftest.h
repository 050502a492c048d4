/* selftest.h: what `chimera selftest` does beside the conformance cases. */
#ifndef CLI_SELFTEST_H
#define CLI_SELFTEST_H

#include <stdbool.h>

#include "base/err.h"

/* Runs a file of vectors (vectors/vectors.h) and prints what holds; ERR_GATE when a vector does not. */
int selftest_vectors(const char *path, bool json, struct err *e);

#endif
