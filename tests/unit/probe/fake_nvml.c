/* A libnvidia-ml.so.1 of two GPUs: the second is old and knows neither its energy nor its load. */
#include <stddef.h>

enum { NOT_SUPPORTED = 3 };

int nvmlInit_v2(void);
int nvmlShutdown(void);
int nvmlDeviceGetCount_v2(unsigned *n);
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device);
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *mj);
int nvmlDeviceGetPowerUsage(void *device, unsigned *mw);
int nvmlDeviceGetUtilizationRates(void *device, unsigned percent[2]);
int nvmlDeviceGetMemoryInfo(void *device, unsigned long long bytes[3]);
int nvmlDeviceGetClockInfo(void *device, int type, unsigned *mhz);
int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *celsius);

static char gpus[2];
static unsigned long long used_mj = 5000000;

static int old(const void *device)
{
    return device == &gpus[1];
}

int nvmlInit_v2(void)
{
    return 0;
}

int nvmlShutdown(void)
{
    return 0;
}

int nvmlDeviceGetCount_v2(unsigned *n)
{
    *n = 2;
    return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device)
{
    *device = &gpus[i];
    return 0;
}

int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *mj)
{
    if (old(device))
        return NOT_SUPPORTED;
    *mj = used_mj += 1500; /* more at every look */
    return 0;
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *mw)
{
    *mw = old(device) ? 20000 : 350500;
    return 0;
}

int nvmlDeviceGetUtilizationRates(void *device, unsigned percent[2])
{
    percent[0] = 97;
    percent[1] = 41;
    return old(device) ? NOT_SUPPORTED : 0;
}

int nvmlDeviceGetMemoryInfo(void *device, unsigned long long bytes[3])
{
    (void)device;
    bytes[0] = 85899345920; /* total, free, used */
    bytes[1] = 64424509440;
    bytes[2] = 21474836480;
    return 0;
}

int nvmlDeviceGetClockInfo(void *device, int type, unsigned *mhz)
{
    (void)device;
    *mhz = type == 1 ? 1980 : type == 2 ? 2619 : 0; /* SM, memory */
    return 0;
}

int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *celsius)
{
    (void)device;
    *celsius = sensor ? 0 : 61;
    return 0;
}
