/* tls_server.c: see tls_server.h. */
#include "tls_server.h"

#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- certificates ---- */

static X509 *make_certificate(EVP_PKEY *key, const char *name, const char *san, X509 *issuer, EVP_PKEY *issuer_key,
                              bool expired)
{
    static long serial;
    X509 *x = X509_new();
    X509V3_CTX v3;
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -7200);
    X509_gmtime_adj(X509_getm_notAfter(x), expired ? -3600 : 3600);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
    X509V3_set_ctx(&v3, issuer ? issuer : x, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &v3, NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    if (san) {
        e = X509V3_EXT_conf_nid(NULL, &v3, NID_subject_alt_name, san);
        X509_add_ext(x, e, -1);
        X509_EXTENSION_free(e);
    }
    X509_sign(x, issuer_key ? issuer_key : key, EVP_sha256());
    return x;
}

static bool write_authority(struct tls_server *s, X509 *ca)
{
    snprintf(s->ca_file, sizeof s->ca_file, "/tmp/chimera-test-ca-XXXXXX");
    int fd = mkstemp(s->ca_file);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    bool ok = f && PEM_write_X509(f, ca);
    return (!f || fclose(f) == 0) && ok;
}

static bool load_certificate(struct tls_server *s)
{
    static const char *const san[] = {"DNS:localhost,IP:127.0.0.1", "DNS:elsewhere.test", "DNS:localhost,IP:127.0.0.1",
                                      "DNS:localhost,IP:127.0.0.1"};
    EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
    X509 *ca = make_certificate(ca_key, "test authority", NULL, NULL, NULL, false);
    bool own = s->certificate == CERT_SELF_SIGNED;
    X509 *cert = make_certificate(key, "test server", san[s->certificate], own ? NULL : ca, own ? NULL : ca_key,
                                  s->certificate == CERT_EXPIRED);
    bool ok = SSL_CTX_use_certificate(s->ctx, cert) == 1 && SSL_CTX_use_PrivateKey(s->ctx, key) == 1 &&
              write_authority(s, ca);
    X509_free(ca);
    X509_free(cert);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
    return ok;
}

/* ---- serving ---- */

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                       unsigned in_len, void *arg)
{
    struct tls_server *s = arg;
    (void)ssl;
    if (!in_len || in[0] >= sizeof s->alpn || in[0] >= in_len)
        return SSL_TLSEXT_ERR_NOACK;
    memcpy(s->alpn, in + 1, in[0]);
    *out = in + 1;
    *out_len = in[0];
    return SSL_TLSEXT_ERR_OK;
}

/* One request: its head, and as much body as Content-Length says. */
static bool read_request(struct tls_server *s, SSL *ssl)
{
    char head[65536];
    size_t n = 0, body_left = 0;
    for (char *end = NULL; !end;) {
        int got = SSL_read(ssl, head + n, (int)(sizeof head - 1 - n));
        if (got <= 0)
            return false;
        n += (size_t)got;
        head[n] = 0;
        end = strstr(head, "\r\n\r\n");
        const char *length = strcasestr(head, "\r\nContent-Length:");
        if (end && length)
            body_left = strtoul(length + 17, NULL, 10) - (n - (size_t)(end + 4 - head));
    }
    s->request_bytes = n;
    while (body_left) {
        int got = SSL_read(ssl, head, sizeof head < body_left ? (int)sizeof head : (int)body_left);
        if (got <= 0)
            return false;
        body_left -= (size_t)got;
        s->request_bytes += (size_t)got;
    }
    s->requests++;
    return true;
}

static void serve(struct tls_server *s, SSL *ssl)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    snprintf(s->sni, sizeof s->sni, "%s", name ? name : "");
    s->handshakes++;
    while (read_request(s, ssl)) {
        for (const char *const *p = s->answer; *p; p++) {
            if (s->behaviour == SERVE_KEY_UPDATE)
                SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
            if (SSL_write(ssl, *p, (int)strlen(*p)) <= 0)
                return;
        }
        if (s->behaviour == SERVE_UNFINISHED)
            return;
        if (s->closes) {
            SSL_shutdown(ssl);
            return;
        }
    }
}

static void answer_connection(struct tls_server *s, int fd)
{
    if (s->behaviour == SERVE_PLAIN) {
        static const char plain[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        if (send(fd, plain, sizeof plain - 1, MSG_NOSIGNAL) < 0)
            s->requests = -1;
        char drain[4096];
        while (recv(fd, drain, sizeof drain, 0) > 0)
            ;
    } else if (s->behaviour == SERVE_NOTHING) {
        struct pollfd p = {.fd = fd, .events = POLLRDHUP};
        while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE) && poll(&p, 1, 5) == 0)
            ;
    } else if (s->behaviour != SERVE_HANGUP) {
        SSL *ssl = SSL_new(s->ctx);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1)
            serve(s, ssl);
        SSL_free(ssl);
    }
    close(fd);
}

static void *run(void *user)
{
    struct tls_server *s = user;
    while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
        struct pollfd p = {.fd = s->listener, .events = POLLIN};
        if (poll(&p, 1, 5) <= 0) /* the timeout is only for `stop` */
            continue;
        int fd = accept(s->listener, NULL, NULL);
        if (fd >= 0)
            answer_connection(s, fd);
    }
    ERR_clear_error();
    OPENSSL_thread_stop();
    return NULL;
}

bool tls_server_start(struct tls_server *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    pthread_t t;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(s->listener, (struct sockaddr *)&a, len) || listen(s->listener, 16) ||
        getsockname(s->listener, (struct sockaddr *)&a, &len))
        return false;
    snprintf(s->url, sizeof s->url, "https://127.0.0.1:%d", ntohs(a.sin_port));
    s->ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_alpn_select_cb(s->ctx, choose_alpn, s);
    if (s->behaviour == SERVE_TLS11) {
        SSL_CTX_set_min_proto_version(s->ctx, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(s->ctx, TLS1_1_VERSION);
    }
    if (!load_certificate(s) || pthread_create(&t, NULL, run, s))
        return false;
    s->thread = (unsigned long)t;
    return true;
}

void tls_server_stop(struct tls_server *s)
{
    __atomic_store_n(&s->stop, true, __ATOMIC_RELEASE);
    pthread_join((pthread_t)s->thread, NULL);
    close(s->listener);
    SSL_CTX_free(s->ctx);
    unlink(s->ca_file);
}
