/* calibration.c: see calibration.h. */
#include "study/calibration.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "format/json.h"

#define CALIBRATION "calibration.json"
#define NOISE "aa.json"

enum { MAX_BYTES = 1 << 20 };

void calibration_dir(struct str *out)
{
    path_state(out);
}

static void file_path(const char *name, struct str *out)
{
    path_state(out);
    str_addf(out, "/%s", name);
}

static int write_file(const char *name, const struct str *json, struct err *e)
{
    struct str path = STR_INIT, dir = STR_INIT;
    calibration_dir(&dir);
    file_path(name, &path);
    int rc = dir_make(str_z(&dir), e);
    if (!rc)
        rc = file_write(str_z(&path), json->at, json->len, e);
    str_release(&dir);
    str_release(&path);
    return rc;
}

int calibration_write(const struct str *json, struct err *e)
{
    return write_file(CALIBRATION, json, e);
}

int calibration_write_noise(const struct str *json, struct err *e)
{
    return write_file(NOISE, json, e);
}

void calibration_read_noise(struct str *json)
{
    struct str path = STR_INIT;
    file_path(NOISE, &path);
    file_read(str_z(&path), MAX_BYTES, json, NULL);
    str_release(&path);
}

bool calibration_find(const char *stratum, struct calibration *c, struct str *json)
{
    struct str path = STR_INIT;
    bool found = false;
    file_path(CALIBRATION, &path);
    yyjson_doc *doc = file_read(str_z(&path), MAX_BYTES, json, NULL) ? NULL
                                                                     : json_read(json->at, json->len, NULL, NULL);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    if (root && span_eq_z(json_get_text(root, "stratum"), stratum)) {
        snprintf(c->stratum, sizeof c->stratum, "%s", stratum);
        c->chunks_per_s = json_get_double(root, "chunks_per_s", NAN);
        c->requests_per_s = json_get_double(root, "requests_per_s", NAN);
        found = true;
    }
    yyjson_doc_free(doc);
    str_release(&path);
    return found;
}
