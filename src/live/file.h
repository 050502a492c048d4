/* file.h: fills the view from a result file that another process may be writing. */
#ifndef LIVE_FILE_H
#define LIVE_FILE_H

#include "base/arena.h"
#include "live/pulse.h"

struct live_file {
    const char *path;   /* borrowed */
    struct arena arena; /* of the last look */
    struct course course;
    struct pulse pulse;
    int64_t run_id, last_request; /* of the run in progress: what the pulse holds; 0: none */
};

/* Adds to the course what the study's text asks of its arms, as far as it can be understood; `source` may be anything. */
typedef void live_ask_fn(struct course *c, const char *source);

struct live_file *live_file_new(const char *path);
void live_file_free(struct live_file *f); /* NULL is fine */
/* Opens the file, reads what is new, closes it: a writer that ends finds nobody in its way. The view's names live until
 * the next look. */
int live_file_look(struct live_file *f, live_ask_fn *ask, struct live_view *v, struct err *e);

#endif
