/* pool.c: see pool.h. */
#include "load/pool.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct question {
    struct str prompt;
    struct turn_plan plan;
    bool estimated;
};

/* One conversation, a single question included. */
struct talk {
    const char *system; /* borrowed from a row; NULL */
    struct question *turn;
    size_t n, next;
    struct conversation said;
};

struct pool {
    struct pool_spec spec;
    struct prompt_maker maker;
    struct prompt shared;
    struct talk **made; /* owned: the pool's i-th conversation is in place i, until it began */
    size_t n_made;
    struct talk **live; /* owned: those under way, by the number of their dialogue */
    size_t n_live, cap_live;
    struct talk *newest; /* begun, and its number not told yet; in a load of single questions the one asked last */
    struct str body;     /* the history; borrowed until the next question, as the text of the newest is */
    int64_t n;           /* conversations of this pool in the window */
    int64_t begun, in_window, estimated;
    double tok_per_byte; /* of recorded answers; 0: not learnt */
    atomic_bool stopped;
};

/* ---- what is said ------------------------------------------------------------------------------------------ */

static void talk_free(struct talk *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++)
        str_release(&t->turn[i].prompt);
    conversation_release(&t->said);
    free(t->turn);
    free(t);
}

static const struct trace_row *row_of(const struct pool *p, int64_t number)
{
    return p->spec.rows ? &p->spec.rows[(size_t)number % p->spec.n_rows] : NULL;
}

static uint64_t prompt_number(int64_t number, size_t turn)
{
    return (uint64_t)number * CONVERSATION_MAX_TURNS + turn;
}

static int make_words(struct pool *p, int64_t number, size_t turn, struct question *q, struct err *e)
{
    struct prompt text;
    struct prompt_maker maker = p->maker;
    if (turn) /* the history holds it */
        maker.shared = NULL;
    int rc = prompt_make(&maker, prompt_number(number, turn), q->plan.input_tok, &text, e);
    p->maker.words_per_tok = maker.words_per_tok;
    q->estimated = text.estimated;
    q->prompt = text.text;
    return rc;
}

/* The most tokens of an answer are those that the recorded one had. */
static int limit_answer(struct pool *p, const char *recorded, struct question *q, struct err *e)
{
    int64_t tokens = 0;
    size_t bytes = strlen(recorded);
    int rc = p->maker.count ? p->maker.count(p->maker.user, recorded, &tokens, e) : 0;
    if (rc || (!p->maker.count && p->tok_per_byte <= 0))
        return rc;
    if (!p->maker.count) {
        tokens = (int64_t)((double)bytes * p->tok_per_byte);
        q->estimated = true;
    } else if (bytes) {
        p->tok_per_byte = (double)tokens / (double)bytes;
    }
    q->plan.output_tok = tokens < 1 ? 1 : tokens < TRACE_MAX_TOK ? tokens : TRACE_MAX_TOK;
    return 0;
}

/* Each text of the user is a turn; what follows it is the recorded answer. */
static int take_texts(struct pool *p, int64_t number, const struct trace_row *row, struct talk *t, struct err *e)
{
    size_t turn = 0;
    int rc = 0;
    for (size_t i = 0; i < row->n_turns && !rc; i++) {
        const struct trace_turn *x = &row->turns[i];
        if (x->role == TRACE_SYSTEM && !turn)
            t->system = x->text;
        if (x->role == TRACE_ASSISTANT && turn && p->spec.recorded_limits)
            rc = limit_answer(p, x->text, &t->turn[turn - 1], e);
        if (x->role != TRACE_USER)
            continue;
        if (turn == t->n)
            break;
        struct question *q = &t->turn[turn++];
        if (turn == 1) {
            prompt_begin(&p->maker, prompt_number(number, 0), &q->prompt);
            str_addc(&q->prompt, '\n');
        }
        str_addz(&q->prompt, x->text);
    }
    t->n = turn;
    return rc;
}

static int make_turns(struct pool *p, int64_t number, struct talk *t, struct err *e)
{
    const struct trace_row *row = row_of(p, number);
    int rc = 0;
    if (row && row->n_turns)
        return take_texts(p, number, row, t, e);
    for (size_t i = 0; i < t->n && !rc; i++) {
        if (row) { /* one turn */
            t->turn[i].plan.input_tok = row->input_tok;
            t->turn[i].plan.output_tok = row->output_tok;
        }
        rc = make_words(p, number, i, &t->turn[i], e);
    }
    return rc;
}

static int make(struct pool *p, int64_t number, struct talk **out, struct err *e)
{
    struct talk *t = xcalloc(1, sizeof *t);
    t->n = conversation_turns(&p->spec.talk, number);
    t->turn = xcalloc(t->n, sizeof *t->turn);
    struct turn_plan *plan = xcalloc(t->n, sizeof *plan);
    conversation_plan(&p->spec.talk, number, plan, t->n);
    for (size_t i = 0; i < t->n; i++)
        t->turn[i].plan = plan[i];
    free(plan);
    int rc = make_turns(p, number, t, e);
    if (rc)
        talk_free(t);
    else
        *out = t;
    return rc;
}

/* ---- life -------------------------------------------------------------------------------------------------- */

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

