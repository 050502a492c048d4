/* rapl.c: see rapl.h. */
#include "probe/rapl.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/read.h"

enum { PACKAGES = 8, SUBZONES = 4 };

static void add_zone(struct rapl *r, const char *root, const char *zone, const char *name)
{
    struct str path = STR_INIT;
    char key[96];
    if (r->n == RAPL_ZONES)
        return;
    str_addf(&path, "%s/sys/class/powercap/%s/energy_uj", root, zone);
    struct rapl_zone *z = &r->zone[r->n];
    *z = (struct rapl_zone){.fd = open(str_z(&path), O_RDONLY | O_CLOEXEC), .last_uj = -1};
    snprintf(key, sizeof key, "/sys/class/powercap/%s/max_energy_range_uj", zone);
    z->range_uj = read_int(root, key, 0);
    snprintf(z->name, sizeof z->name, "%s", name);
    r->n += z->fd >= 0;
    str_release(&path);
}

void rapl_open(struct rapl *r, const char *root)
{
    char zone[48], path[96], name[16], full[32];
    *r = (struct rapl){0};
    for (int i = 0; i < PACKAGES; i++) {
        snprintf(zone, sizeof zone, "intel-rapl:%d", i);
        snprintf(path, sizeof path, "/sys/class/powercap/%s/name", zone);
        if (!read_text(root, path, name, sizeof name))
            return;
        add_zone(r, root, zone, name);
        for (int k = 0; k < SUBZONES; k++) {
            char sub[16];
            snprintf(zone, sizeof zone, "intel-rapl:%d:%d", i, k);
            snprintf(path, sizeof path, "/sys/class/powercap/%s/name", zone);
            if (!read_text(root, path, sub, sizeof sub) || strcmp(sub, "dram") != 0)
                continue;
            snprintf(full, sizeof full, "%s/dram", name);
            add_zone(r, root, zone, full);
        }
    }
}

void rapl_read(struct rapl *r)
{
    for (int i = 0; i < r->n; i++) {
        struct rapl_zone *z = &r->zone[i];
        char text[32];
        ssize_t n = pread(z->fd, text, sizeof text - 1, 0);
        if (n <= 0)
            continue;
        text[n] = 0;
        int64_t now = strtoll(text, NULL, 10);
        if (z->last_uj >= 0 && now >= z->last_uj)
            z->sum_uj += now - z->last_uj;
        else if (z->last_uj >= 0 && z->range_uj >= z->last_uj) /* it began again */
            z->sum_uj += z->range_uj - z->last_uj + now;
        z->last_uj = now;
    }
}

void rapl_zero(struct rapl *r)
{
    for (int i = 0; i < r->n; i++)
        r->zone[i].sum_uj = 0;
}

void rapl_put(const struct rapl *r, struct str *out)
{
    if (!r->n)
        return;
    put_key(out, "energy");
    str_addc(out, '[');
    for (int i = 0; i < r->n; i++) {
        const struct rapl_zone *z = &r->zone[i];
        str_addz(out, i ? ",{" : "{");
        put_real(out, "joules", z->last_uj < 0 ? (double)NAN : (double)z->sum_uj / 1e6);
        put_text(out, "name", z->name);
        str_addc(out, '}');
    }
    str_addc(out, ']');
}

void rapl_close(struct rapl *r)
{
    for (int i = 0; i < r->n; i++)
        close(r->zone[i].fd);
    r->n = 0;
}
