/* terminal.h: what the terminal behind a stream is like, now. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>

#include "live/view.h"

/* Whether lines can be painted again: a terminal, and not one that calls itself dumb. */
bool terminal_can_repaint(int fd);
bool terminal_may_color(int fd); /* such a one, and NO_COLOR is not set */
/* Sets columns and rows, of the view: one row stays free for the cursor. */
void terminal_measure(int fd, struct live_style *style);

#endif
