/* The command line of chimera-engine: one table of options, from which parsing and help come. */
#ifndef ENGINE_OPTIONS_H
#define ENGINE_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

enum truncate { TRUNCATE_REFUSE, TRUNCATE_CUT };
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct options {
    const char *model; /* all texts are borrowed from argv */
    const char *host;
    const char *alias;             /* NULL: the model's file name without .gguf */
    const char *chat_template;     /* NULL: the model's own */
    const char *sha256;            /* NULL: not told */
    const char *quantize, *output; /* write the model with this type to this file instead of serving it; NULL */
    int port, parallel, ctx_size, threads, batch_size, max_queue, max_body_mib;
    int truncate, log_level; /* enum truncate, enum log_level */
    bool prompt_cache, warmup, help, version;
};

/* ERR_USAGE with a sentence that suggests the nearest option. With --help or --version nothing else is required. */
int options_parse(struct options *o, int argc, char *const *argv, struct err *e);
void options_help(struct str *out);

#endif
