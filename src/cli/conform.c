/* conform.c: see conform.h. The way is that of every measurement: a session of the driver, a backend, net/. */
#include "cli/conform.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "load/driver.h"

/* Long, so that a slow machine changes no outcome; a case that is about a limit gives its own. */
#define USUAL_LIMIT_NS (20 * NS_PER_S)

struct asker {
    const struct stub_case *c;
    int asked;
};

static enum session_next next(void *user, const struct request *last, struct ask *ask, const char **stage, mono_ns *at,
                              const char **why)
{
    struct asker *a = user;
    (void)why;
    if (a->asked == a->c->asks)
        return SESSION_FINISHED;
    a->asked++;
    *ask = (struct ask){.route = a->c->chat ? ROUTE_CHAT : ROUTE_COMPLETION, .prompt = "hello", .stream = a->c->stream};
    ask->options.set = OPTION_NUM_PREDICT;
    ask->options.num_predict = a->c->max_tokens;
    *stage = "case";
    *at += last ? a->c->think_ns : 0;
    return SESSION_ASK;
}

static int64_t given(int64_t value, int64_t usual)
{
    return value < 0 ? usual : value;
}

static struct call_limits limits_of(const struct case_limits *l)
{
    return (struct call_limits){.connect_ns = given(l->connect_ns, USUAL_LIMIT_NS),
                                .first_byte_ns = given(l->first_byte_ns, USUAL_LIMIT_NS),
                                .idle_ns = given(l->idle_ns, USUAL_LIMIT_NS),
                                .total_ns = given(l->total_ns, USUAL_LIMIT_NS),
                                .head_bytes = (size_t)given(l->head_bytes, 0),
                                .line_bytes = (size_t)given(l->line_bytes, 0),
                                .event_bytes = (size_t)given(l->event_bytes, 0),
                                .body_bytes = (size_t)given(l->body_bytes, 0),
                                .drip_bytes_per_s = given(l->drip_bytes_per_s, 0)};
}

static int drive(const struct stub_case *c, int port, const volatile int *stop, struct run *run, struct err *e)
{
    static const struct session_ops ops = {.next = next};
    char url[64];
    struct endpoint endpoint;
    struct client_options plain = {0};
    struct asker asker = {.c = c};
    struct driver_server server = {"player", "m", backend_find(c->backend), &endpoint, &plain, false, c->num_ctx};
    struct driver_session session = {.agent = "case", .ops = &ops, .user = &asker};
    struct driver_spec spec = {.servers = &server,
                               .n_servers = 1,
                               .sessions = &session,
                               .n_sessions = 1,
                               .limits = limits_of(&c->limits),
                               .stop = stop};
    struct driver *d = NULL;
    snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    int rc = endpoint_parse(url, &endpoint, e);
    if (!rc)
        rc = driver_new(&d, &spec, e);
    if (!rc)
        rc = driver_run(d, run, e);
    driver_free(d);
    return rc;
}

static int play(const struct stub_case *c, const char *name, const volatile int *stop, struct verdict_on_case *v,
                struct err *e)
{
    struct player *p = NULL;
    struct run run = {0};
    mono_ns begin = clock_now(NULL);
    int rc = player_new(&p, c, 0, e);
    if (!rc)
        rc = player_start(p, e);
    if (!rc)
        rc = drive(c, player_port(p), stop, &run, e);
    if (!rc) {
        const struct player_log *log = player_stop(p);
        v->ms = (double)(clock_now(NULL) - begin) / 1e6;
        str_addz(&v->outcome, run.n_requests ? outcome_word(run.requests[0].outcome) : "nothing asked");
        rc = conform_judge(c, name, &run, log, &v->faults, e);
    }
    player_free(p);
    driver_run_release(&run);
    return rc;
}

int conform_run(const char *path, const volatile int *stop, struct verdict_on_case *v, struct err *e)
{
    struct stub_case c;
    *v = (struct verdict_on_case){0};
    int rc = case_read(&c, path, e);
    if (!rc && !backend_find(c.backend))
        rc = err_set(e, ERR_INPUT, "%s: no backend '%s'; `chimera list backends` names them", path_base(path),
                     c.backend);
    if (!rc)
        rc = play(&c, path_base(path), stop, v, e);
    case_release(&c);
    return rc;
}

void verdict_on_case_release(struct verdict_on_case *v)
{
    str_release(&v->faults);
    str_release(&v->outcome);
}
