/* models.c: the names that `--model` knows: pinned GGUF files that tools/deps fetches, and any *.gguf beside them. */
#include "server/kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static const struct server_model_row rows[] = {
    {"smollm2-135m", "smollm2-135m.gguf", "SmolLM2-135M-Instruct Q4_1, Apache-2.0; the default"},
    {"gemma3-270m", "gemma3-270m.gguf", "gemma-3-270m Q4_K_M, Gemma terms; a base model: completion only"},
};

enum { ROW_COUNT = sizeof rows / sizeof *rows };

const struct server_model_row *server_model_at(size_t i)
{
    return i < ROW_COUNT ? &rows[i] : NULL;
}

void server_deps_dir(struct str *out)
{
    const char *deps = getenv("CHIMERA_DEPS");
    if (deps && deps[0])
        str_addz(out, deps);
    else
        path_cache(out);
}

static int unknown(const char *model, const char *dir, struct err *e)
{
    const char *names[ROW_COUNT];
    for (size_t i = 0; i < ROW_COUNT; i++)
        names[i] = rows[i].name;
    const char *near = word_suggest(model, names, ROW_COUNT);
    if (strchr(model, '/') || (strlen(model) > 5 && strcmp(model + strlen(model) - 5, ".gguf") == 0))
        return err_set(e, ERR_NOTFOUND, "there is no model file %s", model);
    return err_set(e, ERR_NOTFOUND,
                   "no model '%s'%s%s%s (known: smollm2-135m, gemma3-270m, any NAME.gguf in %s, or a path)", model,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "", dir);
}

static int check_magic(const char *path, struct err *e)
{
    char magic[4] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, ERR_IO, errno, "cannot open %s", path);
    ssize_t n = read(fd, magic, sizeof magic);
    close(fd);
    return n == 4 && memcmp(magic, "GGUF", 4) == 0 ? 0 : err_set(e, ERR_INPUT, "%s is not a GGUF file", path);
}

int server_model_path(const char *model, struct str *path, struct err *e)
{
    if (!model || !model[0])
        return err_set(e, ERR_USAGE, "the model is missing: --model takes a GGUF file or a name");
    if (file_exists(model)) {
        str_addz(path, model);
        return check_magic(model, e);
    }
    struct str dir = STR_INIT, file = STR_INIT;
    int rc = 0;
    server_deps_dir(&dir);
    str_addz(&dir, "/models");
    str_addf(&file, "%s/%s.gguf", dir.at, model);
    if (!strchr(model, '/') && file_exists(file.at)) {
        str_add(path, file.at, file.len);
        rc = check_magic(file.at, e);
        goto out;
    }
    for (size_t i = 0; !rc && i < ROW_COUNT; i++)
        if (strcmp(rows[i].name, model) == 0)
            rc = err_set(e, ERR_NOTFOUND, "the model '%s' is not in %s: run tools/deps%s", model, dir.at,
                         i == 0 ? "" : " --all");
    if (!rc)
        rc = unknown(model, dir.at, e);
out:
    str_release(&dir);
    str_release(&file);
    return rc;
}
