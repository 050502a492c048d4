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

/* Room that is kept free in a request in flight, for what one pass of the loop may bring. */
enum { FLIGHT_CHUNK_ROOM = 64, FLIGHT_TEXT_ROOM_BYTES = 1024 };

enum flight_state { FLIGHT_IDLE, FLIGHT_WAITING, FLIGHT_FLYING, FLIGHT_ENDED };

/* Counted where things happen, for the driver's tick and its end. */
struct tally {
    int64_t flying, chunks;
    size_t live;            /* flights of closed loops, and openers, that have not ended */
    struct flight *touched; /* got chunks in this pass: to be topped up */
};

struct opener;

struct flight {
    struct driver *driver;
    struct opener *opener;                /* NULL in a closed loop */
    struct flight *link;                  /* in its opener's ready or idle list */
    const struct driver_session *session; /* borrowed from the spec */
    struct client *client;
    struct session *out; /* its row in the run */
    enum flight_state state;
    int32_t turn;
    struct request *last; /* the finished one before it; NULL at first */
    struct built built;
    struct call *call;
    struct timer timer;
    struct str error_body; /* of a status >= 300 */

    /* what each chunk touches */
    struct tally *tally;
    struct flight *next_touched;
    struct request *now; /* being filled; owned by the driver's list */
    const struct driver_server *server;
    uint64_t last_read; /* number of the read that brought the last chunk */
    bool touched, done_seen, error_seen, refused, parse_fault;
    struct backend_state translate;
};

/* Asks the session for its next question and builds its bytes; ends the session when there is none. */
void flight_prepare(struct flight *f);
/* Sends what was prepared now. `planned` is its plan. */
void flight_send(struct flight *f, mono_ns planned);
void flight_end(struct flight *f, bool ok, const char *why);
void flight_cancel(struct flight *f);
void flight_release(struct flight *f);

/* driver.c for flight.c */
struct request *driver_new_request(struct driver *d);
void driver_finished(struct driver *d, struct flight *f);
const struct driver_spec *driver_spec_of(const struct driver *d);
struct loop *driver_loop(const struct driver *d);

#endif
