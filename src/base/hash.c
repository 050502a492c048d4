/* hash.c: the low-level SHA256_* calls of libcrypto, because the EVP ones load providers and a configuration file at
 * start (about 2 ms and 1 MB that a small client must not pay). See hash.h. */
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <unistd.h>

struct sha256 {
    SHA256_CTX ctx;
};

static void to_hex(const unsigned char digest[SHA256_DIGEST_LENGTH], char hex[SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < SHA256_DIGEST_LENGTH; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * SHA256_DIGEST_LENGTH] = 0;
}

struct sha256 *sha256_new(void)
{
    struct sha256 *h = xmalloc(sizeof *h);
    SHA256_Init(&h->ctx);
    return h;
}

void sha256_add(struct sha256 *h, const void *p, size_t n)
{
    SHA256_Update(&h->ctx, p, n);
}

void sha256_done(struct sha256 *h, char hex[SHA256_HEX])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_Final(digest, &h->ctx);
    to_hex(digest, hex);
    free(h);
}

void sha256_hex(const void *p, size_t n, char hex[SHA256_HEX])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_CTX ctx;
    SHA256_Init(&ctx);
    SHA256_Update(&ctx, p, n);
    SHA256_Final(digest, &ctx);
    to_hex(digest, hex);
}

int sha256_file(const char *path, char hex[SHA256_HEX], long long *bytes, struct err *e)
{
    enum { CHUNK = 256 * 1024 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, ERR_IO, errno, "cannot open %s", path);
    struct sha256 *h = sha256_new();
    char *buf = xmalloc(CHUNK);
    long long total = 0;
    ssize_t n;
    int sys = 0;
    while ((n = read(fd, buf, CHUNK)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            sys = errno;
            break;
        }
        sha256_add(h, buf, (size_t)n);
        total += n;
    }
    sha256_done(h, hex);
    free(buf);
    close(fd);
    if (sys)
        return err_sys(e, ERR_IO, sys, "cannot read %s", path);
    if (bytes)
        *bytes = total;
    return 0;
}
