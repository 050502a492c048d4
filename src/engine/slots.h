/* Private to the worker's thread: the sequences that are being decoded together, and one forward pass over them. */
#ifndef ENGINE_SLOTS_H
#define ENGINE_SLOTS_H

#include <stdbool.h>

#include "engine/gate.h"
#include "engine/job.h"
#include "engine/model.h"
#include "engine/options.h"
#include "engine/worker.h"

/* READING its prompt until n_read == prompt.n, then decoding one token per pass. */
struct slot {
    struct job *job; /* NULL: free */
    int seq;
    size_t n_read; /* prompt tokens that are in the context, or in the batch being built */
    int32_t row;   /* of the logits that the batch being run will yield; -1: none */
    struct llama_sampler *sampler;
    struct gate gate;
    int held;           /* tokens whose text waits in the gate */
    struct tokens kept; /* what the context holds for this sequence, for the prompt cache */
    uint64_t order;     /* of admission */
};

struct slots {
    struct model *model;
    const atomic_bool *stop; /* breaks a pass off; borrowed */
    atomic_bool *broken_off; /* set while a pass is being broken off on purpose; borrowed */
    bool cache;              /* --prompt-cache */
    struct slot *list;
    int n, n_active;
    uint64_t admitted;
    struct llama_batch batch;
    int batch_cap;
    struct events out; /* what the last pass had to tell */
    struct str piece, shown;
    struct worker_counts counts;
};

/* s must stay where it is: the context keeps a pointer to it until slots_release. */
void slots_init(struct slots *s, struct model *m, const struct options *o, const atomic_bool *stop,
                atomic_bool *broken_off);
void slots_release(struct slots *s);
bool slots_free_one(const struct slots *s);
void slots_admit(struct slots *s, struct job *job); /* needs a free one */
/* Ends cancelled jobs, runs one forward pass and samples; news is in s->out. False: nothing was left to run. */
bool slots_step(struct slots *s);
void slots_cancel_all(struct slots *s);

#endif
