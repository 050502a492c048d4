/* The bytes of a request: the fields that never change are built once per client, the rest per call, all before
 * sending. */
#ifndef NET_REQUEST_H
#define NET_REQUEST_H

#include "net/client.h"

/* Fills `fields` with Host, Accept-Encoding, User-Agent, the extra header lines and the key. It holds the secret:
 * release it with request_wipe. */
int request_fields(const struct endpoint *ep, const struct client_options *o, struct str *fields, struct err *e);
/* Builds the head into `out` (empty), which then holds the secret too; what follows it is spec->body as it is. */
int request_build(const struct endpoint *ep, const struct str *fields, const struct call_spec *spec, struct str *out,
                  struct err *e);
void request_wipe(struct str *s); /* overwrites, then releases */

#endif
