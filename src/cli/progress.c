/* progress.c: see progress.h. */
#include "cli/progress.h"

#include <stdio.h>

void progress_close(struct progress *p)
{
    if (p->open)
        fputs("\r\033[K", stderr);
    p->open = false;
}

void progress_say(void *user, const char *line)
{
    struct progress *p = user;
    progress_close(p);
    if (!p->quiet)
        fprintf(stderr, "%s\n", line);
}

void progress_tick(void *user, const struct execute_progress *x)
{
    struct progress *p = user;
    char eta[48] = "";
    if (!p->tty || p->quiet)
        return;
    if (x->eta_ns)
        snprintf(eta, sizeof eta, ", about %.0f s left", (double)x->eta_ns / 1e9);
    fprintf(stderr, "\r\033[Krun %zu/%zu  block %d/%d  %s  %.1f s  %lld in flight, %lld chunks%s", x->run, x->runs,
            x->block + 1, x->blocks, x->arm, (double)x->elapsed_ns / 1e9, (long long)x->in_flight, (long long)x->chunks,
            eta);
    fflush(stderr);
    p->open = true;
}
