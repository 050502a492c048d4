/* main.c: finds the command, sets up signals, prints the error, checks that stdout was really written. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/app.h"
#include "cli/options.h"

static const struct command *const commands[] = {
    &cmd_run,     &cmd_new,    &cmd_agent, &cmd_load,      &cmd_watch,    &cmd_report,
    &cmd_compare, &cmd_verify, &cmd_audit, &cmd_export,    &cmd_import,   &cmd_doctor,
    &cmd_list,    &cmd_corpus, &cmd_stub,  &cmd_calibrate, &cmd_selftest,
};

enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static volatile sig_atomic_t interrupted; /* the one thing a signal handler may set */

static void on_signal(int number)
{
    (void)number;
    if (interrupted++) /* a second ^C means: now */
        _exit(130);
}

static void catch_signals(void)
{
    struct sigaction sa = {.sa_handler = on_signal};
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of write, which is told */
}

void print_help(const char *usage, const char *text, const struct option_row *rows, const char *example)
{
    struct str out = STR_INIT;
    str_addf(&out, "usage: %s\n\n%s\n", usage, text);
    if (rows && rows->name) {
        str_addz(&out, "\noptions:\n");
        options_help(rows, &out);
    }
    str_addf(&out, "\nexample:\n  %s\n", example);
    fputs(str_z(&out), stdout);
    str_release(&out);
}

static void print_commands(FILE *to)
{
    fputs("chimera: the benchmark lab for LLM agents and servers whose every number can be checked\n\n"
          "usage: chimera COMMAND [options]        chimera COMMAND --help\n\n",
          to);
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(to, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
    fputs(
        "\nexit codes: 0 ok, 1 a gate failed or a load is VOID, 2 usage or bad input, 3 environment, 70 a bug, 130 interrupted\n"
        "example:\n  chimera agent --scenario chimera_homo --runs 3 -o results/homo.db\n",
        to);
}

static const struct command *find_command(const char *name, struct err *e)
{
    const char *names[N_COMMANDS];
    for (int i = 0; i < N_COMMANDS; i++) {
        names[i] = commands[i]->name;
        if (strcmp(name, names[i]) == 0)
            return commands[i];
    }
    const char *near = word_suggest(name, names, N_COMMANDS);
    if (near)
        err_set(e, ERR_USAGE, "no command '%s'; did you mean '%s'?", name, near);
    else
        err_set(e, ERR_USAGE, "no command '%s'; `chimera help` lists them", name);
    return NULL;
}

static void quote_word(const char *word, struct str *out)
{
    if (*word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%")]) {
        str_addz(out, word);
        return;
    }
    str_addc(out, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            str_addz(out, "'\\''");
        else
            str_addc(out, *word);
    }
    str_addc(out, '\'');
}

/* The command as one line. A header given on the command line may be a secret, so its value is not kept. */
static void command_line(int argc, char **argv, struct str *out)
{
    str_addz(out, "chimera");
    for (int i = 1; i < argc; i++) {
        bool header = strcmp(argv[i - 1], "--header") == 0;
        const char *inline_header = strncmp(argv[i], "--header=", 9) == 0 ? "--header=..." : NULL;
        str_addc(out, ' ');
        quote_word(header ? "..." : inline_header ? inline_header : argv[i], out);
    }
}

static void find_self(struct str *out)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    if (n > 0)
        str_add(out, path, (size_t)n);
}

/* COLUMNS first: whoever sets it wants that width, in a pipe too. Narrower than 40 is no width for a table. */
static size_t columns_of(bool tty)
{
    enum { LEAST = 40, MOST = 1000 };
    const char *told = getenv("COLUMNS");
    char *end = NULL;
    long n = told && *told ? strtol(told, &end, 10) : 0;
    struct winsize size = {0};
    if (n <= 0 || *end)
        n = tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
    return n <= 0 ? 0 : n < LEAST ? LEAST : n > MOST ? MOST : (size_t)n;
}

static int run(int argc, char **argv, struct err *e)
{
    struct str self = STR_INIT, line = STR_INIT;
    struct app app = {0};
    const struct command *c = find_command(argv[1], e);
    if (!c)
        return e->code;
    find_self(&self);
    command_line(argc, argv, &line);
    const char *no_color = getenv("NO_COLOR");
    app.self_path = str_z(&self);
    app.command_line = str_z(&line);
    app.out_tty = isatty(STDOUT_FILENO) == 1;
    app.err_tty = isatty(STDERR_FILENO) == 1;
    app.color = app.out_tty && !(no_color && *no_color);
    app.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    app.columns = columns_of(app.out_tty);
    app.stop = &interrupted;
    int rc = c->run(&app, argc - 1, argv + 1, e);
    if (!rc && (fflush(stdout) != 0 || ferror(stdout)))
        rc = err_sys(e, ERR_IO, errno, "cannot write to the standard output");
    str_release(&self);
    str_release(&line);
    return rc;
}

int main(int argc, char **argv)
{
    struct err e = ERR_INIT;
    setlocale(LC_CTYPE, ""); /* only what characters are: numbers stay in the C locale */
    catch_signals();
    if (argc < 2) {
        print_commands(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        printf("chimera %s (commit %s, %s)\n", CHIMERA_VERSION, CHIMERA_COMMIT, CHIMERA_BUILD);
        return 0;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        if (argc > 2 && find_command(argv[2], &e)) {
            char *help[] = {argv[0], argv[2], (char *)(uintptr_t) "--help", NULL};
            return err_exit_status(run(3, help, &e));
        }
        print_commands(stdout);
        return 0;
    }
    int rc = run(argc, argv, &e);
    if (rc)
        fprintf(stderr, "chimera: %s\n", e.text[0] ? e.text : err_word(rc));
    return err_exit_status(rc);
}
