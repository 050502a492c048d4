/* One TCP connection with stamps, plain or TLS: bytes out, bytes in with their arrival, and how it ended. It knows
 * nothing of HTTP. Its owner (client.c) is told through conn_ops, always from the loop, never from inside
 * conn_open or conn_send; inside any of them it may close or free the connection. */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "net/client.h"
#include "net/loop.h"
#include "net/tls.h"

struct address {
    struct sockaddr_storage sa;
    socklen_t len;
};

#define ADDRESSES 8

/* Where connections go; owned by the client, outlives them. */
struct target {
    struct address address[ADDRESSES];
    int n, best;              /* best: the address that worked last, tried first */
    const char *host;         /* for TLS */
    struct tls_context *tls;  /* NULL: plain */
    int sources, next_source; /* addresses of 127/8 to connect from in turn; 0 or 1: the system chooses */
};

enum conn_state {
    /* connect() on one address is under way. → HANDSHAKE or OPEN when it stands; the next address when it is
     * refused or its share of the time is over; → CLOSED after the last one. */
    CONN_CONNECTING,
    /* TLS messages go back and forth. → OPEN when the server is verified; → CLOSED on any failure. */
    CONN_HANDSHAKE,
    /* Bytes flow. → CLOSED when the peer ends it, an error comes, or the owner closes. */
    CONN_OPEN,
    /* No descriptor. Nothing is told any more; waits for conn_free. */
    CONN_CLOSED
};

struct conn_end {
    bool orderly;    /* FIN, and under TLS close_notify before it: what came is all there is */
    int sys_errno;   /* 0 when none */
    const char *why; /* a sentence, or NULL: sys_errno says it; borrowed */
};

struct conn;
struct conn_ops {
    void (*open)(struct conn *c);
    void (*bytes)(struct conn *c, const char *p, size_t n, const struct arrival *a);
    void (*sent)(struct conn *c, mono_ns t_ns, bool kernel); /* once per conn_send, before the first bytes after it */
    void (*acked)(struct conn *c, mono_ns t_ns);
    void (*closed)(struct conn *c, const struct conn_end *end); /* the last word; the owner frees */
};

struct conn {
    struct watch watch; /* fd -1: none */
    struct timer timer; /* connecting: this address's share of the time; later: a failure waiting to be told */
    struct loop *loop;
    const struct conn_ops *ops;
    struct target *target;
    struct tls *tls; /* owned; NULL: plain */
    enum conn_state state;
    unsigned interest;              /* epoll events asked for */
    mono_ns deadline;               /* of connecting; MONO_NONE */
    int tried, address;             /* addresses tried so far; the one in use */
    int failure;                    /* errno to be told by the timer; 0 */
    struct span out[2];             /* plain bytes not yet written, borrowed from conn_send's caller */
    size_t request_len, tls_done;   /* tls_done: how much of tls_output was written */
    uint32_t tx_bytes;              /* written since stamping was enabled: the numbering of OPT_ID */
    uint32_t tx_last;               /* the number of the request's last byte */
    uint32_t exchange, rx_exchange; /* sends so far, and at the beginning of the read in hand */
    bool stamps, writing, sent_due, ack_due;
    bool emptied;        /* what a read brought is being handed out, and it was all there was */
    int64_t retransmits; /* of sockets it had before */
    struct burial burial;
    size_t full_at; /* bytes of a read that are half of the receive window, when last looked up */
    mono_ns tx_before_ns, written_ns, sent_ns, last_rx_ns;
    mono_ns next_ack_ns;           /* no stamp of an acknowledgement is asked for before */
    const struct arrival *arrival; /* of the read in hand, for TLS records */

    /* the owner's */
    void *owner;
    struct call *call; /* NULL: idle or being opened ahead */
    struct conn *prev, *next;
    bool idle;
};

struct conn *conn_new(struct loop *l, struct target *t, const struct conn_ops *ops, void *owner);
/* Begins connecting. Failures come through closed(); but no descriptor left is also visible at once as c->failure. */
void conn_open(struct conn *c, mono_ns deadline);
/* Writes head and body, in one sendmsg when the socket takes them; they stay borrowed until written (or the connection is
 * closed). */
void conn_send(struct conn *c, struct span head, struct span body);
size_t conn_unwritten(const struct conn *c); /* how much of it the socket did not take yet; under TLS all or nothing */
/* Reads once if there is something. For a last look before a timeout is declared. */
void conn_pump(struct conn *c);
/* Tells sent() now if it is due, by the error queue or else by our clock. */
void conn_settle_sent(struct conn *c);
/* Whether an idle connection has ended or holds bytes that nobody asked for, though the loop did not come to read them
 * yet: the next request's answer would be taken from them. One system call, none while a read is being handed out;
 * never true under TLS, where bytes may be the protocol's own. */
bool conn_stale(const struct conn *c);
/* TCP segments that its socket sent again or received out of order so far. */
int64_t conn_retransmits(const struct conn *c);
void conn_close(struct conn *c); /* without closed() */
void conn_free(struct conn *c);  /* closes; the memory goes when the loop's pass is over */

#endif
