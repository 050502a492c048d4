/* host.c: see host.h. */
#include "host.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

void give_up(const char *what)
{
    perror(what);
    exit(3);
}

int last_core(void)
{
    return (int)sysconf(_SC_NPROCESSORS_ONLN) - 1;
}

void pin(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)core, &set);
    sched_setaffinity(0, sizeof set, &set);
}

void go_first(void)
{
    struct sched_param first = {.sched_priority = 1};
    if (sched_setscheduler(0, SCHED_FIFO, &first) && setpriority(PRIO_PROCESS, 0, -20))
        fprintf(stderr, "the server runs at normal priority: its own delays count as errors\n");
}

pid_t start_child(void (*run)(void *user), void *user)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        give_up("fork");
    if (pid)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    run(user);
    _exit(0);
}

void stop_child(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void burn(void *user)
{
    pin(*(int *)user);
    for (volatile unsigned n = 0;; n++)
        ;
}

pid_t start_hog(int core)
{
    return start_child(burn, &core);
}

double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void sort_ns(int64_t *v, size_t n)
{
    qsort(v, n, sizeof *v, by_size);
}

int64_t quantile_ns(const int64_t *sorted, size_t n, double p)
{
    size_t i = (size_t)(p * (double)n);
    return n ? sorted[i < n ? i : n - 1] : 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median_of(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_value);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

int print_against(const char *what, double value, double limit, int most)
{
    int missed = most ? value > limit : value < limit;
    printf("%s %.2f (%s %g%s)", what, value, most ? "at most" : "at least", limit, missed ? ": MISSED" : "");
    return missed;
}
