/* job.c: see job.h. */
#include "engine/job.h"

#include <stdlib.h>

void tokens_add(struct tokens *t, int32_t id)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->at = xrealloc(t->at, t->cap * sizeof *t->at);
    }
    t->at[t->n++] = id;
}

void tokens_release(struct tokens *t)
{
    free(t->at);
    *t = (struct tokens){0};
}

void job_token(struct job *j, int32_t id, mono_ns at)
{
    if (j->output.n == j->cap_token_ns) {
        j->cap_token_ns = j->cap_token_ns ? 2 * j->cap_token_ns : 64;
        j->token_ns = xrealloc(j->token_ns, j->cap_token_ns * sizeof *j->token_ns);
    }
    j->token_ns[j->output.n] = at;
    tokens_add(&j->output, id);
}

void job_release(struct job *j)
{
    tokens_release(&j->prompt);
    tokens_release(&j->output);
    free(j->token_ns);
    j->token_ns = NULL;
}

void events_add(struct events *e, struct job *job, enum event_kind kind, int n_tokens, mono_ns stamp, struct span text)
{
    if (e->n == e->cap) {
        e->cap = e->cap ? 2 * e->cap : 32;
        e->list = xrealloc(e->list, e->cap * sizeof *e->list);
    }
    e->list[e->n++] = (struct event){job, kind, n_tokens, stamp, e->bytes.len, text.len};
    str_add(&e->bytes, text.at, text.len);
}

void events_clear(struct events *e)
{
    e->n = 0;
    str_clear(&e->bytes);
}

void events_release(struct events *e)
{
    free(e->list);
    str_release(&e->bytes);
    *e = (struct events){0};
}
