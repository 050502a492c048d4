/* TLS of a connection, over memory: ciphertext goes in and comes out as bytes, so that the socket stays ours and
 * its kernel stamps survive. TLS 1.2 and newer, the server's certificate and name are always verified. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct tls_context; /* roots and settings: one per https client */
struct tls;         /* one connection */

int tls_context_new(struct tls_context **out, const char *cacert, struct err *e);
void tls_context_free(struct tls_context *x); /* NULL is fine; after its connections */

/* `host` is verified against the certificate and sent as SNI when it is a name. NULL when memory or the library
 * fails. */
struct tls *tls_new(struct tls_context *x, const char *host);
void tls_free(struct tls *t);

enum tls_result {
    TLS_OK,
    TLS_CLOSED, /* the peer said close_notify: the end of the data is authentic */
    TLS_FAILED  /* see tls_why */
};

struct tls_sink {
    void *user;
    bool (*bytes)(void *user, const char *p, size_t n); /* plaintext of one record; false stops */
};

/* Starts the handshake: the first flight lies in tls_output. */
enum tls_result tls_start(struct tls *t);
/* Takes ciphertext that came. During the handshake it goes on with it; after it, plaintext goes to the sink. */
enum tls_result tls_input(struct tls *t, const char *p, size_t n, const struct tls_sink *sink);
/* Encrypts p into tls_output. */
enum tls_result tls_write(struct tls *t, const char *p, size_t n);
bool tls_established(const struct tls *t);
struct str *tls_output(struct tls *t);    /* ciphertext to send: the owner takes from its front */
const char *tls_why(const struct tls *t); /* borrowed: a sentence */

#endif
