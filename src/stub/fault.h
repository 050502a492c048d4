/* Faults: everything from outside that a client must survive, by name. One table: name, sentence, and what is done at
 * which moment of an answer. A fault is chosen for a request by a rule of the command line or by "stub_fault" in its
 * body. */
#ifndef STUB_FAULT_H
#define STUB_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"

struct reply;

enum fault_next {
    FAULT_GO_ON, /* the answer goes on as if nothing were */
    FAULT_OVER,  /* the answer is complete or the connection is being closed: the exchange is gone */
    FAULT_HANG   /* nothing more is sent; the connection stays open until the client leaves */
};

enum fault_flag {
    FAULT_DRIP = 1u << 0,     /* from the middle on, one byte at a time */
    FAULT_ENDLESS = 1u << 1,  /* tokens until the client leaves */
    FAULT_LOOP = 1u << 2,     /* the same word over and over */
    FAULT_NO_TEXT = 1u << 3,  /* no text chunks */
    FAULT_NO_USAGE = 1u << 4, /* neither counts nor timings */
    FAULT_WHOLE = 1u << 5,    /* one JSON document although a stream was asked for */
    FAULT_RAW_BODY = 1u << 6, /* the body has no framing of its own: the connection's end is its end */
    FAULT_CUTS = 1u << 7,     /* `middle` also acts on an answer that is one document, behind its first half */
};

/* Hooks may be NULL. `instead` acts on any answer, the others on streams: `head` before the first chunk,
 * `middle` before the text chunk in the middle, `last` when the text is out, before the finishing events. `event` frames one
 * event in its own way. */
struct fault {
    const char *name, *what;
    enum fault_next (*instead)(struct reply *r);
    enum fault_next (*head)(struct reply *r);
    enum fault_next (*middle)(struct reply *r);
    enum fault_next (*last)(struct reply *r);
    void (*event)(struct reply *r, const char *p, size_t n);
    int status;       /* argument of the hook: an HTTP status, a size */
    const char *text; /* argument of the hook */
    const char *type; /* content type of the stream instead of the right one; "": none */
    unsigned flags;   /* enum fault_flag */
};

const struct fault *fault_at(size_t i); /* NULL behind the last */
const struct fault *fault_find(const char *name);

struct fault_rule {
    const struct fault *fault;
    double rate;      /* probability for each request; < 0: unused */
    uint64_t every;   /* each request whose number divides by it; 0: unused */
    uint64_t request; /* this request only; 0: unused */
};

/* "NAME", "NAME:rate=0.1", "NAME:every=7", "NAME:request=3" (requests are counted from 1). */
int fault_rule_parse(struct fault_rule *out, const char *text, struct err *e);
/* The fault of request `number`, NULL: none. Each rule with a rate takes one draw, whether it applies or not. */
const struct fault *fault_pick(const struct fault_rule *rules, size_t n, uint64_t number, struct rng *r);

#endif
