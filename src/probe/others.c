/* others.c: see others.h. */
#include "probe/others.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "probe/read.h"

void others_begin(struct others *o, const char *root, pid_t self, mono_ns now)
{
    char text[256];
    struct cpu_ticks all;
    *o = (struct others){.root = root, .began_ns = now, .busy_ticks = -1};
    tree_init(&o->own, root, self);
    tree_scan(&o->own);
    tree_read(&o->own);
    tree_zero(&o->own);
    read_text(root, "/proc/stat", text, sizeof text);
    if (read_cpu_ticks(text, &all))
        o->busy_ticks = all.busy;
}

double others_end(struct others *o, mono_ns now)
{
    char text[256];
    struct cpu_ticks all;
    double ticks = NAN;
    read_text(o->root, "/proc/stat", text, sizeof text);
    tree_scan(&o->own);
    tree_read(&o->own);
    if (o->busy_ticks >= 0 && read_cpu_ticks(text, &all))
        ticks = (double)(all.busy - o->busy_ticks - tree_ticks(&o->own));
    tree_release(&o->own);
    double s = (double)(now - o->began_ns) / 1e9;
    if (!(s > 0) || isnan(ticks))
        return NAN;
    return fmax(0, ticks) / s / (double)sysconf(_SC_CLK_TCK); /* below 0 by the ticks' rounding */
}

/* Millidegrees. Sensors that are not connected tell absurd values. */
static double hotter(const char *root, const char *path, double than)
{
    enum { LEAST = -50000, MOST = 200000 };
    int64_t t = read_int(root, path, INT64_MIN);
    return t > LEAST && t < MOST ? fmax(than, (double)t / 1000) : than;
}

double host_temperature(const char *root)
{
    enum { ZONES = 64, MONITORS = 32, SENSORS = 32 };
    double hottest = NAN; /* fmax ignores it */
    char path[96];
    for (int i = 0; i < ZONES; i++) {
        snprintf(path, sizeof path, "/sys/class/thermal/thermal_zone%d/temp", i);
        hottest = hotter(root, path, hottest);
    }
    for (int i = 0; i < MONITORS; i++) {
        snprintf(path, sizeof path, "/sys/class/hwmon/hwmon%d", i);
        if (!read_exists(root, path))
            continue;
        for (int k = 1; k <= SENSORS; k++) {
            snprintf(path, sizeof path, "/sys/class/hwmon/hwmon%d/temp%d_input", i, k);
            hottest = hotter(root, path, hottest);
        }
    }
    return hottest;
}
