/* Sampling parameters: plain numbers with the defaults of each dialect and their limits. How they become a chain of
 * samplers is sampler.h's business. */
#ifndef ENGINE_SAMPLING_H
#define ENGINE_SAMPLING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct sampling {
    double temperature;                         /* <= 0: greedy */
    int64_t top_k;                              /* <= 0: off */
    double top_p;                               /* >= 1: off */
    double min_p;                               /* <= 0: off */
    double repeat_penalty;                      /* 1: off; > 0 */
    double frequency_penalty, presence_penalty; /* 0: off */
    int64_t repeat_last_n; /* window of the penalties in tokens, prompt included; 0: off, -1: the context */
    int64_t seed;          /* < 0: a random one is drawn */
    bool ignore_eos;       /* end-of-generation tokens are never chosen */
};

struct sampling sampling_ollama(void); /* Ollama 0.6's: 0.8, 40, 0.9, 1.1 over 64 */
struct sampling sampling_openai(void); /* the plain distribution: temperature 1, nothing cut off */

/* One parameter by its name in either dialect.
 * ERR_NOTFOUND: no such parameter (e untouched); ERR_INPUT: out of range. */
int sampling_set(struct sampling *s, const char *name, double value, struct err *e);
bool sampling_greedy(const struct sampling *s);

#endif