/* How many of the first n conversations are the pool's. */
static int64_t share(const struct pool_spec *s, int64_t n)
{
    return n == INT64_MAX ? n : n > s->first ? (n - s->first - 1) / s->step + 1 : 0;
}

/* The number of the pool's i-th conversation in the load. */
static int64_t number_of(const struct pool *p, int64_t i)
{
    return p->spec.first + i * p->spec.step;
}

int pool_new(struct pool **out, const struct pool_spec *spec, struct err *e)
{
    struct pool *p = xcalloc(1, sizeof *p);
    p->spec = *spec;
    p->maker = (struct prompt_maker){
        .count = spec->count, .user = spec->count_user, .seed = spec->talk.seed, .salt = spec->salt};
    p->spec.step = spec->step ? spec->step : 1;
    p->n = share(&p->spec, spec->n);
    p->made = xcalloc(POOL_COUNTED, sizeof *p->made);
    int rc = make_shared(p, e);
    for (int64_t left = share(&p->spec, POOL_COUNTED); left > 0 && (int64_t)p->n_made < p->n && !rc; p->n_made++) {
        rc = make(p, number_of(p, (int64_t)p->n_made), &p->made[p->n_made], e);
        left -= rc ? 0 : (int64_t)p->made[p->n_made]->n;
    }
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
        talk_free(p->made[i]);
    for (size_t i = 0; i < p->n_live; i++)
        talk_free(p->live[i]);
    talk_free(p->newest);
    prompt_release(&p->shared);
    str_release(&p->body);
    free(p->made);
    free(p->live);
    free(p);
}

bool pool_converses(const struct pool *p)
{
    return p->spec.talk.turns.high > 1;
}

void pool_stop(struct pool *p)
{
    p->stopped = true;
}

int64_t pool_estimated(const struct pool *p)
{
    return p->estimated;
}

/* ---- asking ------------------------------------------------------------------------------------------------ */

static int take(struct pool *p, struct talk **out, struct err *e)
{
    if ((size_t)p->begun >= p->n_made)
        return make(p, number_of(p, p->begun), out, e);
    *out = p->made[p->begun];
    p->made[p->begun] = NULL;
    return 0;
}

static void fill_ask(struct pool *p, struct talk *t, struct ask *ask)
{
    const struct question *q = &t->turn[t->next++];
    *ask = (struct ask){.route = p->spec.route,
                        .system = t->system,
                        .prompt = str_z(&q->prompt),
                        .stream = p->spec.stream,
                        .options = p->spec.options,
                        .extra_body_json = p->spec.extra_body_json};
    ask->options.set |= OPTION_NUM_PREDICT;
    ask->options.num_predict = q->plan.output_tok;
    p->estimated += q->estimated;
    if (!pool_converses(p))
        return;
    conversation_say(&t->said, CONVERSATION_USER, str_z(&q->prompt), q->prompt.len);
    conversation_body(&t->said, p->spec.extra_body_json, &p->body);
    ask->extra_body_json = str_z(&p->body);
}

/* The next turn of the conversation whose answer came; false: it is over. */
static bool go_on(struct pool *p, const struct request *last, struct ask *ask, mono_ns *at)
{
    struct talk *t = p->live[last->session];
    if (t->next == t->n || last->outcome != OUTCOME_OK) {
        talk_free(t);
        p->live[last->session] = NULL;
        return false;
    }
    conversation_say(&t->said, CONVERSATION_ASSISTANT, str_z(&last->text), last->text.len);
    *at += t->turn[t->next].plan.think_ns;
    fill_ask(p, t, ask);
    return true;
}

static enum session_next begin(struct pool *p, struct ask *ask, mono_ns at, const char **why)
{
    struct err e;
    struct talk *t = NULL;
    err_clear(&e);
    if (p->in_window == p->n || (p->spec.duration_ns && at >= p->spec.duration_ns))
        return SESSION_FINISHED;
    if (take(p, &t, &e)) {
        *why = "a prompt could not be made";
        return SESSION_FAILED;
    }
    p->begun++;
    p->in_window += at >= 0;
    talk_free(p->newest);
    p->newest = t;
    if (t->system && pool_converses(p))
        conversation_say(&t->said, CONVERSATION_SYSTEM, t->system, strlen(t->system));
    fill_ask(p, t, ask);
    return pool_converses(p) ? SESSION_ANEW : SESSION_ASK;
}

static enum session_next next(void *user, const struct request *last, struct ask *ask, const char **stage, mono_ns *at,
                              const char **why)
{
    struct pool *p = user;
    *stage = "load";
    if (p->stopped)
        return SESSION_FINISHED;
    if (last && pool_converses(p)) {
        if (go_on(p, last, ask, at))
            return SESSION_ASK;
        if (p->spec.open)
            return SESSION_FINISHED;
    }
    return begin(p, ask, *at, why);
}

/* The numbers of other pools' dialogues leave holes. */
static void begun(void *user, int32_t dialogue)
{
    struct pool *p = user;
    size_t i = (size_t)dialogue;
    if (i >= p->cap_live) {
        p->cap_live = 2 * i + 64;
        p->live = xrealloc(p->live, p->cap_live * sizeof *p->live);
    }
    while (p->n_live <= i)
        p->live[p->n_live++] = NULL;
    p->live[i] = p->newest;
    p->newest = NULL;
}

const struct session_ops pool_ops = {next, begun};
