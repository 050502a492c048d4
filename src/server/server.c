/* server.c: the life of a server, the same for every kind: new, start, cold, warm, check, stop. The states are drawn in
 * kinds.h. */
#include "server/kinds.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static const mono_ns stop_grace_ns = 5 * NS_PER_S;
static const mono_ns cold_timeout_ns = 180 * NS_PER_S;
/* A warm load_duration of Ollama is 7 to 40 ms, a reload 360 ms and more; the others tell none. */
static const int64_t reload_ns = 150 * NS_PER_MS;
enum { DEFAULT_NUM_CTX = 2048 };

/* ---- small helpers of the room ------------------------------------------------------------------------------------- */

int64_t server_parallel(const struct server *s)
{
    return s->spec.parallel > 0 ? s->spec.parallel : 1;
}

void server_say(const struct server *s, const char *fmt, ...)
{
    if (!s->place.say)
        return;
    struct str line = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_addv(&line, fmt, ap);
    va_end(ap);
    s->place.say(s->place.user, str_z(&line));
    str_release(&line);
}

bool server_beside(const struct server *s, const char *name, struct str *out)
{
    if (!s->place.self_path)
        return false;
    struct str dir = STR_INIT;
    if (dir_exists(s->place.self_path))
        str_addz(&dir, s->place.self_path);
    else
        path_dir(&dir, s->place.self_path);
    size_t before = out->len;
    path_join(out, dir.at, name);
    bool found = file_exists(out->at);
    if (!found)
        out->at[out->len = before] = 0;
    str_release(&dir);
    return found;
}

/* ---- new ----------------------------------------------------------------------------------------------------------- */

static const struct server_kind *find_kind(const char *word, struct err *e)
{
    static const struct server_kind *const by_name[] = {&server_kind_engine, &server_kind_llamaserver,
                                                        &server_kind_ollama};
    if (!word || !word[0])
        return &server_kind_engine;
    if (strncmp(word, "cmd:", 4) == 0)
        return &server_kind_command;
    if (strstr(word, "://"))
        return &server_kind_external;
    const char *names[] = {"engine", "llama-server", "ollama", "cmd:"};
    for (size_t i = 0; i < sizeof by_name / sizeof *by_name; i++)
        if (strcmp(word, by_name[i]->name) == 0)
            return by_name[i];
    const char *near = word_suggest(word, names, 4);
    if (near)
        err_set(e, ERR_USAGE, "there is no kind of server '%s', did you mean '%s'?", word, near);
    else
        err_set(e, ERR_USAGE, "there is no kind of server '%s' (engine, llama-server, ollama, cmd:COMMAND or a URL)",
                word);
    return NULL;
}

static int check_spec(const struct server_spec *spec, struct err *e)
{
    size_t n = 0;
    for (const char *const *a = spec->args; a && *a; a++)
        n++;
    if (!spec->name || !spec->name[0] || strchr(spec->name, '/'))
        return err_set(e, ERR_USAGE, "a server needs a name without slashes");
    if (n > LAUNCH_MAX_ARGS / 2)
        return err_set(e, ERR_LIMIT, "server '%s' has %zu further arguments, at most %d", spec->name, n,
                       LAUNCH_MAX_ARGS / 2);
    if (spec->parallel < 0 || spec->parallel > 1024 || spec->num_ctx < 0 || spec->num_ctx > (1 << 24) ||
        spec->threads < 0 || spec->threads > 4096)
        return err_set(e, ERR_INPUT, "server '%s': threads, num_ctx or parallel is outside its range", spec->name);
    return 0;
}

static int resolve(struct server *s, struct err *e)
{
    const char *dialect = s->spec.backend ? s->spec.backend : s->kind->backend;
    int rc = s->kind->resolve(s, e);
    if (rc)
        return rc;
    if (dialect) {
        s->backend = backend_find(dialect);
        if (!s->backend)
            return err_set(e, ERR_USAGE, "there is no backend '%s': see chimera list backends", dialect);
        s->dialect = s->kind->dialect ? s->kind->dialect : server_dialect_of(s->backend, false);
    }
    s->is_engine = s->kind == &server_kind_engine;
    if (!s->kind->managed)
        return 0;
    path_join(&s->log_path, s->place.work_dir ? s->place.work_dir : ".", s->spec.name);
    str_addz(&s->log_path, ".log");
    return 0;
}

