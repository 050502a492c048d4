/* Any bytes as a stream of the openai dialect and of llama-server's. */
#include <stddef.h>
#include <stdint.h>

#include "fuzz_events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_stream(backend_find("openai"), (const char *)data, size);
    fuzz_stream(backend_find("llama-server"), (const char *)data, size);
    return 0;
}
