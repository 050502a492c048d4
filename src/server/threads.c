/* threads.c: cores are a budget. Two default servers on two cores spin against each other until nothing finishes, so
 * whoever starts several divides the cores first. */
#include "server/server.h"

#include <string.h>

bool server_spec_is_managed(const struct server_spec *s)
{
    return !s->kind || strncmp(s->kind, "cmd:", 4) == 0 || !strstr(s->kind, "://");
}

int servers_divide_threads(struct server_spec *specs, size_t n, int cores, bool oversubscribe, struct err *e)
{
    int64_t open = 0, taken = 0, count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!server_spec_is_managed(&specs[i]))
            continue;
        if (specs[i].threads < 0 || specs[i].threads > 4096)
            return err_set(e, ERR_INPUT, "server '%s': threads is %lld, it must be 0 to 4096", specs[i].name,
                           (long long)specs[i].threads);
        count++;
        taken += specs[i].threads;
        open += specs[i].threads == 0;
    }
    /* An uneven division leaves cores idle rather than making two servers unequal. */
    int64_t share = open && cores - taken >= open ? (cores - taken) / open : 1;
    int64_t total = taken + share * open;
    if (total > cores && !oversubscribe)
        return err_set(e, ERR_REFUSED,
                       "%lld servers would use %lld threads on %d core%s: their threads would spin against each other "
                       "(give fewer servers or threads, or ask for it with oversubscribe)",
                       (long long)count, (long long)total, cores, cores == 1 ? "" : "s");
    for (size_t i = 0; i < n; i++)
        if (server_spec_is_managed(&specs[i]) && specs[i].threads == 0)
            specs[i].threads = share;
    return 0;
}
