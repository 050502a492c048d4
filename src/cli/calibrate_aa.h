/* calibrate_aa.h: chimera calibrate --aa SERVER: the same server against itself. */
#ifndef CLI_CALIBRATE_AA_H
#define CLI_CALIBRATE_AA_H

#include <stdint.h>

#include "cli/app.h"

struct aa_flags {
    const char *server, *model; /* model NULL: the server's */
    int64_t runs, concurrency, requests;
};

/* Runs it, keeps the noise floor (report/noise.h) in the result file and beside the calibration, prints it. output NULL: aa.db
 * there. */
int calibrate_aa(struct app *app, const struct aa_flags *f, const char *output, bool json, bool quiet, struct err *e);

#endif
