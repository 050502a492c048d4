/* Inside server/: what a kind of server (how it is started) and a dialect (how a running one is asked about itself) have
 * to provide, and the helpers they share. Nothing outside this room includes it.
 *
 *            start                    ready                stop
 *   NEW ───────────────► STARTING ───────────────► READY ─────────► STOPPED ──start──► …
 *                           │  exits, never healthy   │ exits
 *                           └────────► FAILED ◄───────┘
 *
 * NEW       nothing was started. Leaves by server_start.
 * STARTING  the process runs, or the URL is being probed. Leaves inside server_start, never seen from outside.
 * READY     healthy; endpoint, backend and model name are known. Leaves by stop, restart, cold, or a crash.
 * STOPPED   we stopped it; the process is gone and reaped.
 * FAILED    it ended by itself or never became healthy; `why` says so. server_start tries again. */
#ifndef SERVER_KINDS_H
#define SERVER_KINDS_H

#include "base/arena.h"
#include "base/proc.h"
#include "format/json.h"
#include "server/server.h"

enum server_state { SERVER_NEW, SERVER_STARTING, SERVER_READY, SERVER_STOPPED, SERVER_FAILED };

enum { LAUNCH_MAX_ARGS = 96, LAUNCH_MAX_ENV = 16 };

/* A command line in the making. `shown` is what facts tell: the same words with the parts that differ from start to
 * start, or that other facts state, in braces: "{port}", "{model}". */
struct launch {
    struct arena text;
    const char *argv[LAUNCH_MAX_ARGS + 1], *shown[LAUNCH_MAX_ARGS + 1];
    size_t n_args;
    const char *env[LAUNCH_MAX_ENV + 1];
    size_t n_env;
    unsigned env_shown; /* bit i: env[i] is a setting and goes into the facts */
    int port;           /* reserved for it; 0: it takes one itself and its log tells which */
    const char *tells;  /* the words right before the port in its log; NULL: the port was reserved */
};

/* What a running server says of itself. -1 and empty: it does not say. */
struct facts {
    struct str version, model, digest, quantisation, parameters_text, program_digest, compute, template_digest;
    int64_t parameters, context, threads, parallel, gpu_layers;
};

/* How to ask a running server. Paths, never processes: an external one is asked the same way. */
struct server_dialect {
    const char *name;
    int (*facts)(struct server *s, struct facts *f, struct err *e);
    /* Empties a running server of its model and proves it; NULL: only a restart does. */
    int (*cold)(struct server *s, struct state_proof *out, struct err *e);
    /* Adds to proof->how what shows that the model is loaded; false when it is not. NULL: nothing to ask. */
    bool (*loaded)(struct server *s, struct state_proof *proof);
    /* Tokens of the templated question; NULL or -1: by a one-token request. */
    int64_t (*count)(struct server *s, const struct ask *ask);
    /* Options that every request to it must carry to be comparable; NULL: none. */
    void (*options)(const struct server *s, struct options *o);
};

struct server_kind {
    const char *name;
    const char *backend;                  /* dialect it speaks; NULL: probed when it answers */
    const struct server_dialect *dialect; /* NULL: found with the backend */
    bool managed;
    /* Finds programs and files. */
    int (*resolve)(struct server *s, struct err *e);
    /* managed: writes the command line. */
    int (*arguments)(struct server *s, struct launch *l, struct err *e);
    /* managed: one look; *ready tells. An error ends the start. */
    int (*look)(struct server *s, bool *ready, struct err *e);
    /* After it is healthy: create the model, probe the dialect, learn names. NULL: nothing. */
    int (*prepare)(struct server *s, mono_ns deadline, struct err *e);
};

struct server {
    struct server_spec spec;   /* text borrowed from the caller */
    struct server_place place; /* work_dir and self_path borrowed */
    const struct server_kind *kind;
    const struct server_dialect *dialect; /* NULL until known */
    const struct backend *backend;        /* NULL until known */
    enum server_state state;

    struct str program;    /* managed: the executable */
    struct str model_file; /* the GGUF; empty when the model is only a name */
    struct str model;      /* the name to put into requests */
    struct str log_path;
    struct str why; /* of FAILED */

    struct endpoint endpoint;
    struct proc proc;
    struct launch launch; /* of the last start */
    long long log_start;  /* size of the log file before the last start */
    mono_ns spawned_ns, ready_ns;
    int64_t start_load_ns; /* load time that the server tells of its start; -1 */

    bool is_engine, answered_last;
    bool default_folder; /* Ollama: the user's own model folder, because the model is a tag */
    int64_t num_ctx;     /* per request; -1 unknown */
    bool facts_known;
    struct facts facts; /* of this start */
};

