/* player.h: plays a case on a loopback socket. One thread, any number of connections at once up to PLAYER_CONNECTIONS;
 * further ones wait in the kernel. Connection k plays the script's k-th connection, later ones the last. A connection
 * whose script is over and which is still open begins again at its first `request`.
 *
 * Requests are cut here by hand (Content-Length and chunked bodies), not by a parser that a client under test uses. */
#ifndef STUB_PLAYER_H
#define STUB_PLAYER_H

#include "stub/case.h"

enum { PLAYER_CONNECTIONS = 64, PLAYER_MAX_REQUEST_BYTES = 16 << 20 };

/* What the player saw; valid while it does not play. */
struct player_log {
    int connections;              /* on which at least one byte came */
    int requests;                 /* read whole */
    struct str received;          /* all requests that were read whole; owned by the player */
    mono_ns mark[CASE_MAX_MARKS]; /* when the script first passed it; MONO_NONE: never */
};

struct player;
/* Listens on 127.0.0.1 and the port (0: any free one); the case is borrowed. ERR_IO. */
int player_new(struct player **out, const struct stub_case *c, int port, struct err *e);
int player_port(const struct player *p);
/* Plays in this thread until *stop. */
void player_run(struct player *p, const volatile int *stop);
/* Plays in a thread of its own until player_stop, which waits for its end and returns the log. */
int player_start(struct player *p, struct err *e);
const struct player_log *player_stop(struct player *p);
void player_free(struct player *p); /* NULL is fine; stops it first */

#endif
