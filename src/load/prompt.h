/* prompt.h: prompts of a wanted number of tokens, made before the window.
 *
 * Text is common English words from a fixed list, most of them one token in the tokenizers of today, so that a length is
 * met by adding or taking whole words; random bytes would not survive decoding and encoding, and are no text. It begins
 * with the salt: words drawn from the run's salt and the prompt's number, so that no prefix cache holds them, not even
 * after a run with the same seed. Behind the salt the words depend on the seed and the number alone, so that two servers
 * get the same work. A shared prefix, where one is asked for, is the same text before every salt. */
#ifndef LOAD_PROMPT_H
#define LOAD_PROMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum {
    PROMPT_MAX_TOK = 4 * 1024 * 1024,
    PROMPT_MAX_CALLS = 12, /* of the counter, for one text */
    PROMPT_SALT_WORDS = 6, /* of 256 words: 48 bits; fewer in a prompt that is not longer */
    PROMPT_WORDS = 256,
};

struct prompt_maker {
    /* Tokens of a text as the server counts them. NULL: the words per token learnt so far are assumed, one at first, and
     * the prompt is marked estimated. */
    int (*count)(void *user, const char *text, int64_t *tokens, struct err *e);
    void *user;
    uint64_t seed;        /* of the run: the words */
    uint64_t salt;        /* of this execution of it: never used twice */
    const char *shared;   /* text before the salt, itself made by prompt_make with shared NULL; NULL: none */
    double words_per_tok; /* learnt from prompt to prompt, so that later ones need fewer calls; 0 at first */
};

struct prompt {
    struct str text; /* owned */
    int64_t want_tok, got_tok;
    bool estimated;
    int calls; /* of the counter */
};

/* Prompt `number` of want_tok tokens, shared prefix included. got_tok is as near as whole words come to it; between two
 * equally near lengths the shorter. ERR_USAGE: want_tok outside 1 … PROMPT_MAX_TOK. ERR_SERVER: the counter's number
 * makes no sense. Else the counter's own error. *out is empty after an error. */
int prompt_make(struct prompt_maker *m, uint64_t number, int64_t want_tok, struct prompt *out, struct err *e);
/* What prompt `number` begins with, before a text of somebody else: the shared prefix and the salt; appended. */
void prompt_begin(const struct prompt_maker *m, uint64_t number, struct str *out);
void prompt_release(struct prompt *p);

#endif
