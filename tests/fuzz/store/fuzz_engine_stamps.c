/* Any bytes as an engine's stored stamps: what is accepted must encode to the very same bytes again; any bytes as text: never
 * more characters than bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/blob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct engine_stamps g;
    struct str again = STR_INIT;
    struct err e = ERR_INIT;
    const mono_ns base = 123456789;
    if (engine_stamps_decode(&g, base, data, size, &e) == 0) {
        engine_stamps_encode(&g, base, &again);
        if (again.len != size || memcmp(again.at, data, size) != 0)
            abort();
    } else if (g.token_ns || g.n || !e.text[0]) {
        abort();
    }
    int64_t chars = text_chars(data, size, NULL);
    if (chars < 0 || (uint64_t)chars > size)
        abort();
    free(g.token_ns);
    str_release(&again);
    return 0;
}
