/* chimera corpus pin|show DIR */
#include <stdio.h>
#include <string.h>

#include "agent/corpus.h"
#include "cli/app.h"
#include "cli/options.h"

static int show(const char *dir, struct err *e)
{
    struct corpus c = {0};
    struct str json = STR_INIT;
    int rc = corpus_open(&c, dir, e);
    if (!rc) {
        corpus_json(&c, &json);
        puts(str_z(&json));
    }
    str_release(&json);
    corpus_release(&c);
    return rc;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    bool help = false;
    const struct option_row rows[] = {{0}};
    (void)app;
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help)
        print_help(
            "chimera corpus pin|show DIR",
            "A corpus is a folder that agents read, pinned by MANIFEST.sha256, so that a changed file is refused.\n"
            "pin writes the manifest; show checks it and prints the corpus as JSON.",
            rows, "chimera corpus pin my-files");
    else if (!rc && operands.n == 2 && strcmp(operands.at[0], "pin") == 0)
        rc = corpus_pin(operands.at[1], e);
    else if (!rc && operands.n == 2 && strcmp(operands.at[0], "show") == 0)
        rc = show(operands.at[1], e);
    else if (!rc)
        rc = err_set(e, ERR_USAGE, "chimera corpus pin DIR, or chimera corpus show DIR");
    text_list_release(&operands);
    return rc;
}

const struct command cmd_corpus = {"corpus", "pin or show a folder that agents read", run};
