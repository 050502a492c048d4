/* cli: the command line: parse, call one function of a room, print. The only room that prints or exits.
 *
 * Owns: the table of commands, options and help, progress on stderr, signals, exit codes.
 * Must not know: how anything is done.
 *
 * To add a command: one file cmd_NAME.c with one `const struct command`, one row in commands[] of main.c. stdout is the
 * result, stderr the progress; a command fills *e and returns its code, main prints it and exits. */
#ifndef CLI_APP_H
#define CLI_APP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct app {
    const char *self_path;    /* of the running program */
    const char *command_line; /* as typed, quoted for a shell; secrets are never options */
    bool out_tty, err_tty;    /* stdout, stderr is a terminal */
    bool color;               /* stdout may have colour: a terminal, and NO_COLOR is not set */
    bool utf8;                /* the locale's encoding */
    size_t columns;           /* of stdout: what COLUMNS says, or the terminal; 0: neither does */
    const volatile int *stop; /* becomes 1 at SIGINT or SIGTERM */
};

struct command {
    const char *name;
    const char *summary; /* one line of `chimera help` */
    int (*run)(struct app *app, int argc, char **argv, struct err *e);
};

/* Prints usage, options and example when help was asked for. */
struct option_row;
void print_help(const char *usage, const char *text, const struct option_row *rows, const char *example);

extern const struct command cmd_run, cmd_agent, cmd_load, cmd_report, cmd_export, cmd_doctor, cmd_list, cmd_corpus,
    cmd_stub, cmd_watch, cmd_calibrate, cmd_compare, cmd_verify, cmd_selftest, cmd_import, cmd_audit, cmd_new;

#endif
