/* sampler.c: see sampler.h. Same order as llama.cpp's own: bias, penalties, top-k, top-p, min-p, temperature, draw. */
#include "engine/sampler.h"

#include <sys/random.h>

static bool penalises(const struct sampling *s)
{
    return s->repeat_last_n != 0 && (s->repeat_penalty < 1 || s->repeat_penalty > 1 || s->frequency_penalty < 0 ||
                                     s->frequency_penalty > 0 || s->presence_penalty < 0 || s->presence_penalty > 0);
}

static uint32_t choose_seed(int64_t wanted)
{
    uint32_t seed = (uint32_t)wanted;
    if (wanted < 0 && getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = (uint32_t)clock_now(NULL);
    if (seed == LLAMA_DEFAULT_SEED) /* libllama's word for a random one, which we could not report */
        seed = 0;
    return seed;
}

struct llama_sampler *sampler_new(const struct model *m, struct job *job)
{
    const struct sampling *s = &job->sampling;
    struct llama_sampler_chain_params p = llama_sampler_chain_default_params();
    p.no_perf = true;
    struct llama_sampler *chain = llama_sampler_chain_init(p);
    job->seed = choose_seed(s->seed);
    if (s->ignore_eos)
        llama_sampler_chain_add(chain, llama_sampler_init_logit_bias(m->n_vocab, m->n_ends, m->no_ends));
    if (penalises(s)) {
        int32_t window = s->repeat_last_n < 0 ? m->n_ctx : (int32_t)s->repeat_last_n;
        struct llama_sampler *penalties = llama_sampler_init_penalties(
            m->n_vocab, window, (float)s->repeat_penalty, (float)s->frequency_penalty, (float)s->presence_penalty);
        for (size_t i = job->prompt.n > (size_t)window ? job->prompt.n - (size_t)window : 0; i < job->prompt.n; i++)
            llama_sampler_accept(penalties, job->prompt.at[i]);
        llama_sampler_chain_add(chain, penalties);
    }
    if (sampling_greedy(s)) {
        llama_sampler_chain_add(chain, llama_sampler_init_greedy());
        return chain;
    }
    if (s->top_k > 0)
        llama_sampler_chain_add(chain, llama_sampler_init_top_k((int32_t)s->top_k));
    if (s->top_p < 1)
        llama_sampler_chain_add(chain, llama_sampler_init_top_p((float)s->top_p, 1));
    if (s->min_p > 0)
        llama_sampler_chain_add(chain, llama_sampler_init_min_p((float)s->min_p, 1));
    llama_sampler_chain_add(chain, llama_sampler_init_temp((float)s->temperature));
    llama_sampler_chain_add(chain, llama_sampler_init_dist(job->seed));
    return chain;
}
