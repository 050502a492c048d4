/* The worker: one thread that owns the model's context and decodes up to --parallel sequences together.
 *
 *   loop --submit--> queue (FIFO, bounded) --> slots --one forward pass for all--> sampled tokens --events--> loop
 *
 * Each pass holds the next token of every decoding sequence and fills the rest of the batch with prompt tokens of the
 * sequences that still read theirs, oldest first. Idle, it sleeps on a condition variable. Everything here may be called
 * from the loop's thread; nothing blocks for longer than a short critical section. */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/job.h"
#include "engine/model.h"
#include "engine/options.h"

struct worker;
enum worker_phase { WORKER_LOADING, WORKER_READY, WORKER_FAILED };

struct worker_counts {
    uint64_t prompt_tokens, cached_tokens, output_tokens; /* prompt_tokens: those that went through the model */
    uint64_t passes, pass_tokens;                         /* llama_decode calls and tokens in them */
    uint64_t jobs_done, jobs_cancelled, jobs_failed;
    uint64_t prefill_ns, decode_ns; /* summed over jobs */
    uint64_t busy_ns;               /* within llama_decode */
    int active, queued;             /* now */
    int longest;                    /* most tokens that one sequence ever held */
};

/* Starts the thread, which loads the model first; wake(user) is called from it when there is news: the phase changed, or
 * events wait. */
int worker_start(struct worker **out, const struct options *o, void (*wake)(void *user), void *user, struct err *e);
enum worker_phase worker_phase(const struct worker *w);
const struct model *worker_model(const struct worker *w); /* after WORKER_READY */
const struct err *worker_error(const struct worker *w);   /* after WORKER_FAILED */

/* True while a forward pass is being broken off on purpose: what libllama then logs is no error. */
bool worker_breaks_off(const struct worker *w);

/* Queues a job (borrowed until its END event); ERR_LIMIT: the queue is full. */
int worker_submit(struct worker *w, struct job *job);
/* Asks for an early END; a job that still waits in the queue gets it at once. */
void worker_cancel(struct worker *w, struct job *job);
/* Swaps the caller's (cleared) list for the waiting one. */
void worker_take_events(struct worker *w, struct events *out);
struct worker_counts worker_counts(struct worker *w);
/* Stops between two graph nodes and joins within grace; every job has then got its END event, which waits to be taken.
 * False: the thread did not stop in time and still uses its memory; the process should end. */
bool worker_stop(struct worker *w, mono_ns grace_ns);
void worker_free(struct worker *w); /* after worker_stop was true; NULL is fine */

#endif
