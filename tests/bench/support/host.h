/* What every benchmark needs of its host: cores, child processes, CPU time, quantiles. Failures end the program. */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

_Noreturn void give_up(const char *what); /* with errno's text */
int last_core(void);
void pin(int core);
/* First in line on its core where the host allows it: for the reference side only, whose clock reading and send() must not
 * be torn apart by other processes. */
void go_first(void);

/* A child that dies with us. */
pid_t start_child(void (*run)(void *user), void *user);
void stop_child(pid_t pid);
/* Burns `core` at normal priority. */
pid_t start_hog(int core);

double cpu_s(void); /* of this process so far, in seconds */

void sort_ns(int64_t *v, size_t n);
int64_t quantile_ns(const int64_t *sorted, size_t n, double p);
double median_of(double *v, size_t n); /* sorts */
/* "1.23", or "1.23 (missed)" behind a limit; `most` says on which side. Returns 1 when missed. */
int print_against(const char *what, double value, double limit, int most);

#endif
