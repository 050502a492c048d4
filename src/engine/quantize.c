/* quantize.c: see quantize.h. */
#include "engine/quantize.h"

#include <errno.h>
#include <llama.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

static const struct {
    const char *word;
    enum llama_ftype type;
} types[] = {
    {"q4_0", LLAMA_FTYPE_MOSTLY_Q4_0},     {"q4_1", LLAMA_FTYPE_MOSTLY_Q4_1}, {"q5_0", LLAMA_FTYPE_MOSTLY_Q5_0},
    {"q5_1", LLAMA_FTYPE_MOSTLY_Q5_1},     {"q8_0", LLAMA_FTYPE_MOSTLY_Q8_0}, {"q4_k_m", LLAMA_FTYPE_MOSTLY_Q4_K_M},
    {"q5_k_m", LLAMA_FTYPE_MOSTLY_Q5_K_M}, {"q6_k", LLAMA_FTYPE_MOSTLY_Q6_K}, {"f16", LLAMA_FTYPE_MOSTLY_F16},
};
enum { N_TYPES = sizeof types / sizeof types[0] };

static int find_type(const char *word, enum llama_ftype *out, struct err *e)
{
    const char *names[N_TYPES];
    for (size_t i = 0; i < N_TYPES; i++) {
        names[i] = types[i].word;
        if (strcmp(types[i].word, word) == 0) {
            *out = types[i].type;
            return 0;
        }
    }
    const char *near = word_suggest(word, names, N_TYPES);
    return err_set(e, ERR_USAGE, "--quantize: no type '%s'; %s%s", word,
                   near ? "did you mean " : "there are q4_0, q4_1, q5_0, q5_1, q8_0, q4_k_m, q5_k_m, q6_k and f16",
                   near ? near : "");
}

int quantize_file(const char *in, const char *out, const char *type, int threads, struct err *e)
{
    struct llama_model_quantize_params p = llama_model_quantize_default_params();
    struct str part = STR_INIT;
    int rc = find_type(type, &p.ftype, e);
    if (!rc && !out)
        rc = err_set(e, ERR_USAGE, "--quantize needs --output FILE");
    if (!rc && file_exists(out))
        rc = err_set(e, ERR_REFUSED, "%s is there already", out);
    if (rc)
        return rc;
    p.nthread = threads;
    p.allow_requantize = true;
    str_addf(&part, "%s.%ld.part", out, (long)getpid());
    if (llama_model_quantize(in, str_z(&part), &p) != 0)
        rc = err_set(e, ERR_INPUT, "%s can not be quantised to %s: libllama says why with --log-level info", in, type);
    else if (rename(str_z(&part), out) != 0)
        rc = err_sys(e, ERR_IO, errno, "cannot write %s", out);
    if (rc)
        unlink(str_z(&part));
    str_release(&part);
    return rc;
}
