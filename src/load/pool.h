/* pool.h: the questions of a plain load, asked one after the other by a session of any width, closed or open.
 *
 * Prompts are made before the window and counted by the server's tokenizer where there is one; behind POOL_COUNTED of
 * them, and without a tokenizer, they are made as they are needed with the words per token learnt so far, and marked
 * estimated. Every prompt begins with words of its own, so that no prefix cache answers it (prompt.h). */
#ifndef LOAD_POOL_H
#define LOAD_POOL_H

#include "load/amount.h"
#include "load/driver.h"
#include "load/prompt.h"
#include "load/trace.h"

enum { POOL_COUNTED = 1024 };

struct pool_spec {
    enum route route;
    bool stream;
    struct options options;      /* of every question; num_predict is drawn from output_tok */
    const char *extra_body_json; /* borrowed; may be NULL */
    struct amount_law input_tok, output_tok;
    const struct trace_row *rows; /* n of them with the lengths of each question instead of the laws; borrowed; NULL */
    int64_t shared_tok;           /* length of a prefix that all prompts share; 0: none */
    int64_t n;                    /* questions of the window; INT64_MAX: until the time is over */
    mono_ns duration_ns;          /* no question is asked later than this after the window's start; 0: no limit */
    uint64_t seed, salt;          /* see prompt.h */
    int (*count)(void *user, const char *text, int64_t *tokens, struct err *e); /* NULL: no tokenizer */
    void *count_user;
};

struct pool;
/* Makes the prompts: before the window, with as many calls of the tokenizer as that takes. The spec is copied. */
int pool_new(struct pool **out, const struct pool_spec *spec, struct err *e);
void pool_free(struct pool *p);
/* Nothing more is asked; what is in flight goes on. */
void pool_stop(struct pool *p);
/* Prompts whose length is estimated, of those asked and made so far. */
int64_t pool_estimated(const struct pool *p);
extern const struct session_ops pool_ops; /* user: struct pool */

#endif
