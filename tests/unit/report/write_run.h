/* A stored run, for tests that write result files. */
#ifndef TESTS_REPORT_WRITE_RUN_H
#define TESTS_REPORT_WRITE_RUN_H

#include "record/run.h"
#include "store/store.h"

/* Stores the run as the executor does: begun, its requests, ended in its state (one that is RUNNING is left so). */
static void write_run(struct store *s, struct run *r, const char *stratum)
{
    struct err e = ERR_INIT;
    enum run_state end = r->state;
    r->state = RUN_RUNNING;
    r->stratum = stratum;
    if (store_run_begin(s, r, &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < r->n_requests; i++)
        if (store_request(s, r->id, &r->requests[i], &e))
            fail_msg("%s", e.text);
    r->state = end;
    if (end != RUN_RUNNING && store_run_end(s, r, &e))
        fail_msg("%s", e.text);
}

#endif
