/* format: the file formats of the outside world, read with limits and written with escapes.
 *
 * Owns: JSON (over yyjson), CSV, YAML (over libyaml), escapes, text tables, GGUF metadata.
 * Must not know: what the values mean.
 *
 * json.h: a streaming writer into a struct str, and bounded reading on top of yyjson. Readers use yyjson's own API on
 * the document; json_read adds the limits (depth 64, size by the caller) and an error with line and column. */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

#include "base/err.h"
#include "base/str.h"

enum { JSON_MAX_DEPTH = 64 };

/* ---- writing ------------------------------------------------------------------------------------------------ */

struct json_writer {
    struct str *out;                 /* borrowed */
    bool comma[JSON_MAX_DEPTH + 1];  /* the next value at this depth needs a comma */
    bool object[JSON_MAX_DEPTH + 1]; /* this depth takes keys; misuse (a value without its key, …) is a bug */
    int depth;
    bool key_open; /* a key was written and waits for its value */
};

void json_init(struct json_writer *w, struct str *out);
void json_object(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array(struct json_writer *w);
void json_array_end(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_null(struct json_writer *w);
void json_bool(struct json_writer *w, bool v);
void json_int(struct json_writer *w, int64_t v);
void json_double(struct json_writer *w, double v); /* shortest text that reads back the same; NaN and inf are null */
void json_text(struct json_writer *w, const char *p, size_t n); /* invalid UTF-8 becomes U+FFFD */
void json_z(struct json_writer *w, const char *z);              /* NULL is null */
void json_raw(struct json_writer *w, const char *p, size_t n);  /* already JSON */

/* How many bytes from p stand for themselves in a string: ASCII without quotes, backslashes and control characters. */
size_t json_plain(const char *p, size_t n);

/* key and value in one call */
void json_kz(struct json_writer *w, const char *key, const char *z);
void json_kint(struct json_writer *w, const char *key, int64_t v);
void json_kdouble(struct json_writer *w, const char *key, double v);
void json_kbool(struct json_writer *w, const char *key, bool v);
void json_knull(struct json_writer *w, const char *key);

/* ---- reading ------------------------------------------------------------------------------------------------ */

/* Parses one document and checks its depth; NULL and *e on failure. The caller frees it with yyjson_doc_free.
 * With alc (a yyjson pool) nothing is allocated and the document dies with the pool's next use. */
yyjson_doc *json_read(const char *p, size_t n, const yyjson_alc *alc, struct err *e);
/* A text of our own, as a result file keeps it: NULL when there is none, or when it is no document. */
yyjson_doc *json_read_z(const char *z);
/* Value of obj.key when it is a number within int64 (a double is truncated), else dflt. */
int64_t json_get_int(yyjson_val *obj, const char *key, int64_t dflt);
double json_get_double(yyjson_val *obj, const char *key, double dflt);
/* Text of obj.key; SPAN_NONE when absent or not a string. Borrowed from the document. */
struct span json_get_text(yyjson_val *obj, const char *key);
bool json_get_bool(yyjson_val *obj, const char *key, bool dflt);
/* Whether the bytes are one JSON number (RFC 8259, section 6) within the range of a double. */
bool json_is_number(struct span s);

#endif
