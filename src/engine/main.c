/* main.c: starts chimera-engine, prints its one line, and ends it. The only file here that prints or exits. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/call.h"
#include "engine/quantize.h"
#include "engine/template.h"

#define STOP_GRACE_NS (120 * NS_PER_MS)

static int complain(const struct err *e)
{
    fprintf(stderr, "chimera-engine: %s\n", e->text);
    return err_exit_status(e->code);
}

/* libllama's log: its levels are debug 1, info 2, warn 3, error 4, and 5 to go on with the line before. */
static void on_log(enum ggml_log_level level, const char *text, void *user)
{
    const struct engine *en = user;
    static const int ours[] = {LOG_DEBUG, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_DEBUG};
    int at = level <= GGML_LOG_LEVEL_CONT ? ours[level] : LOG_DEBUG;
    if (at < LOG_DEBUG && en->worker && worker_breaks_off(en->worker))
        at = LOG_DEBUG;
    if (at <= en->options.log_level)
        fputs(text, stderr);
}

static void wake(void *user)
{
    struct engine *en = user;
    httpd_wake(en->httpd);
}

static void on_wake(void *user)
{
    struct engine *en = user;
    enum worker_phase phase = worker_phase(en->worker);
    if (phase == WORKER_FAILED) {
        en->failed = true;
        httpd_stop(en->httpd);
        return;
    }
    if (phase == WORKER_READY && !en->ready_ns)
        en->ready_ns = clock_now(NULL); /* from here on engine_model is not NULL */
    call_events(en);
}

static void on_signal(void *user)
{
    struct engine *en = user;
    httpd_stop(en->httpd);
}

/* SIGTERM and SIGINT come through a descriptor: blocked before any thread is born, so that all inherit the mask. */
static int signal_descriptor(struct err *e)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        err_sys(e, ERR_IO, errno, "signalfd");
    return fd;
}

static void name_model(struct engine *en)
{
    const char *file = en->options.alias ? en->options.alias : path_base(en->options.model);
    size_t n = strlen(file);
    if (!en->options.alias && n > 5 && strcmp(file + n - 5, ".gguf") == 0)
        n -= 5;
    snprintf(en->alias, sizeof en->alias, "%.*s", (int)n, file);
    snprintf(en->build, sizeof en->build, "libllama-%s", llama_version());
}

/* What can be known to be wrong before the port is announced. */
static int check_start(const struct engine *en, struct err *e)
{
    if (!file_exists(en->options.model))
        return err_set(e, ERR_NOTFOUND, "%s: no such file", en->options.model);
    return en->options.chat_template && !template_named(en->options.chat_template, e) ? e->code : 0;
}

static int open_server(struct engine *en, int signals, struct err *e)
{
    struct httpd_options h = {.host = en->options.host,
                              .port = en->options.port,
                              .routes = engine_routes,
                              .n_routes = engine_n_routes,
                              .max_body_bytes = (size_t)en->options.max_body_mib << 20,
                              .server_name = "chimera-engine",
                              .user = en,
                              .on_wake = on_wake};
    int rc = httpd_open(&en->httpd, &h, e);
    return rc ? rc : httpd_watch(en->httpd, signals, on_signal, e);
}

static int serve(struct engine *en, int signals, struct err *e)
{
    int rc = open_server(en, signals, e);
    if (rc)
        return rc;
    bool v6 = strchr(en->options.host, ':') != NULL;
    printf("listening on http://%s%s%s:%d\n", v6 ? "[" : "", en->options.host, v6 ? "]" : "", httpd_port(en->httpd));
    if (fflush(stdout) != 0)
        return err_sys(e, ERR_IO, errno, "cannot write to stdout");
    rc = worker_start(&en->worker, &en->options, wake, en, e);
    rc = rc ? rc : httpd_run(en->httpd, e);
    if (rc == 0 && en->failed) {
        *e = *worker_error(en->worker);
        rc = e->code;
    }
    return rc;
}

static void shut(struct engine *en, int status)
{
    if (!worker_stop(en->worker, STOP_GRACE_NS)) {
        fflush(NULL);
        _exit(status); /* the thread is inside libllama and still uses everything */
    }
    if (en->worker)
        call_events(en); /* the END of every call that was still open */
    httpd_free(en->httpd);
    worker_free(en->worker);
    events_release(&en->events);
}

static int quantize(const struct options *o)
{
    struct err e = ERR_INIT;
    int rc = file_exists(o->model) ? quantize_file(o->model, o->output, o->quantize, o->threads, &e)
                                   : err_set(&e, ERR_NOTFOUND, "%s: no such file", o->model);
    return rc ? complain(&e) : 0;
}

int main(int argc, char **argv)
{
    struct engine en = {.start_ns = clock_now(NULL), .start_wall_ns = clock_wall_ns()};
    struct err e = ERR_INIT;
    if (options_parse(&en.options, argc, argv, &e) != 0)
        return complain(&e);
    if (en.options.help || en.options.version) {
        struct str text = STR_INIT;
        if (en.options.help)
            options_help(&text);
        else
            str_addf(&text, "chimera-engine %s (libllama %s)\n", CHIMERA_VERSION, llama_version());
        fputs(str_z(&text), stdout);
        str_release(&text);
        return fflush(stdout) == 0 ? 0 : err_exit_status(ERR_IO);
    }
    llama_log_set(on_log, &en);
    if (en.options.quantize)
        return quantize(&en.options);
    name_model(&en);
    int signals = signal_descriptor(&e);
    int rc = signals < 0 ? e.code : check_start(&en, &e);
    rc = rc ? rc : serve(&en, signals, &e);
    int status = rc ? complain(&e) : 0;
    shut(&en, status);
    close(signals);
    return status;
}
