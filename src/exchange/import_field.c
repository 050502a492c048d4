/* import_field.c: see import_field.h. */
#include "exchange/import_field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format/json.h"

#define YEAR_NS 3.2e16 /* sums of some hundred stay within int64 */

int value_ns(yyjson_val *v, const char *name, double unit_ns, int64_t *ns, struct err *e)
{
    if (!v || yyjson_is_null(v))
        return 0;
    double value = yyjson_is_num(v) ? yyjson_get_num(v) * unit_ns : NAN;
    if (!(value >= 0 && value <= YEAR_NS))
        return err_set(e, ERR_INPUT, "%s is no duration", name);
    *ns = (int64_t)llround(value);
    return 0;
}

int value_count(yyjson_val *v, const char *name, int64_t *n, struct err *e)
{
    if (!v || yyjson_is_null(v))
        return 0;
    double value = yyjson_is_num(v) ? yyjson_get_num(v) : NAN;
    if (!(value >= 0 && value <= 1e15 && value == floor(value)))
        return err_set(e, ERR_INPUT, "%s is no count", name);
    *n = (int64_t)value;
    return 0;
}

int field_ns(yyjson_val *obj, const char *key, double unit_ns, int64_t *ns, struct err *e)
{
    return value_ns(yyjson_obj_get(obj, key), key, unit_ns, ns, e);
}

int field_count(yyjson_val *obj, const char *key, int64_t *n, struct err *e)
{
    return value_count(yyjson_obj_get(obj, key), key, n, e);
}

const char *field_text(struct import_runs *out, yyjson_val *obj, const char *key)
{
    struct span s = json_get_text(obj, key);
    return s.at ? arena_dup(out->arena, s.at, s.len) : NULL;
}

yyjson_val *field_either(yyjson_val *obj, const char *key, const char *other)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    return v && !yyjson_is_null(v) ? v : yyjson_obj_get(obj, other);
}

yyjson_val *field_object(yyjson_val *obj, const char *key)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    return yyjson_is_obj(v) ? v : NULL;
}

bool field_wall_ns(const char *text, int64_t *ns)
{
    struct tm tm = {0};
    char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    double fraction = 0;
    if (!rest || tm.tm_year < 100 || tm.tm_year > 200) /* 2000 to 2100 */
        return false;
    if (*rest == '.')
        fraction = strtod(rest, &rest);
    if (strcmp(rest, "Z") != 0 && strcmp(rest, "+00:00") != 0)
        return false;
    *ns = (int64_t)timegm(&tm) * NS_PER_S + (int64_t)llround(fraction * 1e9);
    return true;
}
