/* quantize.h: writes a model again with another quantisation, so that a study can vary it. */
#ifndef ENGINE_QUANTIZE_H
#define ENGINE_QUANTIZE_H

#include "base/err.h"

/* `type` is one of quantize_types (q4_0, q8_0 …). The file appears whole or not at all. Weights that are quantised already
 * are quantised from what is left of them: speed can be compared, quality only downwards. ERR_REFUSED when out exists. */
int quantize_file(const char *in, const char *out, const char *type, int threads, struct err *e);

#endif
