/* launch.c: from a command line to a process that is healthy, or to an error that quotes the end of its log. */
#include "server/kinds.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

enum { LOG_TAIL_LINES = 5, LOG_TAIL_BYTES = 500, LOG_HEAD_BYTES = 64 * 1024, BIND_TRIES = 3 };

/* ---- the command line ---------------------------------------------------------------------------------------------- */

/* Keys are passed by some commands as "--api-key K" or "--api-key=K"; they must reach no result. */
static bool ends_like_a_secret(const char *p, size_t n)
{
    static const char *const ends[] = {"key", "token", "secret", "password"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t k = strlen(ends[i]);
        if (n > k && p[0] == '-' && strncasecmp(p + n - k, ends[i], k) == 0)
            return true;
    }
    return false;
}

static const char *mask(const struct launch *l, const char *word, const char *shown)
{
    const char *before = l->n_args ? l->argv[l->n_args - 1] : "", *equals = strchr(word, '=');
    if (word[0] != '-' && ends_like_a_secret(before, strlen(before)))
        return "{secret}";
    return equals && ends_like_a_secret(word, (size_t)(equals - word)) ? "--{secret}" : shown;
}

void launch_arg_as(struct launch *l, const char *word, const char *shown)
{
    if (l->n_args == LAUNCH_MAX_ARGS)
        return; /* server_new refuses specs with that many */
    shown = mask(l, word, shown);
    l->argv[l->n_args] = arena_dupz(&l->text, word);
    l->shown[l->n_args++] = arena_dupz(&l->text, shown);
    l->argv[l->n_args] = l->shown[l->n_args] = NULL;
}

void launch_arg(struct launch *l, const char *word)
{
    launch_arg_as(l, word, word);
}

void launch_int(struct launch *l, const char *flag, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    launch_arg(l, flag);
    launch_arg(l, text);
}

void launch_env(struct launch *l, bool shown, const char *fmt, ...)
{
    if (l->n_env == LAUNCH_MAX_ENV)
        BUG("too many environment entries for a server");
    struct str s = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    l->env_shown |= shown ? 1u << l->n_env : 0;
    l->env[l->n_env++] = arena_dupz(&l->text, str_z(&s));
    l->env[l->n_env] = NULL;
    str_release(&s);
}

void launch_spec_args(struct launch *l, const struct server_spec *spec)
{
    for (const char *const *a = spec->args; a && *a; a++)
        launch_arg(l, *a);
}

bool launch_find(const char *name, const char *cached, struct str *out)
{
    if (strchr(name, '/')) {
        str_addz(out, name);
        return access(name, X_OK) == 0;
    }
    if (path_find_program(name, out))
        return true;
    if (!cached)
        return false;
    struct str dir = STR_INIT;
    server_deps_dir(&dir);
    size_t before = out->len;
    path_join(out, str_z(&dir), cached);
    str_release(&dir);
    if (file_exists(out->at) && access(out->at, X_OK) == 0)
        return true;
    out->at[out->len = before] = 0;
    return false;
}

int launch_need_model_file(struct server *s, struct err *e)
{
    if (s->model_file.len)
        return 0;
    int rc = server_find_model(s, s->spec.model ? s->spec.model : server_model_at(0)->name, &s->model_file, e);
    if (rc)
        return rc;
    if (!s->model.len) {
        const char *base = path_base(s->model_file.at), *dot = strrchr(base, '.');
        str_add(&s->model, base, dot ? (size_t)(dot - base) : strlen(base));
    }
    return 0;
}

int launch_reserve_port(void)
{
    int port = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 && getsockname(fd, (struct sockaddr *)&a, &n) == 0)
        port = ntohs(a.sin_port);
    if (fd >= 0)
        close(fd);
    return port;
}

/* ---- the log ------------------------------------------------------------------------------------------------------- */

