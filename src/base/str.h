/* A growing byte string. Always NUL-terminated after the first append; `len` does not count the NUL, and the bytes may
 * hold NULs. Zero-initialised is empty and valid; release accepts it. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
    char *at; /* owned; NULL while nothing was ever appended: use str_z() to print */
    size_t len, cap;
};

#define STR_INIT                                                                                                       \
    {                                                                                                                  \
        0                                                                                                              \
    }

void str_release(struct str *s);
void str_clear(struct str *s);                 /* len = 0, keeps the memory */
void str_reserve(struct str *s, size_t extra); /* room for `extra` more bytes without another allocation */
void str_add(struct str *s, const void *p, size_t n);
void str_addz(struct str *s, const char *z);
void str_addc(struct str *s, char c);
void str_addi(struct str *s, int64_t v); /* in decimal */
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_addv(struct str *s, const char *fmt, va_list ap);
const char *str_z(const struct str *s); /* never NULL */
void str_fit(struct str *s); /* gives back the room behind the text: for one that is kept and grows no more */
char *str_detach(struct str *s, size_t *len); /* the caller owns the bytes; s is empty again; len may be NULL */

/* Pieces of text borrowed from somebody else's memory. */
struct span {
    const char *at;
    size_t len;
};

#define SPAN_NONE ((struct span){0})
struct span span_z(const char *z);
bool span_eq_z(struct span a, const char *z);
bool span_starts(struct span a, const char *z);
struct span span_trim(struct span s); /* without blanks (of ASCII) at both ends */

/* Distance of two words for "did you mean": Damerau-Levenshtein, both capped at 63 bytes. */
int word_distance(const char *a, const char *b);
/* The nearest of n words when it is near enough to be a typing error, else NULL. */
const char *word_suggest(const char *word, const char *const *words, size_t n);
/* Appends "; did you mean 'x'?" or "; one of: a, b, c" (no longer than an error may be); nothing when n is 0. */
void word_hint(struct str *s, const char *word, const char *const *words, size_t n);

#endif
