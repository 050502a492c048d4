/* A script player: the server side of the tests of net/. It plays raw bytes and knows no HTTP beyond the end of a
 * request, and shares no code with the client.
 *
 * In step with a loop of the same thread: after each OP_SEND it waits until the loop counted another read, so that
 * two sends are never one read, without sleeping. In a thread of its own (player_thread) it plays without waiting. */
#ifndef TESTS_NET_PLAYER_H
#define TESTS_NET_PLAYER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "net/client.h"

enum op {
    OP_END,     /* of the script: the connection stays as it is */
    OP_REQUEST, /* wait for one whole request (Content-Length only) */
    OP_SEND,    /* send, then wait for the loop's next read */
    OP_EACH,    /* send byte by byte, each in a read of its own */
    OP_PUSH,    /* send without waiting for a read */
    OP_HOLD,    /* wait until player.released counts this hold */
    OP_FIN,     /* close */
    OP_RST,     /* close with a reset */
    OP_GONE     /* wait until the client has closed */
};

struct step {
    enum op op;
    const char *at;
    size_t n;
};

#define SEND(text)                                                                                                     \
    {                                                                                                                  \
        OP_SEND, text, sizeof text - 1                                                                                 \
    }
#define EACH(text)                                                                                                     \
    {                                                                                                                  \
        OP_EACH, text, sizeof text - 1                                                                                 \
    }
#define PUSH(text)                                                                                                     \
    {                                                                                                                  \
        OP_PUSH, text, sizeof text - 1                                                                                 \
    }
#define REQUEST                                                                                                        \
    {                                                                                                                  \
        OP_REQUEST, NULL, 0                                                                                            \
    }
#define HOLD                                                                                                           \
    {                                                                                                                  \
        OP_HOLD, NULL, 0                                                                                               \
    }
#define FIN                                                                                                            \
    {                                                                                                                  \
        OP_FIN, NULL, 0                                                                                                \
    }
#define RST                                                                                                            \
    {                                                                                                                  \
        OP_RST, NULL, 0                                                                                                \
    }
#define GONE                                                                                                           \
    {                                                                                                                  \
        OP_GONE, NULL, 0                                                                                               \
    }
#define END                                                                                                            \
    {                                                                                                                  \
        OP_END, NULL, 0                                                                                                \
    }

#define PLAYER_CONNECTIONS 32

struct player_connection {
    int fd;                  /* -1: closed */
    const struct step *step; /* next; borrowed */
    size_t done;             /* bytes of the step already sent */
    uint64_t reads;          /* of the loop when we last sent */
    bool waiting;            /* for the loop's next read */
    bool gone;               /* the client closed */
};

struct player {
    int listener;
    char url[64];
    const uint64_t *loop_reads;                    /* NULL: does not wait for reads */
    const struct step *script[PLAYER_CONNECTIONS]; /* one for each connection in order; the last one again and again */
    struct player_connection connection[PLAYER_CONNECTIONS];
    atomic_int accepted; /* the test may look while the thread plays */
    int requests;
    int held;            /* HOLD steps passed or waiting */
    int released;        /* set by the test */
    struct str received; /* all requests, in order */
    bool stop, failed;
    unsigned long thread;
};

/* Listens on 127.0.0.1 (or ::1) and an ephemeral port. `loop` may be NULL. */
void player_start(struct player *p, struct loop *loop, bool v6);
void player_script(struct player *p, int connection, const struct step *steps);
void player_poll(struct player *p);   /* goes on with whatever can go on; does not wait */
void player_thread(struct player *p); /* plays by itself until player_stop */
void player_stop(struct player *p);

#endif
