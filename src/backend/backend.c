/* backend.c: the table of dialects, the table of options, and the memory of a translator. */
#include "backend/backend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/dialects.h"
#include "backend/memo.h"
#include "format/json.h"

static const struct backend *const backend_all[] = {&backend_openai, &backend_ollama, &backend_llama_server};

const struct backend *backend_at(size_t i)
{
    return i < sizeof backend_all / sizeof backend_all[0] ? backend_all[i] : NULL;
}

const struct backend *backend_find(const char *name)
{
    for (size_t i = 0; i < sizeof backend_all / sizeof backend_all[0]; i++)
        if (!strcmp(backend_all[i]->name, name))
            return backend_all[i];
    return NULL;
}

unsigned backend_options_of(const struct backend *b, const struct ask *ask)
{
    return b->options | (ask->want_engine_stamps ? b->engine_options : 0);
}

/* ---- options ------------------------------------------------------------------------------------------- */

static const char *const names[] = {
#define X(name, field, type) #field,
    OPTION_LIST(X)
#undef X
};

/* Ranges are those in which a server does what the name says: Ollama takes num_predict 0 for "without
 * limit", and every generation here has a limit. Seeds are 32 bits in llama.cpp; -1 asks for a random one. */
static const struct option_range ranges[OPTION_COUNT] = {
    [OPTION_INDEX_NUM_GPU] = {-1, 100000, true, "layers to offload to a GPU; -1: the server decides"},
    [OPTION_INDEX_NUM_CTX] = {8, 16777216, true, "context in tokens"},
    [OPTION_INDEX_NUM_THREAD] = {0, 4096, true, "threads of the server; 0: it decides"},
    [OPTION_INDEX_TEMPERATURE] = {0, 10, false, "sampling temperature; 0: always the likeliest token"},
    [OPTION_INDEX_TOP_P] = {0, 1, false, "nucleus sampling: share of probability kept"},
    [OPTION_INDEX_TOP_K] = {-1, 1000000, true, "tokens kept for sampling; 0 or -1: all"},
    [OPTION_INDEX_REPEAT_PENALTY] = {0.01, 100, false, "penalty on repeated tokens; 1: none"},
    [OPTION_INDEX_NUM_PREDICT] = {1, 16777216, true, "output limit in tokens"},
    [OPTION_INDEX_SEED] = {-1, 4294967295.0, true, "seed of the sampler; -1: random"},
    [OPTION_INDEX_KEEP_ALIVE] = {-1, 315360000, true, "seconds the model stays loaded; -1: for ever, 0: unload"},
    [OPTION_INDEX_IGNORE_EOS] = {0, 1, true, "1: generate to the limit whatever the model says"},
    [OPTION_INDEX_CACHE_PROMPT] = {0, 1, true, "0: evaluate the whole prompt, no prefix cache"},
};

const char *option_name(enum option_bit_index i)
{
    return (unsigned)i < OPTION_COUNT ? names[i] : "?";
}

int option_find(const char *name)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (!strcmp(names[i], name))
            return i;
    return -1;
}

struct option_range option_range(int i)
{
    return i >= 0 && i < OPTION_COUNT ? ranges[i] : (struct option_range){0, 0, false, ""};
}

static void store(struct options *o, int i, double value)
{
    switch ((enum option_bit_index)i) {
#define X(name, field, type)                                                                                           \
    case OPTION_INDEX_##name: o->field = (type)value; break;
        OPTION_LIST(X)
#undef X
    case OPTION_COUNT: break;
    }
}

int option_set(struct options *o, int i, double value, struct err *e)
{
    if (i < 0 || i >= OPTION_COUNT)
        return err_set(e, ERR_INPUT, "no such option");
    const struct option_range *r = &ranges[i];
    if (!(value >= r->least && value <= r->most)) /* NaN is not within either */
        return err_set(e, ERR_INPUT, "%s must be a%s number from %.10g to %.10g, not %g", names[i],
                       r->whole ? " whole" : "", r->least, r->most, value);
    if (r->whole && value != floor(value))
        return err_set(e, ERR_INPUT, "%s must be a whole number, not %g", names[i], value);
    store(o, i, value);
    o->set |= 1u << i;
    return 0;
}

double option_get(const struct options *o, int i)
{
    if (i < 0 || i >= OPTION_COUNT || !(o->set & 1u << i))
        return NAN;
    switch ((enum option_bit_index)i) {
#define X(name, field, type)                                                                                           \
    case OPTION_INDEX_##name: return (double)o->field;
        OPTION_LIST(X)
#undef X
    case OPTION_COUNT: break;
    }
    return NAN;
}

/* ---- memory -------------------------------------------------------------------------------------------- */

void built_release(struct built *b)
{
    str_release(&b->body);
    str_release(&b->not_applied);
    *b = (struct built){0};
}

void backend_state_init(struct backend_state *s)
{
    *s = (struct backend_state){0};
    s->pool_bytes = yyjson_read_max_memory_usage(BACKEND_POOL_EVENT, 0) + 256;
    s->pool = xmalloc(s->pool_bytes);
    s->memo = memo_new();
}

void backend_state_init_sharing(struct backend_state *s, const struct backend_state *lender)
{
    *s = (struct backend_state){.pool = lender->pool, .pool_bytes = lender->pool_bytes, .shares_pool = true};
    s->memo = memo_new();
}

void backend_state_release(struct backend_state *s)
{
    if (!s->shares_pool)
        free(s->pool);
    free(s->memo);
    yyjson_doc_free(s->big_doc);
    *s = (struct backend_state){0};
}

void backend_state_begin(struct backend_state *s, struct request *r)
{
    s->usage = &r->usage;
    s->engine = &r->engine;
    s->finish_reason = &r->finish_reason;
    s->not_applied = &r->not_applied;
    s->pending_done = false;
    if (!r->finish_reason.at)
        str_reserve(&r->finish_reason, 64); /* now, so that the last event needs no memory either */
}
