/* calibration.h: what `chimera calibrate` found out about this host, kept between commands so that loads can be judged by it.
 * One file for each user: ${XDG_STATE_HOME:-~/.local/state}/chimera/calibration.json. */
#ifndef STUDY_CALIBRATION_H
#define STUDY_CALIBRATION_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct calibration {
    char stratum[65];    /* hash of the host's facts: it holds for no other host */
    double chunks_per_s; /* ceilings of one loop thread: the highest rates at which nothing waited; NaN: none was */
    double requests_per_s;
};

/* Appends the path of the folder that holds it. */
void calibration_dir(struct str *out);
/* json: the whole object, which names the members of c as they are here. */
int calibration_write(const struct str *json, struct err *e);
/* Fills *c and json (the object as it stands there) when there is one for this stratum; else false. */
bool calibration_find(const char *stratum, struct calibration *c, struct str *json);

/* aa.json beside it: what `chimera calibrate --aa` found of servers (report/noise.h). Appends the text; nothing when there is
 * none. */
void calibration_read_noise(struct str *json);
int calibration_write_noise(const struct str *json, struct err *e);

#endif
