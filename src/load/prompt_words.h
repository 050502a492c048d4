/* prompt_words.h: see prompt_words.c. Private to load/. */
#ifndef LOAD_PROMPT_WORDS_H
#define LOAD_PROMPT_WORDS_H

#include "load/prompt.h"

extern const char *const prompt_words[PROMPT_WORDS];

#endif
