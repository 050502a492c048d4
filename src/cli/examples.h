/* examples.h: the studies that the program knows by name, and the folder of examples that belongs to them. */
#ifndef CLI_EXAMPLES_H
#define CLI_EXAMPLES_H

#include "cli/app.h"
#include "study/study.h"

/* Appends the path of a folder of examples/, seen from the current folder or from the program's; false: there is none, and
 * out is as it was. */
bool find_example(const struct app *app, const char *folder, struct str *out);

/* Name of the i-th built-in study; NULL behind the last. */
const char *example_study_at(size_t i);

/* A study file, or a built-in study by its name. ERR_NOTFOUND suggests. c may be NULL. */
int read_study(const struct app *app, struct study *s, const char *file_or_name, const struct study_changes *c,
               struct err *e);

#endif
