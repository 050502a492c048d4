/* What llama-server shares with openai; private to backend/. */
#ifndef BACKEND_OPENAI_H
#define BACKEND_OPENAI_H

#include "backend/backend.h"

/* Builds for /v1/chat/completions or /v1/completions with the options of mask. */
int openai_build_with(const struct ask *ask, unsigned mask, struct built *out, struct err *e);
int openai_on_event(struct backend_state *s, const char *p, size_t n, struct event *out, struct err *e);
/* Reads /v1/models: id, and llama-server's meta where it is there. */
int openai_read_model(const char *p, size_t n, const char *model, struct str *name, struct str *digest,
                      struct str *quantisation, struct str *parameters, struct err *e);

#endif
