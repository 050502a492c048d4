/* quantised.c: "smollm2-135m:q8_0" is the model smollm2-135m with other weights: chimera-engine writes them into the cache when
 * they are first asked for. What they were made from is quantised already, so their speed is comparable, their quality only
 * downwards; the file's digest goes into every result. */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "server/kinds.h"

static const char *const types[] = {"q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q4_k_m", "q5_k_m", "q6_k", "f16"};

static bool is_type(const char *word)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i], word) == 0)
            return true;
    return false;
}

static int make(struct server *s, const char *from, const char *to, const char *type, struct err *e)
{
    struct str engine = STR_INIT, log = STR_INIT, text = STR_INIT;
    struct proc p;
    int rc = server_find_engine(s, &engine, e);
    str_addf(&log, "%s/quantise.log", s->place.work_dir);
    const char *const argv[] = {str_z(&engine), "-m", from, "--quantize", type, "--output", to, NULL};
    struct proc_spec spec = {.argv = argv, .log_path = str_z(&log)};
    if (!rc && s->place.say) {
        str_addf(&text, "writing %s with %s weights, once", path_base(from), type);
        s->place.say(s->place.user, str_z(&text));
    }
    if (!rc && (rc = proc_start(&p, &spec, e)) == 0) {
        while (proc_running(&p) && !(s->place.stop && *s->place.stop))
            usleep(2000);
        proc_stop(&p, 0);
        str_clear(&text);
        file_read(str_z(&log), 1 << 16, &text, NULL);
        if (s->place.stop && *s->place.stop)
            rc = err_set(e, ERR_INTERRUPTED, "interrupted");
        else if (!file_exists(to)) /* another process may have written it meanwhile: then it is there */
            rc = err_set(e, ERR_SERVER, "chimera-engine could not write %s: %.300s", to, str_z(&text));
    }
    str_release(&engine);
    str_release(&log);
    str_release(&text);
    return rc;
}

int server_find_model(struct server *s, const char *model, struct str *path, struct err *e)
{
    const char *type = strrchr(model, ':');
    struct str base = STR_INIT, from = STR_INIT;
    int rc = type && is_type(type + 1) ? 0 : ERR_NOTFOUND;
    if (!rc) {
        str_add(&base, model, (size_t)(type - model));
        rc = server_model_path(str_z(&base), &from, NULL);
    }
    if (rc) { /* an ordinary name, or a file, or a tag of another's registry */
        rc = server_model_path(model, path, e);
    } else {
        server_deps_dir(path);
        str_addf(path, "/models/%s.%s.gguf", path_base(str_z(&base)), type + 1);
        rc = file_exists(str_z(path)) ? 0 : make(s, str_z(&from), str_z(path), type + 1, e);
    }
    str_release(&base);
    str_release(&from);
    return rc;
}
