/* backend: the dialects spoken to a server, one const table per file.
 *
 * Owns: how a request body is built, what each chunk means, how a server of that dialect is recognised.
 * Must not know: sockets, clocks, threads, processes. A backend is a translator and is tested with byte
 * strings.
 *
 * To add a dialect: one file with one `const struct backend`, one row in backend_all (backend.c), replayed
 * samples in tests/samples. Required hooks: build, on_event. */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "record/chunk.h"
#include "record/request.h"

enum framing { FRAMING_SSE, FRAMING_NDJSON, FRAMING_BODY }; /* BODY: one JSON document, not streamed */

/* Options a caller may set; a field is sent only when its bit in `set` is there. Names are Ollama's. */
#define OPTION_LIST(X)                                                                                                 \
    X(NUM_GPU, num_gpu, int64_t)                                                                                       \
    X(NUM_CTX, num_ctx, int64_t)                                                                                       \
    X(NUM_THREAD, num_thread, int64_t)                                                                                 \
    X(TEMPERATURE, temperature, double)                                                                                \
    X(TOP_P, top_p, double)                                                                                            \
    X(TOP_K, top_k, int64_t)                                                                                           \
    X(REPEAT_PENALTY, repeat_penalty, double)                                                                          \
    X(NUM_PREDICT, num_predict, int64_t)                                                                               \
    X(SEED, seed, int64_t)                                                                                             \
    X(KEEP_ALIVE, keep_alive, int64_t) /* seconds; -1 for ever */                                                      \
    X(IGNORE_EOS, ignore_eos, int64_t)                                                                                 \
    X(CACHE_PROMPT, cache_prompt, int64_t)

enum option_bit_index {
#define X(name, field, type) OPTION_INDEX_##name,
    OPTION_LIST(X)
#undef X
        OPTION_COUNT
};
enum option_bit {
#define X(name, field, type) OPTION_##name = 1u << OPTION_INDEX_##name,
    OPTION_LIST(X)
#undef X
};

struct options {
    unsigned set; /* enum option_bit */
#define X(name, field, type) type field;
    OPTION_LIST(X)
#undef X
};

const char *option_name(enum option_bit_index i); /* "num_gpu", … */
int option_find(const char *name);                /* index or -1 */
/* Sets option i from a number; ERR_INPUT when the value is outside its range (the message says the range). */
int option_set(struct options *o, int i, double value, struct err *e);
double option_get(const struct options *o, int i); /* NaN when not set */

/* What option_set accepts, for help and lists. */
struct option_range {
    double least, most;
    bool whole;       /* only whole numbers */
    const char *what; /* one line */
};
struct option_range option_range(int i);

enum route { ROUTE_CHAT, ROUTE_COMPLETION };

/* One question, dialect-free. All text borrowed. */
struct ask {
    enum route route;
    const char *model;
    const char *system; /* may be NULL; chat only */
    const char *prompt; /* the user message, or the completion's prompt */
    struct options options;
    bool stream;
    bool want_engine_stamps;     /* add "chimera":{"stamps":true} (the server is chimera-engine) */
    const char *extra_body_json; /* an object whose members are merged into the body; may be NULL */
};

/* The request as bytes. */
struct built {
    const char *method; /* constant: "POST" */
    const char *path;   /* constant, below the base path of the URL: "/api/chat" */
    struct str body;    /* owned by the caller's struct; JSON */
    enum framing framing;
    struct str not_applied; /* option names this dialect cannot express, comma separated */
};
void built_release(struct built *b);

/* What one event said. Text is borrowed from the event's bytes or from the state's scratch until the next
 * call. */
struct event {
    enum chunk_kind kind;
    struct span text;      /* TEXT and REASONING: what to append; TOOL: the fragment of its arguments (or its name) */
    struct span reasoning; /* TEXT that came together with reasoning (a body that was not streamed): the reasoning */
    struct span error;     /* ERROR: the server's sentence */
    bool refused;          /* ERROR: the server declined (context exceeded, overloaded) */
    bool done;             /* the dialect's terminator: a stream that ends without one is no_done */
    bool finished;         /* a finish_reason came (the terminator may still follow) */
    char scratch[512];     /* on_error_body: `error` may point in here, so an event is not copied by value */
};

/* Per-response memory of a translator: preallocated once per stream, reset per response by backend_state_begin; nothing
 * in on_event allocates while events stay below BACKEND_POOL_EVENT bytes, except for the engine's token stamps at the
 * very end. Bigger events are read with malloc and counted. */
