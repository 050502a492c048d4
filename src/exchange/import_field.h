/* import_field.h: the members of a record as counts and times, for whoever makes runs of records; private to this room.
 * What a member leaves open (absent or null) leaves the value as it was; what is there and is none is ERR_INPUT. */
#ifndef EXCHANGE_IMPORT_FIELD_H
#define EXCHANGE_IMPORT_FIELD_H

#include "exchange/import.h"

/* A duration: a number from 0 to a year, in units of `unit_ns`. `name` is for the error. */
int value_ns(yyjson_val *v, const char *name, double unit_ns, int64_t *ns, struct err *e);
int value_count(yyjson_val *v, const char *name, int64_t *n, struct err *e);
/* The same of member `key` of obj. */
int field_ns(yyjson_val *obj, const char *key, double unit_ns, int64_t *ns, struct err *e);
int field_count(yyjson_val *obj, const char *key, int64_t *n, struct err *e);
/* A copy of a text member; NULL when it is none. */
const char *field_text(struct import_runs *out, yyjson_val *obj, const char *key);
yyjson_val *field_either(yyjson_val *obj, const char *key, const char *other);
yyjson_val *field_object(yyjson_val *obj, const char *key); /* NULL: no member that is an object */
/* RFC 3339 in UTC (Z or +00:00), from 2000 to 2100; false for anything else. */
bool field_wall_ns(const char *text, int64_t *ns);

#endif
