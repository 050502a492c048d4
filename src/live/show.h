/* show.h: the thread that shows the view of a run in progress: on a terminal it repaints a few lines, elsewhere it writes
 * a line now and then within a long run. It only gets idle CPU time, so that it takes none from what is measured. */
#ifndef LIVE_SHOW_H
#define LIVE_SHOW_H

#include "live/view.h"

#define SHOW_REPAINT_NS 100000000LL /* at most so often */
#define SHOW_LINE_NS 10000000000LL  /* where there is no terminal */

struct show_spec {
    /* The view now, in the show's thread; what its pointers point to must outlive the show. */
    void (*fill)(void *user, struct live_view *v);
    /* Sets columns and rows of the terminal as it is now. NULL: no terminal. */
    void (*measure)(void *user, struct live_style *style);
    /* Any thread that uses the show, one at a time. */
    void (*write)(void *user, const char *bytes, size_t n);
    void *user;
    struct live_style style; /* its colour and alphabet */
};

struct show;
struct show *show_start(const struct show_spec *spec);
/* A line that stays; without its end, any bytes. Any thread. */
void show_say(struct show *s, const char *line);
/* Removes the view, writes what was said and ends the thread. NULL is fine. */
void show_stop(struct show *s);
/* CPU time of the thread so far. */
int64_t show_cpu_ns(const struct show *s);

#endif
