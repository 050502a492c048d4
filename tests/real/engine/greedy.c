/* The reference for greedy decoding: the shortest program over libllama that generates. Usage: greedy GGML_DIR MODEL
 * N_CTX N_TOKENS < file of prompts, one a line, each a list of token ids; prints the generated ids, a line per prompt. */
#include <llama.h>
#include <stdio.h>
#include <stdlib.h>

static void quiet(enum ggml_log_level level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    llama_log_set(quiet, NULL);
    ggml_backend_load_all_from_path(argv[1]);
    struct llama_model *model = llama_model_load_from_file(argv[2], llama_model_default_params());
    struct llama_context_params p = llama_context_default_params();
    p.n_ctx = (uint32_t)atoi(argv[3]);
    p.n_batch = 512;
    p.n_threads = p.n_threads_batch = 1;
    struct llama_context *ctx = model ? llama_init_from_model(model, p) : NULL;
    struct llama_sampler *greedy = llama_sampler_init_greedy();
    static char line[1 << 20];
    static llama_token prompt[8192];
    while (ctx && fgets(line, sizeof line, stdin)) {
        int n = 0;
        for (char *at = line, *end; n < 8192; at = end, n++) {
            prompt[n] = (llama_token)strtol(at, &end, 10);
            if (end == at)
                break;
        }
        llama_memory_clear(llama_get_memory(ctx), true);
        struct llama_batch batch = llama_batch_get_one(prompt, n);
        llama_token token;
        for (int i = 0; i < atoi(argv[4]) && llama_decode(ctx, batch) == 0; i++) {
            token = llama_sampler_sample(greedy, ctx, -1);
            printf("%d ", token);
            if (llama_vocab_is_eog(llama_model_get_vocab(model), token))
                break;
            batch = llama_batch_get_one(&token, 1);
        }
        printf("\n");
    }
    llama_sampler_free(greedy);
    llama_free(ctx);
    llama_model_free(model);
    return ctx ? 0 : 3;
}
