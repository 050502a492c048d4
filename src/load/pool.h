/* pool.h: the questions of a plain load, asked by a session of any width, closed or open: single ones, or those of
 * conversations, in which turn k leaves at the end of answer k-1 plus a pause and carries all that was said.
 *
 * Prompts are made before the window and counted by the server's tokenizer where there is one; behind POOL_COUNTED of
 * them, and without a tokenizer, they are made as they are needed with the words per token learnt so far, and marked
 * estimated. Every conversation begins with words of its own, so that no prefix cache answers it (prompt.h). */
#ifndef LOAD_POOL_H
#define LOAD_POOL_H

#include "load/conversation.h"
#include "load/driver.h"
#include "load/prompt.h"
#include "load/trace.h"

enum { POOL_COUNTED = 1024 };

struct pool_spec {
    enum route route;
    bool stream;
    struct options options;        /* of every question; num_predict is that of its turn */
    const char *extra_body_json;   /* borrowed; may be NULL */
    struct conversation_spec talk; /* ROUTE_CHAT where it has more than one turn */
    /* What is asked comes from these rows, in their order and again from the first: their lengths or, where they have
     * them, their texts, with as many turns as both row and talk have. Borrowed; NULL: none. */
    const struct trace_row *rows;
    size_t n_rows;
    /* A row's texts give the most tokens of each answer, where there is a tokenizer; else talk does. */
    bool recorded_limits;
    int64_t shared_tok; /* length of a prefix that all conversations share; 0: none */
    int64_t n;          /* conversations of the window; INT64_MAX: until the time is over */
    /* This pool begins the conversations first, first + step, first + 2 step … of those: a share of a load that several
     * threads divide. 0: all. A conversation has the same lengths and words whatever the step, but for the fit of its words
     * to the tokenizer, which goes on from the pool's question before it. */
    int64_t first, step;
    mono_ns duration_ns; /* no conversation begins later than this after the window's start; 0: no limit */
    bool open;           /* arrivals begin conversations: the end of one does not begin another */
    uint64_t salt;       /* see prompt.h */
    int (*count)(void *user, const char *text, int64_t *tokens, struct err *e); /* NULL: no tokenizer */
    void *count_user;
};

struct pool;
/* Makes the prompts: before the window, with as many calls of the tokenizer as that takes. The spec is copied. */
int pool_new(struct pool **out, const struct pool_spec *spec, struct err *e);
void pool_free(struct pool *p);
/* Whether the pool answers ANEW: its requests are those of conversations, not single ones. */
bool pool_converses(const struct pool *p);
/* Nothing more is asked; what is in flight goes on. Any thread. */
void pool_stop(struct pool *p);
/* Questions whose length, or whose answer's limit, is estimated, of those asked so far. */
int64_t pool_estimated(const struct pool *p);
extern const struct session_ops pool_ops; /* user: struct pool */

#endif
