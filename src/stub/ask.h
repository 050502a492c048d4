/* What a client asks of the stub: a request body of any of the generation routes, read into a plain struct. Pure: bytes
 * in, struct out. Only what changes the answer's size, shape or timing is read; the rest is ignored. */
#ifndef STUB_ASK_H
#define STUB_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum ask_route { ASK_CHAT, ASK_COMPLETION, ASK_GENERATE, ASK_OLLAMA_CHAT };

enum { ASK_MAX_MODEL = 255, ASK_MAX_FAULT = 63 };
#define ASK_MAX_TOKENS 1000000000LL

struct ask {
    char model[ASK_MAX_MODEL + 1]; /* as sent, cut; "": not named */
    char fault[ASK_MAX_FAULT + 1]; /* "stub_fault" of the body; "": none asked for */
    bool stream, include_usage, ignore_eos, raw;
    bool unload;         /* keep_alive is 0 */
    bool nothing;        /* Ollama: no prompt and no messages: only load or unload */
    int64_t max_tokens;  /* -1: none given */
    int64_t num_ctx;     /* Ollama's options.num_ctx; -1: not given */
    int64_t prompt_tok;  /* words of all prompt text, or the token ids of a prompt that is a list of them */
    struct str contents; /* owned: all prompt text, pieces joined by newlines, when keep_contents */
};

/* Always leaves *a in a state that ask_release accepts. ERR_INPUT: what the client should be told (400). keep_contents:
 * the prompt's text is wanted, not only its count. */
int ask_parse(struct ask *a, enum ask_route route, struct span body, bool keep_contents, struct err *e);
void ask_release(struct ask *a);

#endif
