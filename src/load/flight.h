/* flight.h: a request on its way: private to load/. A flight carries one request at a time and is used again; an agent has
 * one, a closed loop as many as it has questions in flight, an open loop as many as it ever needed.
 *
 *   IDLE ──next──► WAITING (its time has not come) ──timer──► FLYING (the call is with net/) ──end──► IDLE … ENDED
 *                     └────────── at once ──────────────────────┘
 *
 * ENDED is final: the session said FINISHED or FAILED, or the run was stopped. The flights of an open loop are sent by its
 * opener (driver.c) and wait in IDLE between. */
#ifndef LOAD_FLIGHT_H
#define LOAD_FLIGHT_H

#include "load/driver.h"

enum flight_state { FLIGHT_IDLE, FLIGHT_WAITING, FLIGHT_FLYING, FLIGHT_ENDED };

/* Counted where things happen, for the driver's tick and its end. */
struct tally {
    int64_t flying, chunks;
    size_t live; /* flights of closed loops, and openers, that have not ended */
};

/* What one read brought, until all of it is told: one for all flights of a driver, since reads come one after the other.
 * It has room for as much as a read can bring, so nothing is allocated between recvmsg and the stored chunk, and a stream
 * that waits for its answer needs no room of its own. */
struct landing {
    struct chunk_list chunks;
    struct str text, reasoning;
};

struct opener;

struct flight {
    struct driver *driver;
    struct tally *tally;
    struct landing *landing;
    struct opener *opener;                /* NULL in a closed loop */
    struct flight *link;                  /* in its opener's ready or idle list */
    const struct driver_session *session; /* borrowed from the spec */
    const struct driver_server *server;
    struct client *client;
    struct session *out; /* its row in the run */
    enum flight_state state;
    int32_t turn, dialogue; /* number of its dialogue; -1: none */

    struct request *now;  /* being filled; owned by the driver until driver_finished or driver_let_go */
    struct request *last; /* the finished one before it, while it is to be had; NULL at first */
    struct built built;
    struct call *call;
    struct timer timer;
    struct backend_state translate;
    bool done_seen, error_seen, refused, parse_fault;
    uint64_t last_read;    /* number of the read that brought the last chunk */
    struct str error_body; /* of a status >= 300 */
};

/* Asks the session for its next question, which leaves at `at` from the window's start or, in a closed loop, later, and
 * builds its bytes; ends the session when there is none. */
void flight_prepare(struct flight *f, mono_ns at);
/* Sends what was prepared now. `planned` is its plan. */
void flight_send(struct flight *f, mono_ns planned);
void flight_end(struct flight *f, bool ok, const char *why);
void flight_cancel(struct flight *f);
void flight_release(struct flight *f);

/* driver.c for flight.c */
struct request *driver_new_request(struct driver *d);
void driver_finished(struct driver *d, struct flight *f); /* f->last was answered, or failed on its way */
/* r will never be sent, or driver_finished is through with it. */
void driver_let_go(struct driver *d, struct request *r);
/* The flight could not send what it had waited for, and has ended. */
void driver_grounded(struct flight *f);
int32_t driver_new_dialogue(struct driver *d); /* its number */
const struct driver_spec *driver_spec_of(const struct driver *d);
struct loop *driver_loop(const struct driver *d);

#endif
