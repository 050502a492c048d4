/* What a client asks for: a request body of either dialect, read into one plain struct. Pure: bytes in, struct out.
 * What cannot be honoured is listed by name in not_applied instead of being dropped in silence. */
#ifndef ENGINE_ASK_H
#define ENGINE_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/sampling.h"

enum ask_route {
    ASK_CHAT,       /* POST /v1/chat/completions */
    ASK_COMPLETION, /* POST /v1/completions */
    ASK_GENERATE,   /* POST /api/generate */
    ASK_OLLAMA_CHAT /* POST /api/chat */
};

enum { ASK_MAX_STOPS = 16, ASK_MAX_MESSAGES = 4096, ASK_MAX_NOT_APPLIED = 64, ASK_MAX_NAME = 64 };

struct ask_message {
    const char *role, *content; /* NUL-terminated, no NUL inside */
};

/* What the engine was started with, to tell which options change nothing. */
struct ask_limits {
    int64_t n_ctx, n_threads, n_batch;
};

struct ask {
    enum ask_route route;
    struct arena arena; /* owns everything that is pointed to */
    struct span model;  /* as sent; empty: not named */
    bool stream, include_usage, raw, stamps, cache_prompt;
    bool unload; /* keep_alive is 0 */
    const struct ask_message *messages;
    size_t n_messages;
    struct span prompt, system;
    const int32_t *prompt_tokens; /* instead of text */
    size_t n_prompt_tokens;
    int64_t max_tokens; /* < 0: as many as the context takes */
    struct sampling sampling;
    struct span stops[ASK_MAX_STOPS];
    size_t n_stops;
    const char *not_applied[ASK_MAX_NOT_APPLIED];
    size_t n_not_applied;
};

/* Always leaves *a in a state that ask_release accepts. ERR_INPUT: what the client should be told (400). */
int ask_parse(struct ask *a, enum ask_route route, struct span body, const struct ask_limits *limits, struct err *e);
void ask_release(struct ask *a);
bool ask_is_chat(const struct ask *a);
bool ask_is_openai(const struct ask *a);

#endif
