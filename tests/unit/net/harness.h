/* What the client tests share: a loop, a client, a player, and a record of every callback of a call, with the
 * checks that hold for each call whatever happens to it. */
#ifndef TESTS_NET_HARNESS_H
#define TESTS_NET_HARNESS_H

#include "net/client.h"
#include "player.h"

#define PATIENCE_NS (20 * NS_PER_S) /* a test that waits longer has failed */

/* Everything one call told. */
struct tale {
    struct call *call; /* until the end */
    int sent, acked, first_bytes, heads, events, comments, ends;
    bool kernel_sent;
    int status;
    mono_ns sent_ns, acked_ns, first_ns, last_event_ns;
    struct str type;
    struct str text;    /* "name=data|" of each event, "#text|" of each comment */
    struct str order;   /* a letter for each callback: s a f h e c . */
    uint64_t reads[64]; /* arrival.read of the first events */
    uint32_t wire[64];
    int unstamped;
    struct call_end end;
    char why[512];
    /* What to do inside callbacks. */
    char cancel_at;   /* a letter of `order`: cancel the call there */
    int cancel_event; /* with 'e': at this event, from 1 */
    void (*at_end)(struct tale *t);
    void *user;
};

void tale_release(struct tale *t);
extern const struct call_ops tale_ops;

struct bench {
    struct loop *loop;
    struct client *client;
    struct player player;
};

void bench_open(struct bench *b, const struct client_options *o);
void bench_close(struct bench *b);
/* A client for another URL on the same loop replaces the bench's. */
void bench_client(struct bench *b, const char *url, const struct client_options *o);
void bench_start(struct bench *b, const struct call_spec *spec, struct tale *t);
void bench_step(struct bench *b); /* both sides once, waiting at most a millisecond */
void bench_until_ended(struct bench *b, struct tale *t);
/* Start, end, checks. */
void bench_call(struct bench *b, const struct call_spec *spec, struct tale *t);
/* One call against one script on a fresh bench. */
void play_call(const struct step *script, const struct call_spec *spec, struct tale *t);

#endif
