/* rack.c: which server is up in each slot. A server is started when a run needs it and stays until a run needs another one
 * in its slot, so that arms that differ in other things do not pay for it. See executor.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "probe/host.h"
#include "study/executor.h"

#define START_TIMEOUT_NS (180 * NS_PER_S)
enum { GIVE_UP = 3 }; /* failures of a server in a row */

static void say_line(void *user, const char *line)
{
    executor_say(user, "%s", line);
}

static int make_work_dir(struct executor *x, struct err *e)
{
    struct str dir = STR_INIT;
    const char *tmp = getenv("TMPDIR");
    str_addf(&dir, "%s/chimera-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    x->work_dir = str_detach(&dir, NULL);
    if (!mkdtemp(x->work_dir)) {
        free(x->work_dir);
        x->work_dir = NULL;
        return err_set(e, ERR_IO, "cannot make a folder for the servers' logs in %s", tmp && *tmp ? tmp : "/tmp");
    }
    return 0;
}

int rack_named(const struct executor *x, size_t server, int rc, struct err *e)
{
    char named[160];
    snprintf(named, sizeof named, "server '%s'", x->specs[server].name);
    if (rc && !strstr(e->text, named))
        err_prefix(e, "%s", named);
    return rc;
}

/* The cores are divided among what is up together. A server that is up with several others has the same threads in all
 * of its runs, the least of these shares: else its threads would differ where only another server was varied. */
static int divide_threads(struct executor *x, struct err *e)
{
    const struct study *s = x->study;
    struct server_spec *set = arena_alloc(&x->arena, s->n_slots * sizeof *set);
    for (size_t i = 0; i < s->n_arms; i++) {
        for (size_t k = 0; k < s->n_slots; k++)
            set[k] = s->servers[s->arms[i].servers[k]];
        int rc = servers_divide_threads(set, s->n_slots, host_cores(""), s->oversubscribe, e);
        if (rc)
            return rc;
        for (size_t k = 0; k < s->n_slots; k++) {
            struct server_spec *spec = &x->specs[s->arms[i].servers[k]];
            if (!spec->threads || set[k].threads < spec->threads)
                spec->threads = set[k].threads;
        }
    }
    return 0;
}

int rack_open(struct executor *x, struct err *e)
{
    const struct study *s = x->study;
    int rc = make_work_dir(x, e);
    if (rc)
        return rc;
    struct server_place place = {.work_dir = x->work_dir,
                                 .self_path = x->options->self_path,
                                 .stop = x->options->stop,
                                 .say = say_line,
                                 .user = x};
    x->specs = arena_grow(&x->arena, s->servers, s->n_servers * sizeof *x->specs, s->n_servers * sizeof *x->specs);
    x->servers = arena_alloc(&x->arena, s->n_servers * sizeof *x->servers);
    x->views = arena_alloc(&x->arena, s->n_slots * sizeof *x->views);
    x->up = arena_alloc(&x->arena, s->n_slots * sizeof *x->up);
    x->failures = arena_alloc(&x->arena, s->n_servers * sizeof *x->failures);
    for (size_t i = 0; i < s->n_slots; i++)
        x->up[i] = -1;
    rc = divide_threads(x, e);
    for (size_t i = 0; i < s->n_servers && !rc; i++)
        rc = rack_named(x, i, server_new(&x->servers[i], &x->specs[i], &place, e), e);
    return rc;
}

int rack_note(struct executor *x, size_t server, int rc, struct err *e)
{
    rack_named(x, server, rc, e);
    if (!rc)
        x->failures[server] = 0;
    else if (executor_is_servers_fault(rc))
        x->failures[server]++;
    return rc;
}

bool rack_gave_up(const struct executor *x, const struct study_arm *arm)
{
    for (size_t i = 0; i < x->study->n_slots; i++)
        if (x->failures[arm->servers[i]] >= GIVE_UP)
            return true;
    return false;
}

static int start(struct executor *x, size_t server, mono_ns *cost_ns, struct err *e)
{
    struct server *s = x->servers[server];
    if (x->failures[server] >= GIVE_UP)
        return err_set(e, ERR_SERVER, "server '%s' failed %d times in a row and is not started again",
                       x->specs[server].name, x->failures[server]);
    mono_ns before = clock_now(NULL);
    int rc = server_restart(s, START_TIMEOUT_NS, e);
    *cost_ns = clock_now(NULL) - before;
    if (rc)
        return rack_note(x, server, rc, e);
    x->up[x->study->slot_of[server]] = (int)server;
    struct str url = STR_INIT;
    endpoint_text(server_endpoint(s), &url);
    executor_say(x, "server %s: %s at %s, ready in %.1f s", server_name(s),
                 x->specs[server].kind ? x->specs[server].kind : "engine", str_z(&url), (double)*cost_ns / 1e9);
    str_release(&url);
    return 0;
}

/* All that must go does so before anything comes: memory and cores are needed for what stays. */
static void clear(struct executor *x, const int *servers)
{
    for (size_t i = 0; i < x->study->n_slots; i++) {
        struct err crash = ERR_INIT;
        if (x->up[i] >= 0 && x->up[i] != servers[i]) {
            server_stop(x->servers[x->up[i]]);
            x->up[i] = -1;
        } else if (x->up[i] >= 0 && server_check(x->servers[x->up[i]], &crash)) {
            executor_say(x, "server %s: %s; starting it again", x->specs[x->up[i]].name, crash.text);
            x->up[i] = -1;
        }
    }
}

int rack_bring(struct executor *x, const int *servers, mono_ns *cost_ns, struct err *e)
{
    int rc = 0;
    clear(x, servers);
    for (size_t i = 0; i < x->study->n_slots && !rc; i++) {
        cost_ns[i] = 0;
        if (x->up[i] < 0)
            rc = start(x, (size_t)servers[i], &cost_ns[i], e);
    }
    return rc;
}

void rack_look(struct executor *x)
{
    for (size_t i = 0; i < x->study->n_slots; i++) {
        const struct server *s = x->servers[x->up[i]];
        x->views[i] = (struct driver_server){
            .name = server_name(s),
            .model = server_model(s),
            .backend = server_backend(s),
            .endpoint = server_endpoint(s),
            .client = server_client_options(s),
            .engine_stamps = server_is_engine(s),
            .num_ctx = server_num_ctx(s),
        };
    }
}

static void remove_work_dir(const char *dir)
{
    if (rmdir(dir) == 0) /* nobody wrote anything */
        return;
    /* Logs of servers that ended well are of no further use; a failed start has quoted its log already. */
    const char *const argv[] = {"rm", "-rf", "--", dir, NULL};
    struct proc p;
    struct proc_spec spec = {.argv = argv};
    if (proc_start(&p, &spec, NULL) == 0)
        while (proc_running(&p))
            usleep(500);
}

void rack_close(struct executor *x)
{
    for (size_t i = 0; x->servers && i < x->study->n_servers; i++)
        server_free(x->servers[i]);
    if (x->work_dir)
        remove_work_dir(x->work_dir);
}
