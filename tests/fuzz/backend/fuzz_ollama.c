/* Any bytes as a stream of the ollama dialect. */
#include <stddef.h>
#include <stdint.h>

#include "fuzz_events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_stream(backend_find("ollama"), (const char *)data, size);
    return 0;
}
