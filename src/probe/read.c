/* read.c: see read.h. */
#include "probe/read.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool read_text(const char *root, const char *path, char *out, size_t cap)
{
    struct str full = STR_INIT;
    size_t n = 0;
    str_addf(&full, "%s%s", root, path);
    int fd = open(full.at, O_RDONLY | O_CLOEXEC);
    str_release(&full);
    out[0] = 0;
    if (fd < 0)
        return false;
    while (n < cap - 1) {
        ssize_t got = read(fd, out + n, cap - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    close(fd);
    while (n && strchr(" \t\r\n", out[n - 1]))
        n--;
    out[n] = 0;
    return n > 0;
}

int64_t read_int(const char *root, const char *path, int64_t dflt)
{
    char text[64], *end;
    if (!read_text(root, path, text, sizeof text))
        return dflt;
    long long v = strtoll(text, &end, 10);
    return *end || end == text ? dflt : v;
}

bool read_field(const char *text, const char *key, char *out, size_t cap)
{
    size_t n = strlen(key);
    out[0] = 0;
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (strncmp(line, key, n) != 0)
            continue;
        const char *p = line + n + strspn(line + n, " \t");
        if (*p != ':')
            continue;
        p += 1 + strspn(p + 1, " \t");
        size_t len = strcspn(p, "\n");
        if (len >= cap)
            len = cap - 1;
        memcpy(out, p, len);
        out[len] = 0;
        return true;
    }
    return false;
}

/* "cpu  user nice system idle iowait irq softirq steal guest guest_nice": guest time is already part of user. */
bool read_cpu_ticks(const char *stat, struct cpu_ticks *out)
{
    int64_t v[8], total = 0;
    if (strncmp(stat, "cpu ", 4) != 0)
        return false;
    const char *p = stat + 4;
    for (int i = 0; i < 8; i++) {
        char *end;
        v[i] = strtoll(p, &end, 10);
        total += v[i];
        p = end;
    }
    *out = (struct cpu_ticks){.busy = total - v[3] - v[4], .steal = v[7], .total = total};
    return true;
}

bool read_exists(const char *root, const char *path)
{
    struct str full = STR_INIT;
    str_addf(&full, "%s%s", root, path);
    bool yes = access(full.at, F_OK) == 0;
    str_release(&full);
    return yes;
}

void put_string(struct str *out, const char *value)
{
    str_addc(out, '"');
    for (const char *p = value; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            str_addf(out, "\\%c", c);
        else if (c < ' ' || c >= 127) /* /proc and /sys are ASCII; anything else is not worth a decoder here */
            str_addf(out, "\\u%04x", c < ' ' ? (unsigned)c : 0xfffdu);
        else
            str_addc(out, (char)c);
    }
    str_addc(out, '"');
}

void put_key(struct str *out, const char *key)
{
    char last = out->len ? out->at[out->len - 1] : 0;
    if (last != '{')
        str_addc(out, ',');
    put_string(out, key);
    str_addc(out, ':');
}

void put_text(struct str *out, const char *key, const char *value)
{
    put_key(out, key);
    if (value && value[0])
        put_string(out, value);
    else
        str_addz(out, "null");
}

void put_int(struct str *out, const char *key, int64_t value)
{
    put_key(out, key);
    if (value < 0)
        str_addz(out, "null");
    else
        str_addf(out, "%lld", (long long)value);
}

void put_real(struct str *out, const char *key, double value)
{
    put_key(out, key);
    if (isfinite(value))
        str_addf(out, "%.6g", value);
    else
        str_addz(out, "null");
}
