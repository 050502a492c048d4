/* engine: chimera-engine, one GGUF model behind the OpenAI and Ollama dialects, with its own monotonic stamps.
 *
 * Owns: the model, continuous batching, sampling, chat templates, both dialects, the facts it tells about itself.
 * Must not know: studies, measurements, other servers. Only main.c prints or exits.
 *
 *   httpd loop (main thread): request -> ask (JSON) -> call (prompt tokens, limits) -> worker's queue
 *   worker thread:            slots -> libllama -> tokens with stamps -> events
 *   httpd loop:               events -> call -> its dialect -> chunks to the client
 *
 * engine.h: what the loop's side shares. One per process, built in main and passed down. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/options.h"
#include "engine/worker.h"
#include "httpd/httpd.h"

struct engine_totals {
    uint64_t refused_full;  /* the queue was full */
    uint64_t refused_input; /* 400 and 404 */
    uint64_t truncated;     /* prompts that were cut */
};

struct engine {
    struct options options;
    struct httpd *httpd;
    struct worker *worker;
    struct events events; /* the batch being handed to the calls */
    struct engine_totals totals;
    mono_ns start_ns; /* process */
    mono_ns ready_ns; /* the model can answer; 0: not yet */
    int64_t start_wall_ns;
    char build[64];  /* "libllama-0.5.0-dev" */
    char alias[256]; /* the model's name in answers */
    bool failed;     /* loading failed, the loop was stopped */
};

#define ENGINE_JSON "application/json; charset=utf-8"

extern const struct httpd_route engine_routes[];
extern const size_t engine_n_routes;

/* NULL while loading. */
const struct model *engine_model(const struct engine *en);
/* True for the names under which the model may be asked for: alias, file name with and without .gguf, ":latest". */
bool engine_is_model(const struct engine *en, struct span name);

#endif
