#include "cli/app.h"
static int run(struct app *app, int argc, char **argv, struct err *e)
{
    (void)app; (void)argc; (void)argv; (void)e;
    return 0;
}
const struct command cmd_verify = {"verify", "recompute", run};
