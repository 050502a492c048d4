/* From sampling parameters to a chain of libllama's samplers. */
#ifndef ENGINE_SAMPLER_H
#define ENGINE_SAMPLER_H

#include "engine/job.h"
#include "engine/model.h"

/* Builds the chain for a job and shows it the prompt (the penalties count it); sets job->seed. The caller frees it with
 * llama_sampler_free. */
struct llama_sampler *sampler_new(const struct model *m, struct job *job);

#endif