static size_t log_read(const struct server *s, long long from, char *buf, size_t cap)
{
    int fd = open(str_z(&s->log_path), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = pread(fd, buf, cap, from);
    close(fd);
    return n > 0 ? (size_t)n : 0;
}

static long long log_size(const struct server *s)
{
    struct stat st;
    return stat(str_z(&s->log_path), &st) == 0 ? (long long)st.st_size : 0;
}

void launch_log_tail(const struct server *s, struct str *out)
{
    char buf[4096];
    long long size = log_size(s), from = size - (long long)sizeof buf;
    size_t n = log_read(s, from > s->log_start ? from : s->log_start, buf, sizeof buf);
    while (n && isspace((unsigned char)buf[n - 1]))
        n--;
    size_t start = n;
    for (int lines = 0; start > 0; start--) {
        if (buf[start - 1] == '\n' && ++lines == LOG_TAIL_LINES)
            break;
        if (n - start == LOG_TAIL_BYTES)
            break;
    }
    for (size_t i = start; i < n; i++) {
        unsigned char c = (unsigned char)buf[i];
        if (c == '\n')
            str_addz(out, " | ");
        else
            str_addc(out, c < ' ' || c == 127 ? ' ' : (char)c);
    }
}

/* The port behind `tells` ("listening on http://127.0.0.1:") in what this start has logged so far; 0: not yet. The
 * digits count only once something follows them, because the line may be half written. */
static int log_port(const struct server *s, const char *tells)
{
    char *buf = xmalloc(LOG_HEAD_BYTES + 1);
    size_t n = log_read(s, s->log_start, buf, LOG_HEAD_BYTES);
    buf[n] = 0;
    int port = 0;
    const char *at = memmem(buf, n, tells, strlen(tells));
    if (at) {
        char *end;
        long v = strtol(at + strlen(tells), &end, 10);
        if (*end && v > 0 && v < 65536)
            port = (int)v;
    }
    free(buf);
    return port;
}

static bool log_says_bind_failed(const struct server *s)
{
    struct str tail = STR_INIT;
    launch_log_tail(s, &tail);
    bool yes = strcasestr(str_z(&tail), "address already in use") || strcasestr(str_z(&tail), "bind");
    str_release(&tail);
    return yes;
}

/* ---- the process --------------------------------------------------------------------------------------------------- */

int launch_ended(struct server *s, struct err *e)
{
    char how[64];
    struct str tail = STR_INIT;
    proc_status_text(&s->proc, how);
    kill(-s->proc.pid, SIGKILL); /* its helpers (Ollama's runner) must not outlive it */
    launch_log_tail(s, &tail);
    str_clear(&s->why);
    bool kill9 = WIFSIGNALED(s->proc.status) && WTERMSIG(s->proc.status) == SIGKILL;
    str_addf(&s->why, "server '%s' (%s, process %ld) %s: %s%s", s->spec.name, s->kind->name, (long)s->proc.pid,
             s->state == SERVER_STARTING ? "did not start" : "ended", how,
             kill9 ? ", not by chimera (out of memory?)" : "");
    str_addf(&s->why, "; the end of its log (%s): %s", str_z(&s->log_path), tail.len ? tail.at : "(empty)");
    str_release(&tail);
    s->state = SERVER_FAILED;
    return err_set(e, ERR_SERVER, "%s", str_z(&s->why));
}

static void set_endpoint(struct server *s, int port)
{
    s->endpoint = (struct endpoint){0};
    snprintf(s->endpoint.host, sizeof s->endpoint.host, "127.0.0.1");
    snprintf(s->endpoint.port, sizeof s->endpoint.port, "%u", (unsigned)port & 0xffffu);
}

static int spawn(struct server *s, struct err *e)
{
    arena_release(&s->launch.text);
    s->launch = (struct launch){0};
    int rc = s->kind->arguments(s, &s->launch, e);
    if (rc)
        return rc;
    s->log_start = log_size(s);
    s->endpoint = (struct endpoint){0};
    if (s->launch.port)
        set_endpoint(s, s->launch.port);
    struct proc_spec p = {.argv = s->launch.argv, .env = s->launch.env, .log_path = str_z(&s->log_path)};
    s->spawned_ns = clock_now(NULL);
    return proc_start(&s->proc, &p, e);
}

static int wait_healthy(struct server *s, mono_ns deadline, struct err *e)
{
    struct pause pause = {0};
    for (;;) {
        bool ready = false;
        int rc = 0;
        if (!proc_running(&s->proc))
            return launch_ended(s, e);
        int port = s->endpoint.port[0] ? 0 : log_port(s, s->launch.tells);
        if (port)
            set_endpoint(s, port);
        if (s->endpoint.port[0])
            rc = s->kind->look(s, &ready, e);
        if (rc || ready)
            return rc;
        struct err late = ERR_INIT;
        rc = talk_pause(s, &pause, deadline, &late);
        if (rc == ERR_TIMEOUT) {
            struct str tail = STR_INIT;
            launch_log_tail(s, &tail);
            err_set(e, rc, "server '%s' (%s) was not healthy after %.1f s; the end of its log (%s): %s", s->spec.name,
                    s->kind->name, (double)(clock_now(NULL) - s->spawned_ns) / 1e9, str_z(&s->log_path),
                    tail.len ? tail.at : "(empty)");
            str_release(&tail);
        } else if (rc) {
            err_set(e, rc, "%s", late.text);
        }
        if (rc)
            return rc;
    }
}

int launch_start(struct server *s, mono_ns deadline, struct err *e)
{
    struct err one;
    int rc = 0;
    for (int i = 0; i < BIND_TRIES; i++) {
        one = (struct err)ERR_INIT;
        rc = spawn(s, &one);
        if (!rc)
            rc = wait_healthy(s, deadline, &one);
        /* A reserved port can be taken by another program before the server binds it: try the next one. */
        if (rc != ERR_SERVER || !s->launch.port || !log_says_bind_failed(s))
            break;
        s->state = SERVER_STARTING;
    }
    if (rc) {
        proc_kill(&s->proc);
        return err_set(e, rc, "%s", one.text);
    }
    s->ready_ns = clock_now(NULL);
    return 0;
}
