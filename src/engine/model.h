/* The loaded model: weights, context, vocabulary, chat template and facts. Loaded and freed by the worker's thread;
 * once loaded, tokenising, templates and facts may be used from any thread (they only read). */
#ifndef ENGINE_MODEL_H
#define ENGINE_MODEL_H

#include <llama.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/ask.h"
#include "engine/job.h"
#include "engine/options.h"

struct model {
    struct llama_model *weights;
    struct llama_context *ctx; /* the worker's thread only */
    const struct llama_vocab *vocab;
    struct ggml_threadpool *pool;
    void (*pool_free)(struct ggml_threadpool *);

    const char *template_text; /* NULL: none that can be used; borrowed from the weights or libllama */
    const char *template_name; /* libllama's name of it; NULL: none, or not one that has a name */
    bool template_unknown;     /* the model has one, but libllama does not know it */
    llama_logit_bias *no_ends; /* owned: every end-of-generation token, biased away; for ignore_eos */
    int n_ends;
    struct str default_system; /* the template's own, for dialogues that bring none; may be empty */

    char arch[64], name[128], ftype[64];
    char backend[64]; /* "libggml-cpu-zen4.so": the CPU variant that runs it */
    uint64_t n_params, size_bytes, file_bytes;
    int n_ctx, n_ctx_train, n_vocab, n_embd, n_layer;
    mono_ns load_start_ns, load_end_ns;
};

/* Sets the folder of the compute backends up; once per process, before model_load. */
int model_backends(struct err *e);
int model_load(struct model *m, const struct options *o, const atomic_bool *stop, struct err *e);
void model_release(struct model *m);

/* Appends the tokens of a text. Special tokens in the text are recognised when parse_special. */
int model_tokenize(const struct model *m, struct span text, bool add_special, bool parse_special, struct tokens *out,
                   struct err *e);
/* Appends the piece of text of one token; control tokens have none. */
void model_piece(const struct model *m, int32_t token, struct str *out);
bool model_is_eog(const struct model *m, int32_t token);

#endif
