/* Inside probe/: NVIDIA GPUs by NVML, whose library is looked for when the program runs: a host without it has none.
 * Function names, types and units: NVML API reference (docs.nvidia.com/deploy/nvml-api). */
#ifndef PROBE_NVML_H
#define PROBE_NVML_H

#include <stddef.h>

#include "base/str.h"

struct nvml;
struct nvml *nvml_open(void); /* NULL: no library, or it sees no GPU */
size_t nvml_count(const struct nvml *n);
void nvml_zero(struct nvml *n); /* energy counts from here */
/* "gpus": one object per GPU in NVML's order: clock_mem_mhz, clock_sm_mhz, energy_j, memory_used_bytes, power_w (on most
 * GPUs the mean of the last second), temperature_c, util_gpu_percent, util_mem_percent; null where NVML refuses. */
void nvml_put(const struct nvml *n, struct str *out);
void nvml_close(struct nvml *n); /* NULL is fine */

#endif
