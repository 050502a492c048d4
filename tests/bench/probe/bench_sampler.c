/* What sampling costs: CPU time per sample and per second at the default cadence, while watching a process with 24
 * threads and one child, as Ollama has. Target: 2 ms of CPU per second. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/sampler.h"

static void *sleep_for_ever(void *arg)
{
    for (;;)
        pause();
    return arg;
}

static pid_t start_server(void)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    setpgid(0, 0);
    for (int i = 0; i < 23; i++) {
        pthread_t t;
        pthread_create(&t, NULL, sleep_for_ever, NULL);
    }
    if (fork() == 0)
        pause();
    pause();
    _exit(0);
}

static void drop(void *user, mono_ns t, const char *json, size_t n)
{
    (void)t;
    (void)json;
    *(size_t *)user += n;
}

int main(void)
{
    enum { SAMPLES = 2000 };
    size_t bytes = 0;
    struct sampler *s;
    struct health h;
    struct sampler_server servers[2] = {{"a", start_server()}, {"b", start_server()}};
    struct sampler_spec spec = {"", servers, 2, 200 * NS_PER_MS, drop, &bytes};
    usleep(100000);
    if (sampler_new(&s, &spec, NULL))
        return 1;
    sampler_start(s, 0);
    for (int i = 1; i < SAMPLES; i++) /* the clock is ours: 200 ms pass between two calls */
        sampler_tick(s, i * 200 * NS_PER_MS);
    sampler_stop(s, SAMPLES * 200 * NS_PER_MS, &h);
    double us = (double)sampler_cost_ns(s) / 1e3 / (double)h.samples;
    printf("sample            %8.1f us of CPU, %zu bytes\n", us, bytes / (size_t)h.samples);
    printf("per second        %8.3f ms of CPU at 5 samples a second (target 2)\n", us * 5 / 1e3);
    sampler_free(s);
    for (int i = 0; i < 2; i++) {
        kill(-servers[i].pid, SIGKILL);
        waitpid(servers[i].pid, NULL, 0);
    }
    return 0;
}
