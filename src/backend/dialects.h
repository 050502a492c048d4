/* The tables of all dialects, one per file; private to backend/. */
#ifndef BACKEND_DIALECTS_H
#define BACKEND_DIALECTS_H

#include "backend/backend.h"

extern const struct backend backend_openai, backend_ollama, backend_llama_server;

#endif
