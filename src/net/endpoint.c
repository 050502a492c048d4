/* endpoint.c: URLs of servers, see client.h. Only what a server needs: scheme, host, port, prefix. User info is
 * refused because it would put a secret into a URL, query and fragment because a prefix has none. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/client.h"

static bool plain_text(const char *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)at[i] <= ' ' || (unsigned char)at[i] >= 0x7f)
            return false;
    return true;
}

static int copy(char *to, size_t cap, const char *at, size_t n, const char *what, struct err *e)
{
    if (n >= cap)
        return err_set(e, ERR_INPUT, "the %s of the URL is longer than %zu bytes", what, cap - 1);
    memcpy(to, at, n);
    to[n] = 0;
    return 0;
}

static int take_port(struct endpoint *out, const char *at, size_t n, struct err *e)
{
    long port = 0;
    for (size_t i = 0; i < n; i++) {
        if (at[i] < '0' || at[i] > '9' || n > 5)
            return err_set(e, ERR_INPUT, "the port of the URL is not a number from 1 to 65535");
        port = port * 10 + (at[i] - '0');
    }
    if (port < 1 || port > 65535)
        return err_set(e, ERR_INPUT, "the port of the URL is not a number from 1 to 65535");
    return copy(out->port, sizeof out->port, at, n, "port", e);
}

/* "host", "host:port", "[::1]", "[::1]:port" */
static int take_authority(struct endpoint *out, const char *at, size_t n, struct err *e)
{
    const char *end = at + n, *host = at, *host_end, *port = NULL;
    if (memchr(at, '@', n))
        return err_set(e, ERR_INPUT, "a URL with user info is refused: give the key by environment or file");
    if (n && *at == '[') {
        host = at + 1;
        host_end = memchr(at, ']', n);
        if (!host_end)
            return err_set(e, ERR_INPUT, "the URL has '[' without ']'");
        if (host_end + 1 < end) {
            if (host_end[1] != ':')
                return err_set(e, ERR_INPUT, "after ']' the URL may have only ':' and a port");
            port = host_end + 2;
        }
    } else {
        host_end = memchr(at, ':', n);
        port = host_end ? host_end + 1 : NULL;
        host_end = host_end ? host_end : end;
    }
    if (host == host_end)
        return err_set(e, ERR_INPUT, "the URL has no host");
    if (copy(out->host, sizeof out->host, host, (size_t)(host_end - host), "host", e))
        return e ? e->code : ERR_INPUT;
    if (!port)
        return copy(out->port, sizeof out->port, out->tls ? "443" : "80", out->tls ? 3 : 2, "port", e);
    return take_port(out, port, (size_t)(end - port), e);
}

int endpoint_parse(const char *url, struct endpoint *out, struct err *e)
{
    struct endpoint ep = {0};
    if (!strncasecmp(url, "http://", 7))
        url += 7;
    else if (!strncasecmp(url, "https://", 8))
        url += 8, ep.tls = true;
    else
        return err_set(e, ERR_INPUT, "a server's URL begins with http:// or https://");
    if (!plain_text(url, strlen(url)))
        return err_set(e, ERR_INPUT, "a URL has only visible ASCII characters");
    if (strpbrk(url, "?#"))
        return err_set(e, ERR_INPUT, "a server's URL has no query and no fragment");
    size_t authority = strcspn(url, "/");
    int r = take_authority(&ep, url, authority, e);
    const char *path = url + authority;
    size_t n = strlen(path);
    while (n && path[n - 1] == '/')
        n--;
    if (!r)
        r = copy(ep.base_path, sizeof ep.base_path, path, n, "path", e);
    if (!r)
        *out = ep;
    return r;
}

bool endpoint_is_loopback4(const struct endpoint *ep)
{
    struct in_addr a;
    return !strcasecmp(ep->host, "localhost") ||
           (inet_pton(AF_INET, ep->host, &a) == 1 && ntohl(a.s_addr) >> 24 == IN_LOOPBACKNET);
}

void endpoint_text(const struct endpoint *ep, struct str *out)
{
    bool v6 = strchr(ep->host, ':') != NULL;
    str_addf(out, "%s://%s%s%s", ep->tls ? "https" : "http", v6 ? "[" : "", ep->host, v6 ? "]" : "");
    if (strcmp(ep->port, ep->tls ? "443" : "80") != 0)
        str_addf(out, ":%s", ep->port);
    str_addz(out, ep->base_path);
}
