/* file.h: fills the view from a result file that another process may be writing. */
#ifndef LIVE_FILE_H
#define LIVE_FILE_H

#include "base/err.h"
#include "live/view.h"

/* Adds to the course what the study's text asks of its arms, as far as it can be understood; `source` may be anything, NULL too. */
typedef void live_ask_fn(void *user, struct course *c, const char *source);

struct live_file;
struct live_file *live_file_new(const char *path, live_ask_fn *ask, void *user); /* borrowed */
void live_file_free(struct live_file *f);                                        /* NULL is fine */
/* Opens the file, reads what is new, closes it: a writer that ends finds nobody in its way. The view's names live until
 * the next look. */
int live_file_look(struct live_file *f, struct live_view *v, struct err *e);

#endif