int server_new(struct server **out, const struct server_spec *spec, const struct server_place *place, struct err *e)
{
    *out = NULL;
    int rc = check_spec(spec, e);
    const struct server_kind *kind = rc ? NULL : find_kind(spec->kind, e);
    if (!kind)
        return rc ? rc : ERR_USAGE;
    struct server *s = xcalloc(1, sizeof *s);
    s->spec = *spec;
    s->place = *place;
    s->kind = kind;
    s->start_load_ns = -1;
    facts_init(&s->facts);
    s->num_ctx = spec->num_ctx > 0 ? spec->num_ctx : kind->managed ? DEFAULT_NUM_CTX : -1;
    rc = resolve(s, e);
    if (rc) {
        err_prefix(e, "server '%s'", spec->name);
        server_free(s);
        return rc;
    }
    *out = s;
    return 0;
}

void server_free(struct server *s)
{
    if (!s)
        return;
    server_stop(s);
    facts_release(&s->facts);
    arena_release(&s->launch.text);
    str_release(&s->program);
    str_release(&s->model_file);
    str_release(&s->model);
    str_release(&s->log_path);
    str_release(&s->why);
    free(s);
}

/* ---- start and stop ------------------------------------------------------------------------------------------------ */

static int start_managed(struct server *s, mono_ns deadline, struct err *e)
{
    int rc = dir_make(s->place.work_dir ? s->place.work_dir : ".", e);
    if (!rc)
        rc = launch_start(s, deadline, e);
    if (!rc && s->kind->prepare)
        rc = s->kind->prepare(s, deadline, e);
    if (rc)
        proc_stop(&s->proc, stop_grace_ns);
    return rc;
}

int server_start(struct server *s, mono_ns timeout_ns, struct err *e)
{
    if (s->state == SERVER_READY)
        return server_check(s, e);
    struct err why = ERR_INIT;
    mono_ns deadline = clock_now(NULL) + timeout_ns;
    s->state = SERVER_STARTING;
    s->facts_known = false;
    s->start_load_ns = -1;
    int rc = s->kind->managed ? start_managed(s, deadline, &why) : s->kind->prepare(s, deadline, &why);
    if (rc) {
        s->state = SERVER_FAILED;
        str_clear(&s->why);
        str_addz(&s->why, why.text);
        return err_set(e, rc, "%s", why.text);
    }
    s->state = SERVER_READY;
    return 0;
}

void server_stop(struct server *s)
{
    if (s->state == SERVER_NEW || s->state == SERVER_FAILED)
        return;
    if (s->kind->managed && s->proc.pid) {
        if (proc_running(&s->proc))
            proc_stop(&s->proc, stop_grace_ns);
        else
            kill(-s->proc.pid, SIGKILL); /* helpers that outlived a crash nobody asked about */
    }
    s->proc = (struct proc){0};
    s->state = SERVER_STOPPED;
}

int server_restart(struct server *s, mono_ns timeout_ns, struct err *e)
{
    server_stop(s);
    return server_start(s, timeout_ns, e);
}

int server_check(struct server *s, struct err *e)
{
    switch (s->state) {
    case SERVER_READY:
        if (s->kind->managed)
            return proc_running(&s->proc) ? 0 : launch_ended(s, e);
        return s->answered_last ? 0 : err_set(e, ERR_SERVER, "server '%s' did not answer", s->spec.name);
    case SERVER_FAILED: return err_set(e, ERR_SERVER, "%s", str_z(&s->why));
    default: return err_set(e, ERR_SERVER, "server '%s' was not started", s->spec.name);
    }
}

/* ---- starting states ----------------------------------------------------------------------------------------------- */

static int cold_by_restart(struct server *s, struct state_proof *out, struct err *e)
{
    pid_t before = s->proc.pid;
    int rc = server_restart(s, cold_timeout_ns, e);
    if (rc)
        return rc;
    if (s->is_engine && s->dialect->facts(s, &s->facts, e)) /* tells its load time */
        return ERR_SERVER;
    int64_t start_ns = s->ready_ns - s->spawned_ns;
    out->pid = s->proc.pid;
    out->load_ns = s->start_load_ns >= 0 ? s->start_load_ns : start_ns;
    out->proven = s->proc.pid != before && out->load_ns > 0;
    snprintf(
        out->how, sizeof out->how,
        "restarted: process %ld became %ld; %s %.1f ms, healthy after %.1f ms; the file cache of the host was kept",
        (long)before, (long)s->proc.pid, s->start_load_ns >= 0 ? "it says it loaded in" : "start to healthy took",
        (double)out->load_ns / 1e6, (double)start_ns / 1e6);
    return 0;
}

