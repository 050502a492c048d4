/* tls.c: see tls.h. */
#include "net/tls.h"
int tls_context_new(struct tls_context **out, const char *cacert, struct err *e)
{
    (void)out, (void)cacert;
    return err_set(e, ERR_NET, "https is not built yet");
}
void tls_context_free(struct tls_context *x) { (void)x; }
struct tls *tls_new(struct tls_context *x, const char *host) { (void)x, (void)host; return NULL; }
void tls_free(struct tls *t) { (void)t; }
enum tls_result tls_start(struct tls *t) { (void)t; return TLS_FAILED; }
enum tls_result tls_input(struct tls *t, const char *p, size_t n, const struct tls_sink *sink)
{
    (void)t, (void)p, (void)n, (void)sink; return TLS_FAILED;
}
enum tls_result tls_write(struct tls *t, const char *p, size_t n) { (void)t, (void)p, (void)n; return TLS_FAILED; }
bool tls_established(const struct tls *t) { (void)t; return false; }
struct str *tls_output(struct tls *t) { (void)t; return NULL; }
const char *tls_why(const struct tls *t) { (void)t; return ""; }
