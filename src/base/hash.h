/* SHA-256, by libcrypto: of bytes, of a file, and of a growing message. Hex is 64 lower-case digits and a NUL. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>

#include "base/err.h"

#define SHA256_HEX 65

void sha256_hex(const void *p, size_t n, char hex[SHA256_HEX]);
/* *bytes (may be NULL) receives the size. */
int sha256_file(const char *path, char hex[SHA256_HEX], long long *bytes, struct err *e);

struct sha256;
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *h, const void *p, size_t n);
void sha256_done(struct sha256 *h, char hex[SHA256_HEX]); /* frees h */

#endif
