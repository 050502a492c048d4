/* tls.c: see tls.h.
 *
 * libssl is linked, not loaded on demand: beside libcrypto, which base/hash.c needs anyway, it costs a process
 * that does one plain fetch 0.24 MB of RSS, 0.06 MB of it dirty (3,336 → 3,576 kB; libcrypto itself: 1,784 → 3,336
 * kB). Its tables are made when the first https client is.
 *
 * Ciphertext goes in by slices, so that OpenSSL's memory buffer stays at one slice per connection instead of
 * growing to the largest read. */
#include "net/tls.h"

#include <arpa/inet.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_BYTES 4096
#define RECORD_BYTES (16u << 10) /* the most plaintext of one record, RFC 8446 section 5.1 */

struct tls_context {
    SSL_CTX *ctx;
    char plain[RECORD_BYTES]; /* one record in hand; one thread */
};

struct tls {
    struct tls_context *context;
    SSL *ssl;      /* owns both BIOs */
    BIO *in, *out; /* ciphertext from and to the socket */
    struct str output;
    char host[256], why[256];
};

/* ---- settings ---- */

static int library_error(struct err *e, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return err_set(e, ERR_NET, "TLS: %s: %s", what, reason ? reason : "unknown error of the library");
}

static int load_roots(SSL_CTX *ctx, const char *cacert, struct err *e)
{
    if (!cacert)
        return SSL_CTX_set_default_verify_paths(ctx) ? 0 : library_error(e, "cannot load the system's trusted roots");
    if (SSL_CTX_load_verify_locations(ctx, cacert, NULL))
        return 0;
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return err_set(e, ERR_INPUT, "cannot load trusted roots from %s: %s", cacert, reason ? reason : "not a PEM file");
}

int tls_context_new(struct tls_context **out, const char *cacert, struct err *e)
{
    static const unsigned char http11[] = "\x08http/1.1";
    ERR_clear_error();
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx)
        return library_error(e, "cannot start the library");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    int r = 0;
    if (!SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) ||
        SSL_CTX_set_alpn_protos(ctx, http11, sizeof http11 - 1)) /* this one returns 0 for success */
        r = library_error(e, "cannot be set up");
    if (!r)
        r = load_roots(ctx, cacert, e);
    if (r) {
        SSL_CTX_free(ctx);
        return r;
    }
    struct tls_context *x = xcalloc(1, sizeof *x);
    x->ctx = ctx;
    *out = x;
    return 0;
}

void tls_context_free(struct tls_context *x)
{
    if (!x)
        return;
    SSL_CTX_free(x->ctx);
    OPENSSL_cleanse(x->plain, sizeof x->plain);
    free(x);
}

/* ---- one connection ---- */

static bool expect_host(SSL *ssl, const char *host)
{
    unsigned char ip[16];
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    if (inet_pton(AF_INET, host, ip) == 1 || inet_pton(AF_INET6, host, ip) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1; /* RFC 6066 section 3: no SNI for addresses */
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct tls *tls_new(struct tls_context *x, const char *host)
{
    struct tls *t = xcalloc(1, sizeof *t);
    t->context = x;
    snprintf(t->host, sizeof t->host, "%s", host);
    t->ssl = SSL_new(x->ctx);
    t->in = BIO_new(BIO_s_mem());
    t->out = BIO_new(BIO_s_mem());
    if (!t->ssl || !t->in || !t->out || !expect_host(t->ssl, host)) {
        BIO_free(t->in);
        BIO_free(t->out);
        SSL_free(t->ssl);
        free(t);
        return NULL;
    }
    BIO_set_mem_eof_return(t->in, -1); /* empty means "later", not the end */
    SSL_set_bio(t->ssl, t->in, t->out);
    SSL_set_connect_state(t->ssl);
    return t;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    SSL_free(t->ssl);
    str_release(&t->output);
    free(t);
}

bool tls_established(const struct tls *t)
{
    return SSL_is_init_finished(t->ssl);
}

struct str *tls_output(struct tls *t)
{
    return &t->output;
}

const char *tls_why(const struct tls *t)
{
    return t->why;
}

static void take_output(struct tls *t)
{
    size_t n = BIO_ctrl_pending(t->out);
    if (!n)
        return;
    str_reserve(&t->output, n);
    int got = BIO_read(t->out, t->output.at + t->output.len, n > INT_MAX ? INT_MAX : (int)n);
    if (got > 0)
        t->output.len += (size_t)got;
}

static enum tls_result failed(struct tls *t)
{
    long verify = SSL_get_verify_result(t->ssl);
    unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);
    if (verify != X509_V_OK)
        snprintf(t->why, sizeof t->why, "TLS: the server's certificate is not accepted for %.100s: %s", t->host,
                 X509_verify_cert_error_string(verify));
    else if (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
        snprintf(t->why, sizeof t->why, "TLS: the server does not speak TLS 1.2 or 1.3 (plain HTTP perhaps)");
    else
        snprintf(t->why, sizeof t->why, "TLS: %s", reason ? reason : "the library failed");
    take_output(t); /* the alert, so that the server learns why */
    return TLS_FAILED;
}

static enum tls_result judge(struct tls *t, int r)
{
    switch (SSL_get_error(t->ssl, r)) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return TLS_OK;
    case SSL_ERROR_ZERO_RETURN: return TLS_CLOSED;
    default: return failed(t);
    }
}

enum tls_result tls_start(struct tls *t)
{
    ERR_clear_error();
    enum tls_result r = judge(t, SSL_do_handshake(t->ssl));
    take_output(t);
    return r;
}

static enum tls_result read_records(struct tls *t, const struct tls_sink *sink, bool *stopped)
{
    for (;;) {
        int n = SSL_read(t->ssl, t->context->plain, (int)sizeof t->context->plain);
        if (n <= 0)
            return judge(t, n);
        if (!sink->bytes(sink->user, t->context->plain, (size_t)n)) {
            *stopped = true;
            return TLS_OK;
        }
    }
}

enum tls_result tls_input(struct tls *t, const char *p, size_t n, const struct tls_sink *sink)
{
    bool stopped = false;
    enum tls_result r = TLS_OK;
    ERR_clear_error();
    while (n && r == TLS_OK && !stopped) {
        size_t take = n < SLICE_BYTES ? n : SLICE_BYTES;
        if (BIO_write(t->in, p, (int)take) != (int)take)
            return failed(t);
        p += take;
        n -= take;
        r = read_records(t, sink, &stopped); /* SSL_read goes on with the handshake by itself */
    }
    take_output(t);
    return r;
}

enum tls_result tls_write(struct tls *t, const char *p, size_t n)
{
    size_t put;
    ERR_clear_error();
    if (SSL_write_ex(t->ssl, p, n, &put) != 1 || put != n)
        return failed(t);
    take_output(t);
    return TLS_OK;
}
