/* Writing a request body: JSON whose members the caller may override with an object of his own. Private to
 * backend/.
 *
 * A member that the caller's object has is not written by us; all of his members follow at the end. One
 * inner object ("options") is merged in the same way. */
#ifndef BACKEND_BODY_H
#define BACKEND_BODY_H

#include "backend/backend.h"
#include "format/json.h"

struct body {
    struct json_writer w;
    yyjson_doc *extra;  /* owned; NULL */
    yyjson_val *over;   /* the overriding object at this depth; NULL */
    const char *merged; /* the inner object that was merged already */
};

/* extra_json may be NULL; ERR_INPUT when it is not an object or tries to set `stream`, which decides how
 * we read. */
int body_begin(struct body *b, struct str *out, const char *extra_json, struct err *e);
void body_end(struct body *b);                  /* closes the object, frees */
bool body_key(struct body *b, const char *key); /* false: overridden, write no value */
void body_z(struct body *b, const char *key, const char *z);
void body_bool(struct body *b, const char *key, bool v);
bool body_inner(struct body *b, const char *key); /* opens an inner object; false: overridden by something else */
void body_inner_end(struct body *b);
void body_messages(struct body *b, const struct ask *ask);
/* Writes option i as key when it is set and the dialect can express it (mask). */
void body_option(struct body *b, const struct options *o, unsigned mask, enum option_bit_index i, const char *key);
void body_engine_stamps(struct body *b, const struct ask *ask);

/* Names of the options set outside mask, and "system" where it would be lost. */
void body_not_applied(const struct ask *ask, unsigned mask, struct str *out);

#endif
