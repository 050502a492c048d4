/* nvml.c: see nvml.h. */
#include "probe/nvml.h"

#include <dlfcn.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "probe/read.h"

enum { MOST_GPUS = 64, CLOCK_SM = 1, CLOCK_MEM = 2, SENSOR_GPU = 0 };

struct utilisation {
    unsigned gpu, memory; /* per cent */
};

struct memory {
    unsigned long long total, free, used; /* bytes */
};

typedef struct device_opaque *device; /* as NVML has it; never looked into */

/* All return 0 or an error of NVML's. */
struct api {
    int (*init)(void);
    int (*shutdown)(void);
    int (*count)(unsigned *n);
    int (*handle)(unsigned i, device *d);
    int (*energy)(device d, unsigned long long *mj); /* since the driver was loaded; Volta and later */
    int (*power)(device d, unsigned *mw);
    int (*utilisation)(device d, struct utilisation *u);
    int (*memory)(device d, struct memory *m);
    int (*clock)(device d, int type, unsigned *mhz);
    int (*temperature)(device d, int sensor, unsigned *celsius);
};

static const struct {
    const char *name;
    size_t at;
} symbols[] = {
    {"nvmlInit_v2", offsetof(struct api, init)},
    {"nvmlShutdown", offsetof(struct api, shutdown)},
    {"nvmlDeviceGetCount_v2", offsetof(struct api, count)},
    {"nvmlDeviceGetHandleByIndex_v2", offsetof(struct api, handle)},
    {"nvmlDeviceGetTotalEnergyConsumption", offsetof(struct api, energy)},
    {"nvmlDeviceGetPowerUsage", offsetof(struct api, power)},
    {"nvmlDeviceGetUtilizationRates", offsetof(struct api, utilisation)},
    {"nvmlDeviceGetMemoryInfo", offsetof(struct api, memory)},
    {"nvmlDeviceGetClockInfo", offsetof(struct api, clock)},
    {"nvmlDeviceGetTemperature", offsetof(struct api, temperature)},
};

struct gpu {
    device handle;
    unsigned long long base_mj;
};

struct nvml {
    void *lib;
    struct api api;
    size_t n;
    struct gpu gpu[MOST_GPUS];
};

/* ISO C has no way to make a function of dlsym's pointer but copying it. */
static bool bind_symbols(struct nvml *n)
{
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *found = dlsym(n->lib, symbols[i].name);
        if (!found)
            return false;
        memcpy((char *)&n->api + symbols[i].at, &found, sizeof found);
    }
    return true;
}

static void find_gpus(struct nvml *n)
{
    unsigned count = 0;
    if (n->api.count(&count))
        return;
    for (unsigned i = 0; i < count && n->n < MOST_GPUS; i++)
        if (!n->api.handle(i, &n->gpu[n->n].handle))
            n->n++;
}

struct nvml *nvml_open(void)
{
    void *lib = dlopen("libnvidia-ml.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!lib)
        return NULL;
    struct nvml *n = xcalloc(1, sizeof *n);
    n->lib = lib;
    if (!bind_symbols(n) || n->api.init()) {
        dlclose(lib);
        free(n);
        return NULL;
    }
    find_gpus(n);
    if (n->n)
        return n;
    nvml_close(n);
    return NULL;
}

size_t nvml_count(const struct nvml *n)
{
    return n->n;
}

void nvml_zero(struct nvml *n)
{
    for (size_t i = 0; i < n->n; i++)
        if (n->api.energy(n->gpu[i].handle, &n->gpu[i].base_mj))
            n->gpu[i].base_mj = 0;
}

static void put_gpu(const struct api *a, const struct gpu *g, struct str *out)
{
    unsigned mem = 0, sm = 0, mw = 0, celsius = 0;
    unsigned long long mj = 0;
    struct memory m = {0};
    struct utilisation u = {0};
    bool told = !a->utilisation(g->handle, &u);
    put_int(out, "clock_mem_mhz", a->clock(g->handle, CLOCK_MEM, &mem) ? -1 : (int64_t)mem);
    put_int(out, "clock_sm_mhz", a->clock(g->handle, CLOCK_SM, &sm) ? -1 : (int64_t)sm);
    put_real(out, "energy_j", a->energy(g->handle, &mj) ? (double)NAN : (double)(mj - g->base_mj) / 1e3);
    put_int(out, "memory_used_bytes", a->memory(g->handle, &m) ? -1 : (int64_t)m.used);
    put_real(out, "power_w", a->power(g->handle, &mw) ? (double)NAN : (double)mw / 1e3);
    put_int(out, "temperature_c", a->temperature(g->handle, SENSOR_GPU, &celsius) ? -1 : (int64_t)celsius);
    put_int(out, "util_gpu_percent", told ? (int64_t)u.gpu : -1);
    put_int(out, "util_mem_percent", told ? (int64_t)u.memory : -1);
}

void nvml_put(const struct nvml *n, struct str *out)
{
    put_key(out, "gpus");
    str_addc(out, '[');
    for (size_t i = 0; i < n->n; i++) {
        str_addz(out, i ? ",{" : "{");
        put_gpu(&n->api, &n->gpu[i], out);
        str_addc(out, '}');
    }
    str_addc(out, ']');
}

void nvml_close(struct nvml *n)
{
    if (!n)
        return;
    n->api.shutdown();
    dlclose(n->lib);
    free(n);
}
