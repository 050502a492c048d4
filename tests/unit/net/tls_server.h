/* A TLS server in a thread, with certificates made on the spot. It shares no code with the client. */
#ifndef TESTS_NET_TLS_SERVER_H
#define TESTS_NET_TLS_SERVER_H

#include <stdbool.h>
#include <stddef.h>

enum certificate {
    CERT_GOOD, /* for localhost and 127.0.0.1, by the test's authority */
    CERT_OTHER_HOST,
    CERT_EXPIRED,
    CERT_SELF_SIGNED
};

enum behaviour {
    SERVE,            /* per request: the answer, then close_notify if `closes`, or the next request */
    SERVE_UNFINISHED, /* the answer, then closed without close_notify */
    SERVE_KEY_UPDATE, /* each piece of the answer with new keys, and the client asked for new ones */
    SERVE_TLS11,      /* offers nothing newer */
    SERVE_PLAIN,      /* is no TLS server */
    SERVE_NOTHING,    /* accepts and is silent */
    SERVE_HANGUP      /* closes instead of a handshake */
};

struct tls_server {
    char url[64], ca_file[64];
    enum certificate certificate;
    enum behaviour behaviour;
    const char *const *answer; /* pieces, each one SSL_write; NULL-terminated */
    bool closes;               /* the connection after an answer */
    int listener, handshakes, requests;
    char alpn[16], sni[64];
    size_t request_bytes;
    bool stop;
    unsigned long thread;
    void *ctx; /* SSL_CTX */
};

/* Fill certificate, behaviour, answer, closes before. False when something failed. */
bool tls_server_start(struct tls_server *s);
void tls_server_stop(struct tls_server *s);

#endif
