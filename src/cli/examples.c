/* examples.c: see examples.h. */
#include "cli/examples.h"

#include <string.h>

#include "base/file.h"
#include "study/builtin.h"

static const char studies[] = "studies/";

bool find_example(const struct app *app, const char *folder, struct str *out)
{
    static const char *const beside[] = {"../../examples/", "../share/chimera/"};
    struct str dir = STR_INIT, path = STR_INIT;
    path_dir(&dir, app->self_path);
    str_addf(&path, "examples/%s", folder);
    for (size_t i = 0; i < 2 && !dir_exists(str_z(&path)); i++) {
        str_clear(&path);
        str_addf(&path, "%s/%s%s", str_z(&dir), beside[i], folder);
    }
    bool found = dir_exists(str_z(&path));
    if (found)
        str_addz(out, str_z(&path));
    str_release(&dir);
    str_release(&path);
    return found;
}

const char *example_study_at(size_t i)
{
    for (const struct study_text *t = study_texts; t->name; t++)
        if (strncmp(t->name, studies, sizeof studies - 1) == 0 && i-- == 0)
            return t->name + sizeof studies - 1;
    return NULL;
}

static int no_study(const char *name, struct err *e)
{
    const char *names[64];
    size_t n = 0;
    struct str hint = STR_INIT;
    if (dir_exists(name))
        return err_set(e, ERR_USAGE, "%s is a folder, not a study file", name);
    for (; n < 64 && example_study_at(n); n++)
        names[n] = example_study_at(n);
    word_hint(&hint, name, names, n);
    int rc = err_set(e, ERR_NOTFOUND, "cannot open %s: no such file, and no study of `chimera list studies`%s", name,
                     str_z(&hint));
    str_release(&hint);
    return rc;
}

int read_study(const struct app *app, struct study *s, const char *file_or_name, const struct study_changes *c,
               struct err *e)
{
    struct str name = STR_INIT, dir = STR_INIT;
    str_addf(&name, "%s%s", studies, file_or_name);
    const struct study_text *t = study_text_find(str_z(&name));
    int rc;
    if (file_exists(file_or_name)) {
        rc = study_read(s, file_or_name, c, e);
    } else if (t) {
        find_example(app, "studies", &dir);
        rc = study_parse_changed(s, file_or_name, str_z(&dir), t->text.at, t->text.len, c, e);
    } else {
        rc = no_study(file_or_name, e);
    }
    str_release(&name);
    str_release(&dir);
    return rc;
}
