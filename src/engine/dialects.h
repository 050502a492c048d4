/* The four generation routes. */
#ifndef ENGINE_DIALECTS_H
#define ENGINE_DIALECTS_H

#include "engine/call.h"

extern const struct dialect dialect_chat, dialect_completion;      /* openai.c */
extern const struct dialect dialect_generate, dialect_ollama_chat; /* ollama.c */

/* The error type of a prompt over the context; its struct err carries n_prompt_tokens as line and n_ctx as column. */
#define ENGINE_TOO_LONG "exceed_context_size_error"

void openai_error(struct exchange *x, int status, const char *type, const struct err *e);
void ollama_error(struct exchange *x, int status, const char *type, const struct err *e);

#endif
