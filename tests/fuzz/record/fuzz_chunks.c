/* Any bytes as a stored list of chunks: what is accepted must encode to the very same bytes again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record/chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chunk_list l;
    struct str again = STR_INIT;
    struct err e = ERR_INIT;
    const mono_ns base = 123456789;
    if (chunk_list_decode(&l, base, data, size, &e) == 0) {
        chunk_list_encode(&l, base, &again);
        if (again.len != size || memcmp(again.at, data, size) != 0 || l.dropped)
            abort();
    } else if (l.at || l.n || !e.text[0]) {
        abort();
    }
    chunk_list_release(&l);
    str_release(&again);
    return 0;
}
