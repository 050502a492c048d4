/* terminal.c: see terminal.h. */
#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "live/screen.h"

bool terminal_can_repaint(int fd)
{
    const char *term = getenv("TERM");
    return isatty(fd) == 1 && !(term && strcmp(term, "dumb") == 0);
}

bool terminal_may_color(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    return terminal_can_repaint(fd) && !(no_color && *no_color);
}

void terminal_measure(int fd, struct live_style *style)
{
    struct winsize size = {0};
    if (ioctl(fd, TIOCGWINSZ, &size) != 0)
        return;
    style->columns = size.ws_col ? size.ws_col : 80;
    style->rows = size.ws_row > 1 && size.ws_row <= SCREEN_LINES ? size.ws_row - 1u : SCREEN_LINES;
}
