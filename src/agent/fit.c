/* fit.c: how much of the corpus and of the analysis fits into the prompts. A prompt over the context is cut by some
 * servers without a word (TR111's agents never saw their files), so room is counted with the server's own tokenizer before
 * anything is measured. */
#include <string.h>

#include "agent/workflow.h"

enum { MAX_STEPS = 8, CLOSE_CHARS = 24, BYTES_PER_TOKEN = 3, MAX_BYTES_PER_TOKEN = 6, MIN_CARRY = 120 };

struct fit {
    struct workflow_spec *spec;
    int64_t limit; /* tokens of a prompt */
    int64_t (*count)(void *user, const struct ask *ask);
    void *user;
    struct str filler; /* stands for an analysis: lines of numbers need more tokens a byte than prose */
};

static int64_t measure(struct fit *f, const char *analysis)
{
    struct str system = STR_INIT, prompt = STR_INIT;
    workflow_prompt(f->spec, analysis, &system, &prompt);
    struct ask ask = {.route = f->spec->route,
                      .model = f->spec->model,
                      .system = system.len ? str_z(&system) : NULL,
                      .prompt = str_z(&prompt),
                      .options = f->spec->options,
                      .stream = f->spec->stream};
    int64_t n = f->count ? f->count(f->user, &ask) : -1;
    if (n < 0)
        n = (int64_t)(system.len + prompt.len + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
    str_release(&system);
    str_release(&prompt);
    return n;
}

/* The largest *chars in [min, max] whose prompt keeps the limit, by bisection that first tries the place a straight line
 * through the last two counts points at. Returns 0, or the tokens of the smallest when even that is too large. */
static int64_t search(struct fit *f, size_t *chars, size_t min, size_t max, const char *analysis)
{
    *chars = max;
    int64_t high = measure(f, analysis);
    if (high <= f->limit)
        return 0;
    *chars = min;
    int64_t low = measure(f, analysis);
    if (low > f->limit)
        return low;
    for (int step = 0; step < MAX_STEPS && max - min > CLOSE_CHARS && f->limit - low > 4; step++) {
        double share = (double)(f->limit - low) / (double)(high - low);
        size_t middle = min + (max - min) / 2, guess = min + (size_t)(share * (double)(max - min));
        *chars = step % 2 ? middle : guess;
        if (*chars <= min || *chars >= max)
            *chars = middle;
        int64_t n = measure(f, analysis);
        if (n <= f->limit) {
            min = *chars;
            low = n;
        } else {
            max = *chars;
            high = n;
        }
    }
    *chars = min;
    return 0;
}

/* Whatever the model writes, its analysis has at most num_predict tokens: when those fit beside the rest, all of it is
 * carried. Else as many characters as fit of a text of numbers. */
static int64_t fit_carry(struct fit *f)
{
    size_t all = (size_t)f->spec->options.num_predict * MAX_BYTES_PER_TOKEN;
    f->spec->carry_chars = all;
    if (measure(f, "") + f->spec->options.num_predict <= f->limit)
        return 0;
    str_clear(&f->filler);
    while (f->filler.len < all)
        corpus_inventory(f->spec->corpus, WORKFLOW_MAX_INVENTORY, &f->filler);
    return search(f, &f->spec->carry_chars, all < MIN_CARRY ? all : MIN_CARRY, all, str_z(&f->filler));
}

static int fit_prompts(struct fit *f, struct err *e)
{
    struct workflow_spec *s = f->spec;
    int64_t over = search(f, &s->inventory_chars, WORKFLOW_MIN_INVENTORY, WORKFLOW_MAX_INVENTORY, NULL);
    if (over)
        return err_set(e, ERR_INPUT,
                       "the analysis prompt needs %lld tokens with the smallest inventory, and has room for %lld",
                       (long long)over, (long long)f->limit);
    while ((over = fit_carry(f)) && s->inventory_chars > WORKFLOW_MIN_INVENTORY) {
        s->inventory_chars /= 2;
        if (s->inventory_chars < WORKFLOW_MIN_INVENTORY)
            s->inventory_chars = WORKFLOW_MIN_INVENTORY;
    }
    if (over)
        return err_set(e, ERR_INPUT,
                       "the report prompt needs %lld tokens with the smallest inventory, and has room for %lld",
                       (long long)over, (long long)f->limit);
    return 0;
}

int workflow_fit(struct workflow_spec *spec, int64_t max_prompt_tok, int64_t num_ctx,
                 int64_t (*count)(void *user, const struct ask *ask), void *user, struct err *e)
{
    struct fit f = {.spec = spec, .limit = INT64_MAX, .count = count, .user = user};
    if (!(spec->options.set & OPTION_NUM_PREDICT) || spec->options.num_predict <= 0)
        return err_set(e, ERR_INPUT, "an agent needs num_predict, the limit of each answer, above 0");
    if (max_prompt_tok > 0)
        f.limit = max_prompt_tok;
    if (num_ctx > 0 && num_ctx - spec->options.num_predict < f.limit)
        f.limit = num_ctx - spec->options.num_predict;
    int rc = f.limit <= 0
                 ? err_set(e, ERR_INPUT, "num_predict %lld leaves no room for a prompt in a context of %lld tokens",
                           (long long)spec->options.num_predict, (long long)num_ctx)
                 : fit_prompts(&f, e);
    str_release(&f.filler);
    return rc;
}