int server_cold(struct server *s, struct state_proof *out, struct err *e)
{
    *out = (struct state_proof){.cold = true, .load_ns = -1, .pid = s->proc.pid};
    int rc = server_check(s, e);
    if (rc)
        return rc;
    if (s->dialect->cold)
        return s->dialect->cold(s, out, e);
    if (s->kind->managed)
        return cold_by_restart(s, out, e);
    snprintf(out->how, sizeof out->how, "nothing was done: an external %s server cannot be emptied from outside",
             s->backend->name);
    return err_set(e, ERR_REFUSED,
                   "server '%s' is external and speaks %s: it cannot be put into a cold state from outside (start it "
                   "with chimera, or ask for the warm state)",
                   s->spec.name, s->backend->name);
}

/* Two questions at most: when the first one had to load the model, a second shows that it stays loaded with these
 * options. */
static int prove_warm(struct server *s, const struct options *o, struct state_proof *out, struct err *e)
{
    struct answer a = {0};
    int rc = talk_one_token(s, o, &a, e);
    int64_t first = a.usage.load_ns, seen = first;
    if (!rc && first > reload_ns) {
        answer_release(&a);
        rc = talk_one_token(s, o, &a, e);
        seen = a.usage.load_ns;
    }
    answer_release(&a);
    if (rc)
        return rc;
    out->load_ns = first;
    out->proven = seen <= reload_ns || seen * 2 < first;
    int n = snprintf(out->how, sizeof out->how, "a one-token request was answered");
    if (seen >= 0)
        snprintf(out->how + n, sizeof out->how - (size_t)n, "%s (load %.1f ms)",
                 first > reload_ns ? "; the next one found the model loaded" : " by a loaded model",
                 (double)seen / 1e6);
    if (s->dialect->loaded && !s->dialect->loaded(s, out))
        out->proven = false;
    return 0;
}

/* A connection breaks some milliseconds before the process that held it is gone. */
static bool is_dying(struct server *s)
{
    struct pause pause = {0};
    mono_ns deadline = clock_now(NULL) + 50 * NS_PER_MS;
    if (!s->kind->managed)
        return false;
    while (proc_running(&s->proc))
        if (talk_pause(s, &pause, deadline, NULL))
            return false;
    return true;
}

int server_warm(struct server *s, const struct options *o, struct state_proof *out, struct err *e)
{
    *out = (struct state_proof){.load_ns = -1, .pid = s->proc.pid};
    int rc = server_check(s, e);
    if (rc)
        return rc;
    struct err why = ERR_INIT;
    rc = prove_warm(s, o, out, &why);
    if (rc && is_dying(s))
        return launch_ended(s, e); /* that is why it did not answer */
    return rc ? err_set(e, rc, "%s", why.text) : 0;
}

bool server_load_agrees(const struct state_proof *p, int64_t load_ns)
{
    if (p->cold)
        return !p->by_request || load_ns > reload_ns;
    return load_ns <= reload_ns || (p->load_ns > reload_ns && load_ns * 2 < p->load_ns);
}

/* ---- accessors ----------------------------------------------------------------------------------------------------- */

const char *server_name(const struct server *s)
{
    return s->spec.name;
}

const struct backend *server_backend(const struct server *s)
{
    return s->backend;
}

const struct endpoint *server_endpoint(const struct server *s)
{
    return &s->endpoint;
}

const struct client_options *server_client_options(const struct server *s)
{
    return &s->spec.client;
}

const char *server_model(const struct server *s)
{
    return str_z(&s->model);
}

bool server_is_engine(const struct server *s)
{
    return s->is_engine;
}

bool server_is_managed(const struct server *s)
{
    return s->kind->managed;
}

int64_t server_num_ctx(const struct server *s)
{
    return s->num_ctx;
}

pid_t server_pid(const struct server *s)
{
    return s->proc.pid;
}

const char *server_log_path(const struct server *s)
{
    return s->log_path.len ? s->log_path.at : NULL;
}

int64_t server_count_tokens(struct server *s, const struct ask *ask)
{
    if (s->state != SERVER_READY)
        return -1;
    int64_t n = s->dialect->count ? s->dialect->count(s, ask) : -1;
    return n >= 0 ? n : talk_count(s, ask);
}

void server_request_options(const struct server *s, struct options *o)
{
    struct options wanted = {0};
    if (s->dialect && s->dialect->options)
        s->dialect->options(s, &wanted);
    for (int i = 0; i < OPTION_COUNT; i++)
        if ((wanted.set & ~o->set & s->backend->options) >> i & 1u)
            option_set(o, i, option_get(&wanted, i), NULL);
}
