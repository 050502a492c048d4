/* request.c: see request.h. A string that holds the key gets its whole room before the first byte is written:
 * growing would leave a copy behind in freed memory. */
#include "net/request.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_line(const char *z)
{
    for (; *z; z++)
        if ((unsigned char)*z < ' ' && *z != '\t')
            return false;
    return true;
}

/* Fields that decide framing or routing are ours. */
static bool is_ours(const char *line, size_t name_len)
{
    static const char *const ours[] = {"Host",       "Content-Length", "Transfer-Encoding", "Accept-Encoding",
                                       "Connection", "Expect",         "Upgrade",           "TE"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strlen(ours[i]) == name_len && !strncasecmp(line, ours[i], name_len))
            return true;
    return false;
}

static int check_header(const char *line, struct err *e)
{
    size_t name = strcspn(line, ":");
    if (!name || line[name] != ':' || !is_line(line) || strcspn(line, " \t") < name)
        return err_set(e, ERR_USAGE, "an extra header is one line 'Name: value'");
    if (is_ours(line, name))
        return err_set(e, ERR_USAGE, "the header %.*s is set by the client and cannot be given", (int)name, line);
    return 0;
}

int request_fields(const struct endpoint *ep, const struct client_options *o, struct fields *out, struct err *e)
{
    struct str *fields = &out->text;
    size_t room = sizeof ep->host + 256;
    for (const char *const *h = o ? o->header : NULL; h && *h; h++) {
        if (check_header(*h, e))
            return ERR_USAGE;
        room += strlen(*h) + 2;
    }
    const char *key = o && o->api_key && *o->api_key ? o->api_key : NULL;
    if (key && !is_line(key))
        return err_set(e, ERR_USAGE, "the API key has a line end or another control character in it");
    str_reserve(fields, room + (key ? strlen(key) : 0));
    bool v6 = strchr(ep->host, ':') != NULL;
    bool usual_port = !strcmp(ep->port, ep->tls ? "443" : "80");
    str_addf(fields, "Host: %s%s%s%s%s\r\n", v6 ? "[" : "", ep->host, v6 ? "]" : "", usual_port ? "" : ":",
             usual_port ? "" : ep->port);
    str_addz(fields, "User-Agent: chimera\r\nAccept: */*\r\nAccept-Encoding: identity\r\n");
    for (const char *const *h = o ? o->header : NULL; h && *h; h++) {
        str_addz(fields, *h);
        str_addz(fields, "\r\n");
    }
    if (key) {
        str_addz(fields, "Authorization: Bearer ");
        str_addz(fields, key);
        str_addz(fields, "\r\n");
    }
    out->typed = strcasestr(fields->at, "\r\nContent-Type:") != NULL;
    return 0;
}

static bool is_token(const char *z)
{
    size_t n = 0;
    while (z[n] >= 'A' && z[n] <= 'Z')
        n++;
    return n && !z[n];
}

int request_build(const struct endpoint *ep, const struct fields *fields, const struct call_spec *spec, struct str *out,
                  struct err *e)
{
    if (!spec->method || !is_token(spec->method))
        return err_set(e, ERR_USAGE, "a request's method is a word of capitals");
    if (!spec->path || (*spec->path != '/' && (*spec->path || !*ep->base_path)))
        return err_set(e, ERR_USAGE, "a request's path begins with '/'");
    for (const char *p = spec->path; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
            return err_set(e, ERR_USAGE, "a request's path has only visible ASCII characters");
    str_reserve(out, strlen(spec->method) + strlen(ep->base_path) + strlen(spec->path) + fields->text.len + 160);
    str_addz(out, spec->method);
    str_addc(out, ' ');
    str_addz(out, ep->base_path);
    str_addz(out, spec->path);
    str_addz(out, " HTTP/1.1\r\n");
    str_add(out, fields->text.at, fields->text.len);
    if (spec->body && !fields->typed)
        str_addz(out, "Content-Type: application/json\r\n");
    if (spec->body || !strcmp(spec->method, "POST") || !strcmp(spec->method, "PUT")) {
        str_addz(out, "Content-Length: ");
        str_addi(out, spec->body ? (int64_t)spec->body_len : 0);
        str_addz(out, "\r\n");
    }
    str_addz(out, "\r\n");
    return 0;
}

void request_clear(struct str *s)
{
    if (s->at)
        explicit_bzero(s->at, s->cap);
    s->len = 0;
}

void request_wipe(struct str *s)
{
    request_clear(s);
    str_release(s);
}
