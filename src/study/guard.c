/* guard.c: waits before a run until others leave the host alone and it is cool, as long as the study allows. See
 * executor.h. */
#include <math.h>
#include <time.h>
#include <unistd.h>

#include "probe/others.h"
#include "study/executor.h"

#define LOOK_NS (500 * NS_PER_MS) /* 50 ticks of a core */
#define NAP_NS (50 * NS_PER_MS)

static int pass(struct executor *x, mono_ns until, struct err *e)
{
    while (clock_now(NULL) < until) {
        if (*x->options->stop)
            return err_set(e, ERR_INTERRUPTED, "interrupted");
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
    return 0;
}

static int look(struct executor *x, struct start_guard *g, struct err *e)
{
    const struct study_guard *limit = &x->study->guard;
    int rc = 0;
    if (limit->load > 0) {
        struct others o;
        mono_ns now = clock_now(NULL);
        others_begin(&o, "", getpid(), now);
        rc = pass(x, now + LOOK_NS, e);
        g->busy_cores = others_end(&o, clock_now(NULL));
    }
    if (limit->temperature_c > 0)
        g->temperature_c = host_temperature("");
    g->missed = (limit->load > 0 && g->busy_cores > limit->load) +
                (limit->temperature_c > 0 && g->temperature_c > limit->temperature_c);
    return rc;
}

static void say_why(struct executor *x, const struct start_guard *g, const char *then)
{
    const struct study_guard *limit = &x->study->guard;
    struct str line = STR_INIT;
    if (g->busy_cores > limit->load && limit->load > 0)
        str_addf(&line, "others keep %.2f cores busy (limit %.2f)", g->busy_cores, limit->load);
    if (g->temperature_c > limit->temperature_c && limit->temperature_c > 0)
        str_addf(&line, "%sthe host is at %.0f °C (limit %.0f)", line.len ? ", " : "", g->temperature_c,
                 limit->temperature_c);
    executor_say(x, "%s: %s", str_z(&line), then);
    str_release(&line);
}

int guard_wait(struct executor *x, struct start_guard *g, struct err *e)
{
    const struct study_guard *limit = &x->study->guard;
    mono_ns began = clock_now(NULL);
    bool said = false;
    *g = (struct start_guard){
        .looked = limit->load > 0 || limit->temperature_c > 0, .busy_cores = NAN, .temperature_c = NAN};
    if (!g->looked)
        return 0;
    for (;;) {
        int rc = look(x, g, e);
        g->waited_ns = clock_now(NULL) - began;
        if (rc || !g->missed)
            return rc;
        if (g->waited_ns >= limit->wait_ns) {
            say_why(x, g, "the run begins all the same, and says so");
            return 0;
        }
        if (!said)
            say_why(x, g, "waiting");
        said = true;
        if (!(limit->load > 0)) /* else looking takes its time */
            rc = pass(x, clock_now(NULL) + LOOK_NS, e);
        if (rc)
            return rc;
    }
}
