/* server: process lifecycles of what answers: engine, llama-server, ollama, any command, or a URL.
 *
 * Owns: start, readiness, cold and warm states with their proof, facts, crash reports, stop. Makes its own HTTP calls, only
 * before and after the measured window. Must not know: agents, studies, results.
 *
 * One const struct server_kind per file (engine.c, llamaserver.c, ollama.c, command.c, external.c). */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/backend.h"
#include "base/err.h"
#include "net/client.h"

/* What to start or reach. Text borrowed for the life of the server. */
struct server_spec {
    const char *name;    /* unique in the study: "a" */
    const char *kind;    /* "engine" "llama-server" "ollama" "cmd:…" or a URL, or NULL: by the model */
    const char *backend; /* dialect; NULL: by the kind, probed for a URL */
    /* GGUF path, a name of server_models, or such a name with other weights that are written on first use
     * ("smollm2-135m:q8_0"); for a URL or an Ollama tag: the name to send. */
    const char *model;
    int64_t threads;              /* 0: the caller divides the cores with servers_divide_threads */
    int64_t num_ctx;              /* per request; 0: 2048 */
    int64_t parallel;             /* requests served at once; 0: 1 */
    int64_t num_gpu;              /* layers to offload; -1: the server's default */
    const char *const *args;      /* further arguments of a managed one, NULL-terminated; may be NULL */
    struct client_options client; /* for external ones: key, headers, CA */
};

struct server_place {
    const char *work_dir;  /* logs, sockets, model folders of managed servers; made when absent */
    const char *self_path; /* where `chimera` itself lies (the file or its folder). chimera-engine is what the variable
                                 CHIMERA_ENGINE names, else the one beside self_path, else the one on PATH */
    void (*say)(void *user, const char *line); /* progress; may be NULL */
    void *user;
    const volatile int *stop; /* set by a signal handler: every wait ends with ERR_INTERRUPTED; may be NULL */
};

struct server; /* opaque */

/* Resolves kind, model file and programs; starts nothing. Errors say in one line what to run to get a missing part. */
int server_new(struct server **out, const struct server_spec *spec, const struct server_place *place, struct err *e);
void server_free(struct server *s); /* stops it; NULL is fine */

/* Starts a managed one on an ephemeral loopback port and waits until it is healthy; checks that an external one answers.
 * A crash during start is ERR_SERVER with the last lines of its log. */
int server_start(struct server *s, mono_ns timeout_ns, struct err *e);
void server_stop(struct server *s);
int server_restart(struct server *s, mono_ns timeout_ns, struct err *e);
/* 0 while a managed one runs (or an external one answered last); else ERR_SERVER: how it ended, and its last log lines. */
int server_check(struct server *s, struct err *e);

/* ---- starting states --------------------------------------------------------------------------------------------- */

struct state_proof {
    bool cold; /* the state that was asked for */
    bool proven;
    int64_t load_ns; /* the load time seen; -1: none seen */
    pid_t pid;       /* of a managed server; 0 */
    bool by_request; /* cold: the first request must tell a load time to complete the proof */
    char how[256];   /* one sentence: what was done and seen */
};
/* Resets the model state and proves it: engine and llama-server restart (proof: new process id and its load time), Ollama
 * unloads with keep_alive 0 (proof: /api/ps empty; the first request's load time completes it). */
int server_cold(struct server *s, struct state_proof *out, struct err *e);
/* Makes sure the model is loaded (a one-token request with the options that follow), and proves it. */
int server_warm(struct server *s, const struct options *o, struct state_proof *out, struct err *e);
/* Whether the load time that the first request afterwards told (-1: none) agrees with the state: of a loaded model it is
 * next to nothing, of an unloaded one it is not. */
bool server_load_agrees(const struct state_proof *p, int64_t load_ns);

/* ---- what it is -------------------------------------------------------------------------------------------------- */

const char *server_name(const struct server *s);
const struct backend *server_backend(
    const struct server *s); /* NULL before the start of a URL or cmd: without backend */
const struct endpoint *server_endpoint(
    const struct server *s); /* a managed one has a new port after each start or cold */
const struct client_options *server_client_options(const struct server *s);
const char *server_model(const struct server *s); /* the name to put into requests */
bool server_is_engine(const struct server *s);    /* chimera-engine: its own stamps can be asked for */
bool server_is_managed(const struct server *s);
int64_t server_num_ctx(const struct server *s);      /* -1 unknown */
pid_t server_pid(const struct server *s);            /* 0: not ours */
const char *server_log_path(const struct server *s); /* NULL */

/* One JSON object with sorted keys that are always there (null: the server does not say): backend,
 * chat_template_digest (SHA-256 of its text; two dialects write one template differently), compute (the engine's CPU
 * variant), context, flags (argv and settings; what changes from start to start in braces), gpu_layers, kind,
 * managed, model, model_digest (SHA-256 of the GGUF where it can be had), name, parallel, parameters (a number, or the
 * server's own text), program_digest (SHA-256 of a managed one's executable), quantisation, threads, url (external ones),
 * version. Equal servers have equal facts: no port, process id or path in there. Asked once per start, then remembered. */
int server_facts(struct server *s, struct str *json, struct err *e);
/* Sets the options that every request to this server must carry so that it is what its facts say (those already set stay):
 * Ollama num_ctx, num_thread and num_gpu, because a request without them reloads the model with other values;
 * llama-server cache_prompt 0. Valid once server_backend is known. */
void server_request_options(const struct server *s, struct options *o);
/* Tokens of a question as the server itself counts them (tokenize route; else a one-token request's reported count, which
 * leaves the prompt in the server's prefix cache); -1 when it can not be had, or when the prompt filled the whole context
 * and was cut. Chat template included where the server can. */
int64_t server_count_tokens(struct server *s, const struct ask *ask);

/* Told by its kind alone: everything but a URL. */
bool server_spec_is_managed(const struct server_spec *s);

/* ---- helpers for whoever starts several ---------------------------------------------------------------------------- */

/* Gives each managed spec with threads 0 an equal share of the cores (at least 1). More threads in total than cores is
 * ERR_REFUSED unless oversubscribe. External ones are not counted. */
int servers_divide_threads(struct server_spec *specs, size_t n, int cores, bool oversubscribe, struct err *e);
/* SHA-256 of a file, remembered in the cache folder by path, size, inode and mtime. */
int server_file_digest(const char *path, char hex[65], struct err *e);

/* Models that `--model NAME` knows: pinned GGUF files in the cache folder, and any *.gguf there. */
struct server_model_row {
    const char *name, *file, *what;
};
const struct server_model_row *server_model_at(size_t i); /* NULL behind the last */
/* Appends the path of the GGUF for a path or a name; ERR_NOTFOUND says what to run. */
int server_model_path(const char *model, struct str *path, struct err *e);

#endif