enum { BACKEND_POOL_EVENT = 16 * 1024 };
struct backend_memo;
struct backend_state {
    void *pool; /* memory of the JSON pool allocator: owned, or of the state it was shared with */
    size_t pool_bytes;
    bool shares_pool;
    struct usage *usage;          /* borrowed: filled as the server tells */
    struct engine_stamps *engine; /* borrowed: filled when chimera-engine tells */
    struct str *finish_reason;    /* borrowed */
    struct str *not_applied;      /* borrowed: the server's own "not_applied" is appended */
    bool pending_done;            /* dialect-private: an event of this response was translated */
    struct backend_memo *memo;    /* owned; dialect-private: the shape of the stream's ordinary text event */
    void *big_doc;                /* owned: the document of an event that did not fit the pool, until the next event */
    /* since init: all events, those read by their shape alone, those that allocated */
    uint64_t events, memo_events, big_events;
};
void backend_state_init(struct backend_state *s);
/* As backend_state_init, but with the pool of `lender`, which is released last: what an event said is over with the next
 * event of either. For many streams read by one thread, each event dealt with before the next. */
void backend_state_init_sharing(struct backend_state *s, const struct backend_state *lender);
void backend_state_release(struct backend_state *s);
/* Starts a response: what it tells goes into r (its usage, engine, finish_reason, not_applied). */
void backend_state_begin(struct backend_state *s, struct request *r);

#define BACKEND_CAN_CHAT (1u << 0)
#define BACKEND_CAN_COMPLETION (1u << 1)
#define BACKEND_SERVER_TIMERS (1u << 2) /* reports its own load, prompt and eval times */
#define BACKEND_CAN_TOKENIZE (1u << 3)
#define BACKEND_CAN_UNLOAD (1u << 4)

struct backend {
    const char *name; /* "ollama", "openai", "llama-server" */
    const char *what; /* one line for `chimera list backends` */
    unsigned caps;
    unsigned options; /* enum option_bit: those the dialect can express */

    /* Fills out (initialised by the caller to zero). Options outside `options` go to out->not_applied. */
    int (*build)(const struct ask *ask, struct built *out, struct err *e);
    /* Translates one event: the data of an SSE event, an NDJSON line, or a whole body. Bad JSON is ERR_INPUT in *e;
     * empty data says nothing (OTHER). One event may hold text and be the last (Ollama without streaming): kind is the
     * strongest of ERROR, TEXT, REASONING, TOOL, ROLE, DONE, USAGE, OTHER; done and usage are set beside it. */
    int (*on_event)(struct backend_state *s, const char *p, size_t n, struct event *out, struct err *e);
    /* A response with HTTP status >= 300: reads the error body. 0: it is an error of the API; ERR_INPUT:
     * it is not one we know, and out->error is the body's first line as it came. `refused` is set in both
     * cases. */
    int (*on_error_body)(int status, const char *p, size_t n, struct event *out);

    /* Facts and helpers, all as request/response bytes; NULL when the dialect has none. */
    const char *version_path; /* GET; NULL */
    const char *models_path;  /* GET */
    /* Reads name, digest, parameters, quantisation from the models answer for `model` (NULL: the first). */
    int (*read_model)(const char *p, size_t n, const char *model, struct str *name, struct str *digest,
                      struct str *quantisation, struct str *parameters, struct err *e);
    const char *tokenize_path;                                  /* POST */
    void (*build_tokenize)(const char *text, struct str *body); /* content → body */
    int (*read_tokenize)(const char *p, size_t n, int64_t *tokens, struct err *e);
    unsigned engine_options; /* those the dialect can express besides when the server is chimera-engine */
    int (*read_version)(const char *p, size_t n, struct str *version, struct err *e); /* of version_path */
};

/* An event whose name says that it is an error (`event: error`, or llama-server's own field `error:`), in any dialect: its
 * data is the error object with or without a wrapper, or a sentence. Borrowed as from on_event. */
void backend_on_error_event(struct backend_state *s, const char *p, size_t n, struct event *out);

/* The options that a question can carry: options, and engine_options with want_engine_stamps. */
unsigned backend_options_of(const struct backend *b, const struct ask *ask);

const struct backend *backend_at(size_t i); /* NULL behind the last */
const struct backend *backend_find(const char *name);

#endif
