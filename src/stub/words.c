/* words.c: see words.h. */
#include "stub/words.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct span words_next(struct span text, size_t *at)
{
    size_t i = *at;
    while (i < text.len && is_space(text.at[i]))
        i++;
    size_t start = i;
    while (i < text.len && !is_space(text.at[i]))
        i++;
    *at = i;
    return i > start ? (struct span){text.at + start, i - start} : SPAN_NONE;
}

int64_t words_count(struct span text)
{
    int64_t n = 0;
    for (size_t at = 0; words_next(text, &at).len;)
        n++;
    return n;
}

int64_t words_id(struct span word)
{
    uint64_t h = 0xCBF29CE484222325u; /* FNV-1a */
    for (size_t i = 0; i < word.len; i++)
        h = (h ^ (unsigned char)word.at[i]) * 0x100000001B3u;
    return (int64_t)((h ^ h >> 32) % WORDS_VOCABULARY);
}

void words_add(struct str *out, struct rng *r, bool first)
{
    static const char consonants[] = "bdfgklmnprstvzhj", vowels[] = "aeioaeiu";
    uint64_t bits = rng_u64(r);
    size_t syllables = 2 + (bits & 1), n = 0;
    char word[8];
    bits >>= 1;
    if (!first)
        word[n++] = ' ';
    for (size_t i = 0; i < syllables; i++, bits >>= 7) {
        word[n++] = consonants[bits & 15];
        word[n++] = vowels[bits >> 4 & 7];
    }
    str_add(out, word, n);
}