extern const struct server_kind server_kind_engine, server_kind_llamaserver, server_kind_ollama, server_kind_command,
    server_kind_external;
extern const struct server_dialect server_dialect_engine, server_dialect_llamaserver, server_dialect_ollama,
    server_dialect_openai;

/* ---- launch.c: from a command line to a healthy process ---------------------------------------------------------- */

void launch_arg(struct launch *l, const char *word);
void launch_arg_as(struct launch *l, const char *word, const char *shown);
void launch_int(struct launch *l, const char *flag, int64_t value);
/* Adds an environment entry; shown: it is a setting that facts tell, and not a place. */
void launch_env(struct launch *l, bool shown, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void launch_spec_args(struct launch *l, const struct server_spec *spec);
/* A port of 127.0.0.1 that was free a moment ago; 0 when the system gives none. */
int launch_reserve_port(void);
int launch_start(struct server *s, mono_ns deadline, struct err *e);
/* Sets why and the state FAILED after the process ended by itself; returns ERR_SERVER with the end of its log. */
int launch_ended(struct server *s, struct err *e);
/* Appends the last lines of the log of this start as one line. */
void launch_log_tail(const struct server *s, struct str *out);
/* Finds a program: the file itself when name has a slash, else PATH, else ${CHIMERA_DEPS or cache}/`cached`. */
bool launch_find(const char *name, const char *cached, struct str *out);
/* Fails when the model is not a GGUF file or a known name. */
int launch_need_model_file(struct server *s, struct err *e);
/* The path of a GGUF for --model: server_model_path, and NAME:TYPE of a model that is there, which is made when it is not. */
int server_find_model(struct server *s, const char *model, struct str *path, struct err *e);
/* chimera-engine: CHIMERA_ENGINE, else beside chimera, else on PATH. */
int server_find_engine(const struct server *s, struct str *program, struct err *e);

/* ---- talk.c: small HTTP exchanges outside the window ------------------------------------------------------------- */

/* One exchange with a JSON answer. *doc is NULL when the body is not JSON. A status >= 400 is no error. */
int talk_json(struct server *s, const char *method, const char *path, const char *body, mono_ns timeout_ns, int *status,
              yyjson_doc **doc, struct err *e);
/* GET that must be 200 with JSON; NULL and *e otherwise. */
yyjson_doc *talk_get(struct server *s, const char *path, struct err *e);
/* "messages":[…] of a chat question. */
void talk_put_messages(struct json_writer *w, const struct ask *ask);
/* Length of "tokens" in the answer of POST /tokenize; -1. */
int64_t talk_tokenize(struct server *s, const char *body);
/* Sleeps between looks: 2 ms growing to 50 ms. ERR_INTERRUPTED when stop was set, ERR_TIMEOUT behind the deadline. */
struct pause {
    mono_ns next_ns;
};
int talk_pause(const struct server *s, struct pause *p, mono_ns deadline, struct err *e);
bool talk_stopped(const struct server *s);

/* A question answered whole: status, text and usage. */
struct answer {
    int status;
    struct usage usage;
    struct str error;
};
void answer_release(struct answer *a);
/* ERR_SERVER when the server answered with an error (its sentence in *e). */
int talk_ask(struct server *s, const struct ask *ask, mono_ns timeout_ns, struct answer *out, struct err *e);
/* The same with one token of output, on the completion route or, where that fails, the chat route. */
int talk_one_token(struct server *s, const struct options *o, struct answer *out, struct err *e);
/* One-token request of the ask's own prompt: its reported prompt tokens; -1. */
int64_t talk_count(struct server *s, const struct ask *ask);

/* ---- others -------------------------------------------------------------------------------------------------------- */

/* Finds backend and dialect of whatever listens at s->endpoint (external.c). */
int external_probe(struct server *s, mono_ns deadline, struct err *e);
const struct server_dialect *server_dialect_of(const struct backend *b, bool is_engine);
int external_learn_model(struct server *s, struct err *e);

/* Splits a command template into words (quotes ' and ", backslash) and fills its braces (command.c). */
int command_fill(struct server *s, struct launch *l, const char *text, struct err *e);

int64_t server_parallel(const struct server *s);
void server_say(const struct server *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The folder of tools/deps: CHIMERA_DEPS or the cache folder. */
void server_deps_dir(struct str *out);
void facts_init(struct facts *f);
void facts_release(struct facts *f);
void facts_put(struct str *field, struct span text);
void facts_put_template(struct facts *f, struct span text); /* keeps its SHA-256 */
/* Where `chimera` looks for `name` beside self_path. */
bool server_beside(const struct server *s, const char *name, struct str *out);

#endif
