/* request.c: see request.h. What counts and timers prove about one request, after its last byte. */
#include "record/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "text/sanity.h"

/* A warm Ollama reports a load_duration of 7 to 40 ms (it looks its runner up), a load from disk 360 ms
 * and more for a model of 98 MB (samples of Ollama 0.6.8). The limit is the geometric mean of the two ends
 * of the gap: sqrt(40 · 360) = 120. */
#define COLD_LOAD_NS (120 * NS_PER_MS)

/* Without a field for it, an answer from the prefix cache shows only in its speed: the same prompt took
 * 256 ms, then 15 ms (factor 17). Uncached prompts of one run differ by far less than 3. Below 16 tokens
 * the fixed part of a prefill decides. */
#define CACHED_RATE_FACTOR 3.0
#define CACHED_RATE_MIN_TOK 16

static const char *const stamp_words[] = {
#define X(name, word) word,
    STAMP_LIST(X)
#undef X
};

const char *stamp_word(enum stamp s)
{
    return (unsigned)s < STAMP_COUNT ? stamp_words[s] : "?";
}

void request_init(struct request *r)
{
    *r = (struct request){.num_ctx = -1, .max_tok = -1, .rtt_ns = MONO_NONE};
    for (int i = 0; i < STAMP_COUNT; i++)
        r->stamp[i] = MONO_NONE;
    r->usage = USAGE_NONE;
    r->engine.queued_ns = r->engine.prefill_start_ns = r->engine.prefill_end_ns = MONO_NONE;
}

void request_release(struct request *r)
{
    chunk_list_release(&r->chunks);
    free(r->engine.token_ns);
    str_release(&r->prompt);
    str_release(&r->text);
    str_release(&r->reasoning);
    str_release(&r->error);
    str_release(&r->finish_reason);
    str_release(&r->not_applied);
    request_init(r);
}

/* ---- derived facts ------------------------------------------------------------------------------------- */

/* "length": OpenAI's and Ollama's word; "limit": llama-server's /completion; "max_tokens" and
 * "max_length": gateways. */
static bool ended_at_limit(const struct str *finish_reason)
{
    static const char *const words[] = {"length", "limit", "max_tokens", "max_length"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strcmp(str_z(finish_reason), words[i]))
            return true;
    return false;
}

/* Ollama cuts the prompt in silence (status 200). Two proofs: the prompt count is exactly the context, or
 * the returned `context` holds more tokens than were evaluated: it is made from the whole prompt. */
static bool context_truncated(const struct request *r)
{
    const struct usage *u = &r->usage;
    if (u->prompt_tok <= 0)
        return false;
    if (r->num_ctx > 0 && u->prompt_tok == r->num_ctx)
        return true;
    return u->context_ids > 0 && u->completion_tok >= 0 && u->context_ids - u->prompt_tok > u->completion_tok;
}

static bool cached_prefix(const struct usage *u, double cold_prompt_rate)
{
    if (u->cached_tok > 0)
        return true;
    if (u->cached_tok == 0) /* the server counts cached tokens, and says none */
        return false;
    if (!(cold_prompt_rate > 0) || u->prompt_tok < CACHED_RATE_MIN_TOK || u->prompt_eval_ns < 0)
        return false;
    return (double)u->prompt_tok * 1e9 > CACHED_RATE_FACTOR * cold_prompt_rate * (double)u->prompt_eval_ns;
}

static bool has_chunk(const struct request *r, enum chunk_kind kind)
{
    for (size_t i = 0; i < r->chunks.n; i++)
        if (r->chunks.at[i].kind == kind)
            return true;
    return false;
}

static bool carried_anything(const struct request *r)
{
    return r->text.len || r->reasoning.len || r->stamp[STAMP_FIRST_TOKEN] != MONO_NONE || has_chunk(r, CHUNK_TEXT) ||
           has_chunk(r, CHUNK_REASONING) || has_chunk(r, CHUNK_TOOL);
}

/* Of what the driver took for complete: a stream without terminator and without a finish reason was cut by
 * somebody who closed politely; a complete answer without text is `empty`, never a very fast success. */
static void derive_outcome(struct request *r)
{
    if (r->outcome != OUTCOME_OK)
        return;
    if (r->chunks.n && !has_chunk(r, CHUNK_DONE) && !r->finish_reason.len)
        r->outcome = OUTCOME_NO_DONE;
    else if (!carried_anything(r))
        r->outcome = OUTCOME_EMPTY;
}

void request_derive(struct request *r, double cold_prompt_rate)
{
    derive_outcome(r);
    if (ended_at_limit(&r->finish_reason))
        r->flags |= REQUEST_LENGTH;
    if (context_truncated(r))
        r->flags |= REQUEST_CONTEXT_TRUNCATED;
    if (cached_prefix(&r->usage, cold_prompt_rate))
        r->flags |= REQUEST_CACHED_PREFIX;
    if (r->usage.load_ns > COLD_LOAD_NS)
        r->flags |= REQUEST_COLD;
}

/* ---- order of stamps ----------------------------------------------------------------------------------- */

struct stamp_pair {
    enum stamp before, after;
    const char *fault;
};

#define PAIR(a, b, words)                                                                                              \
    {                                                                                                                  \
        STAMP_##a, STAMP_##b, words                                                                                    \
    }
/* Each stamp against every later one that must follow it, so that a missing stamp between two does not
 * hide a fault. first_answer has no place between first_token and last_token alone: reasoning may be all
 * there is. */
static const struct stamp_pair order[] = {
    PAIR(PLANNED, READY, "planned > ready"),
    PAIR(PLANNED, SENT, "planned > sent"),
    PAIR(READY, SENT, "ready > sent"),
    PAIR(PLANNED, DONE, "planned > done"),
    PAIR(SENT, FIRST_BYTE, "sent > first_byte"),
    PAIR(SENT, DONE, "sent > done"),
    PAIR(FIRST_BYTE, FIRST_CHUNK, "first_byte > first_chunk"),
    PAIR(FIRST_CHUNK, FIRST_TOKEN, "first_chunk > first_token"),
    PAIR(FIRST_TOKEN, FIRST_ANSWER, "first_token > first_answer"),
    PAIR(FIRST_TOKEN, LAST_TOKEN, "first_token > last_token"),
    PAIR(FIRST_ANSWER, LAST_TOKEN, "first_answer > last_token"),
    PAIR(LAST_TOKEN, DONE, "last_token > done"),
    PAIR(FIRST_CHUNK, DONE, "first_chunk > done"),
    PAIR(FIRST_BYTE, DONE, "first_byte > done"),
};
#undef PAIR

/* Our clock after the write may read later than the kernel's stamp of the answer that the write caused. */
static bool comparable(const struct request *r, const struct stamp_pair *p)
{
    return !(p->before == STAMP_SENT && p->after == STAMP_FIRST_BYTE && r->flags & REQUEST_UNSTAMPED_SEND);
}

const char *request_stamps_fault(const struct request *r)
{
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        mono_ns a = r->stamp[order[i].before], b = r->stamp[order[i].after];
        if (a != MONO_NONE && b != MONO_NONE && a > b && comparable(r, &order[i]))
            return order[i].fault;
    }
    return NULL;
}

void request_check_text(struct request *r)
{
    if (r->outcome != OUTCOME_OK && r->text.len == 0)
        return; /* nothing came: its outcome says so */
    if (sanity_check((struct span){str_z(&r->text), r->text.len}).degenerate)
        r->flags |= REQUEST_DEGENERATE;
}
