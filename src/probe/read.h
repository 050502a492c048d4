/* Inside probe/: small reads below a root, and a writer of flat JSON with the keys in the order they are given. */
#ifndef PROBE_READ_H
#define PROBE_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Reads at most cap-1 bytes of root/path; NUL-terminated, trailing white space cut. False and "" when it cannot. */
bool read_text(const char *root, const char *path, char *out, size_t cap);
/* A decimal number alone in a file; dflt when it is not there. */
int64_t read_int(const char *root, const char *path, int64_t dflt);
/* The value of the line "key<blanks>:<blanks>value" in text, cut at the line's end; false when there is none. */
bool read_field(const char *text, const char *key, char *out, size_t cap);
/* All cores, from the first line of /proc/stat. Stolen time is in busy, too. */
struct cpu_ticks {
    int64_t busy, steal, total;
};
bool read_cpu_ticks(const char *stat, struct cpu_ticks *out);
bool read_exists(const char *root, const char *path);

void put_key(struct str *out, const char *key); /* opens the object when it is the first, else puts a comma */
void put_text(struct str *out, const char *key, const char *value); /* NULL and "" are null */
void put_int(struct str *out, const char *key, int64_t value);      /* below 0 is null */
void put_real(struct str *out, const char *key, double value);      /* NaN is null */
void put_string(struct str *out, const char *value);

#endif
