/* pool.c: see pool.h. */
#include "load/pool.h"

#include <stdlib.h>

struct question {
    struct str prompt;
    int64_t output_tok;
};

struct pool {
    struct pool_spec spec;
    struct prompt_maker maker;
    struct prompt shared;
    struct rng input, output;
    struct question *made; /* owned, n_made of them: the pool's i-th question is in place i */
    size_t n_made;
    struct question late; /* the one made last, behind those */
    int64_t n;            /* questions of this pool */
    int64_t drawn;        /* questions of the load whose lengths are drawn */
    int64_t asked, estimated;
    mono_ns until;
};

/* The lengths of the load's next question, also of those that other pools ask: each has its place in the stream. */
static void draw_lengths(struct pool *p, int64_t *input_tok, int64_t *output_tok)
{
    const struct trace_row *row = p->spec.rows ? &p->spec.rows[p->drawn] : NULL;
    *input_tok = row ? row->input_tok : amount_draw(&p->spec.input_tok, &p->input);
    *output_tok = row ? row->output_tok : amount_draw(&p->spec.output_tok, &p->output);
    p->drawn++;
}

/* Makes the pool's i-th question; they are made in their order. */
static int make(struct pool *p, int64_t i, struct question *q, struct err *e)
{
    struct prompt text = {0};
    int64_t number = p->spec.first + i * p->spec.step, input_tok = 0;
    while (p->drawn <= number)
        draw_lengths(p, &input_tok, &q->output_tok);
    int rc = prompt_make(&p->maker, (uint64_t)number, input_tok, &text, e);
    if (rc)
        return rc;
    p->estimated += text.estimated;
    str_release(&q->prompt);
    q->prompt = text.text;
    return 0;
}

static int make_shared(struct pool *p, struct err *e)
{
    if (!p->spec.shared_tok)
        return 0;
    struct prompt_maker alone = p->maker;
    alone.salt = 0; /* the same in every run: that is what a shared prefix is for */
    int rc = prompt_make(&alone, UINT64_MAX, p->spec.shared_tok, &p->shared, e);
    p->maker.words_per_tok = alone.words_per_tok;
    p->maker.shared = str_z(&p->shared.text);
    return rc;
}

/* How many of the first n questions are the pool's. */
static int64_t share(const struct pool_spec *s, int64_t n)
{
    return n > s->first ? (n - s->first - 1) / s->step + 1 : 0;
}

int pool_new(struct pool **out, const struct pool_spec *spec, struct err *e)
{
    struct pool *p = xcalloc(1, sizeof *p);
    p->spec = *spec;
    p->maker = (struct prompt_maker){
        .count = spec->count, .user = spec->count_user, .seed = spec->seed, .salt = spec->salt};
    p->input = rng_stream(spec->seed, "input_len");
    p->output = rng_stream(spec->seed, "output_len");
    p->spec.step = spec->step ? spec->step : 1;
    p->n = spec->n == INT64_MAX ? INT64_MAX : share(&p->spec, spec->n);
    p->n_made = (size_t)share(&p->spec, spec->n < POOL_COUNTED ? spec->n : POOL_COUNTED);
    p->made = xcalloc(p->n_made + 1, sizeof *p->made);
    int rc = make_shared(p, e);
    for (size_t i = 0; i < p->n_made && !rc; i++)
        rc = make(p, (int64_t)i, &p->made[i], e);
    p->maker.count = NULL; /* nothing is asked of the server inside the window */
    if (rc) {
        pool_free(p);
        return rc;
    }
    *out = p;
    return 0;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_made; i++)
        str_release(&p->made[i].prompt);
    str_release(&p->late.prompt);
    prompt_release(&p->shared);
    free(p->made);
    free(p);
}

int64_t pool_estimated(const struct pool *p)
{
    return p->estimated;
}

static enum session_next next(void *user, const struct request *last, struct ask *ask, const char **stage, mono_ns *at,
                              const char **why)
{
    struct pool *p = user;
    struct question *q = &p->late;
    struct err e;
    (void)last;
    err_clear(&e);
    if (p->spec.duration_ns && !p->until)
        p->until = clock_now(NULL) + p->spec.duration_ns;
    if (p->asked == p->n || (p->until && clock_now(NULL) >= p->until))
        return SESSION_FINISHED;
    if ((size_t)p->asked < p->n_made)
        q = &p->made[p->asked];
    else if (make(p, p->asked, q, &e)) {
        *why = "a prompt could not be made";
        return SESSION_FAILED;
    }
    p->asked++;
    *ask = (struct ask){.route = p->spec.route,
                        .prompt = str_z(&q->prompt),
                        .stream = p->spec.stream,
                        .options = p->spec.options,
                        .extra_body_json = p->spec.extra_body_json};
    ask->options.set |= OPTION_NUM_PREDICT;
    ask->options.num_predict = q->output_tok;
    *stage = "load";
    *at = MONO_NONE;
    return SESSION_ASK;
}

const struct session_ops pool_ops = {next};
