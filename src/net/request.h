/* The bytes of a request: the fields that never change are built once per client, the rest per call, all before
 * sending. */
#ifndef NET_REQUEST_H
#define NET_REQUEST_H

#include "net/client.h"

/* The fields of every request of a client. */
struct fields {
    struct str text; /* owned; holds the key: release it with request_wipe */
    bool typed;      /* the caller gave a Content-Type of his own */
};

/* Fills `out` with Host, Accept-Encoding, User-Agent, the extra header lines and the key. */
int request_fields(const struct endpoint *ep, const struct client_options *o, struct fields *out, struct err *e);
/* Builds the head into `out` (empty), which then holds the secret too; what follows it is spec->body as it is. */
int request_build(const struct endpoint *ep, const struct fields *fields, const struct call_spec *spec, struct str *out,
                  struct err *e);
void request_clear(struct str *s); /* overwrites, and keeps the memory */
void request_wipe(struct str *s);  /* overwrites, then releases */

#endif
