/* prompt.c: see prompt.h. */
#include "load/prompt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "load/prompt_words.h"

enum { FILLERS = 3 };

/* Short texts for the last step, when one word is more than one token. */
static const char *const fillers[FILLERS] = {" a", ".", " I"};

void prompt_release(struct prompt *p)
{
    str_release(&p->text);
    *p = (struct prompt){0};
}

static void add_word(struct str *s, struct rng *r)
{
    if (s->len)
        str_addc(s, ' ');
    str_addz(s, prompt_words[rng_below(r, PROMPT_WORDS)]);
}

static struct rng numbered(uint64_t seed, const char *purpose, uint64_t number)
{
    char name[64];
    snprintf(name, sizeof name, "%s/%llu", purpose, (unsigned long long)number);
    return rng_stream(seed, name);
}

/* Shared prefix, salt, words: `words` in all behind the prefix. A longer text begins with every shorter one. */
static void write_text(const struct prompt_maker *m, uint64_t number, int64_t words, struct str *out)
{
    struct rng salt = numbered(m->salt, "salt", number), body = numbered(m->seed, "prompts", number);
    str_clear(out);
    if (m->shared)
        str_addz(out, m->shared);
    for (int64_t i = 0; i < words; i++)
        add_word(out, i < PROMPT_SALT_WORDS ? &salt : &body);
}

void prompt_begin(const struct prompt_maker *m, uint64_t number, struct str *out)
{
    struct str begin = STR_INIT;
    write_text(m, number, PROMPT_SALT_WORDS, &begin);
    str_addz(out, str_z(&begin));
    str_release(&begin);
}

/* One search for a text. */
struct fit {
    struct prompt_maker *m;
    uint64_t number;
    struct prompt *out; /* the nearest so far */
    struct str trial;   /* owned */
    int64_t trial_tok;
};

static bool nearer(const struct prompt *best, int64_t tok)
{
    int64_t now = llabs(tok - best->want_tok), before = llabs(best->got_tok - best->want_tok);
    return best->got_tok < 0 || now < before || (now == before && tok < best->got_tok);
}

/* Counts the trial and keeps it when it is nearer. */
static int measure(struct fit *f, struct err *e)
{
    int rc = f->m->count(f->m->user, str_z(&f->trial), &f->trial_tok, e);
    f->out->calls++;
    if (rc)
        return rc;
    if (f->trial_tok < 0 || f->trial_tok > 16 * (int64_t)PROMPT_MAX_TOK)
        return err_set(e, ERR_SERVER, "the server counts %lld tokens in a prompt of %zu bytes", (long long)f->trial_tok,
                       f->trial.len);
    if (nearer(f->out, f->trial_tok)) {
        f->out->got_tok = f->trial_tok;
        str_clear(&f->out->text);
        str_add(&f->out->text, f->trial.at ? f->trial.at : "", f->trial.len);
    }
    return 0;
}

static bool done(const struct fit *f)
{
    return f->out->got_tok == f->out->want_tok || f->out->calls >= PROMPT_MAX_CALLS;
}

/* Where to look next between the most words that are too few and the fewest that are too many: the straight line through
 * the last count, kept inside. */
static int64_t next_words(const struct fit *f, int64_t words, int64_t low, int64_t high)
{
    double miss = (double)(f->out->want_tok - f->trial_tok) * f->m->words_per_tok;
    int64_t guess = words + (int64_t)llround(miss);
    if (guess == words)
        guess += miss > 0 ? 1 : -1;
    return guess <= low ? low + 1 : guess >= high ? high - 1 : guess;
}

static int search_words(struct fit *f, struct err *e)
{
    int64_t low = -1, high = 4 * (int64_t)PROMPT_MAX_TOK; /* counts: below want, above want */
    int64_t shared_tok = 0, words;
    if (f->m->shared) {
        write_text(f->m, f->number, 0, &f->trial);
        int rc = measure(f, e);
        if (rc)
            return rc;
        low = f->trial_tok < f->out->want_tok ? 0 : -1;
        high = f->trial_tok > f->out->want_tok ? 0 : high;
        shared_tok = f->trial_tok;
    }
    if (f->m->words_per_tok <= 0)
        f->m->words_per_tok = 1;
    words = llround((double)(f->out->want_tok - shared_tok) * f->m->words_per_tok);
    words = words <= low ? low + 1 : words;
    while (!done(f) && high - low > 1) {
        write_text(f->m, f->number, words, &f->trial);
        int rc = measure(f, e);
        if (rc)
            return rc;
        if (f->trial_tok > shared_tok && words > 0)
            f->m->words_per_tok = fmin(4, fmax(0.1, (double)words / (double)(f->trial_tok - shared_tok)));
        if (f->trial_tok < f->out->want_tok)
            low = words;
        else
            high = words;
        words = next_words(f, words, low, high);
    }
    return 0;
}

/* Whole words miss by a little: the nearest text, when it is too short, with something small behind it. */
static int fill_up(struct fit *f, struct err *e)
{
    if (f->out->got_tok >= f->out->want_tok)
        return 0;
    struct str base = STR_INIT;
    int rc = 0;
    str_add(&base, str_z(&f->out->text), f->out->text.len);
    for (size_t i = 0; i < FILLERS && !rc && !done(f); i++) {
        str_clear(&f->trial);
        str_add(&f->trial, str_z(&base), base.len);
        str_addz(&f->trial, fillers[i]);
        rc = measure(f, e);
    }
    str_release(&base);
    return rc;
}

static int64_t words_in(const char *text)
{
    int64_t n = 0;
    for (const char *p = text; *p; p++)
        n += *p != ' ' && (p == text || p[-1] == ' ');
    return n;
}

static void estimate(const struct fit *f)
{
    double words_per_tok = f->m->words_per_tok > 0 ? f->m->words_per_tok : 1;
    int64_t shared = f->m->shared ? words_in(f->m->shared) : 0;
    int64_t own = llround((double)f->out->want_tok * words_per_tok) - shared;
    own = own > 0 ? own : 0;
    write_text(f->m, f->number, own, &f->out->text);
    f->out->got_tok = llround((double)(shared + own) / words_per_tok);
    f->out->estimated = true;
}

int prompt_make(struct prompt_maker *m, uint64_t number, int64_t want_tok, struct prompt *out, struct err *e)
{
    struct fit f = {.m = m, .number = number, .out = out};
    *out = (struct prompt){.want_tok = want_tok, .got_tok = -1};
    int rc = 0;
    if (want_tok < 1 || want_tok > PROMPT_MAX_TOK)
        rc = err_set(e, ERR_USAGE, "a prompt has 1 to %d tokens, not %lld", PROMPT_MAX_TOK, (long long)want_tok);
    else if (!m->count)
        estimate(&f);
    else
        rc = search_words(&f, e);
    if (!rc && !out->estimated)
        rc = fill_up(&f, e);
    str_release(&f.trial);
    if (rc)
        prompt_release(out);
    return rc;
}
