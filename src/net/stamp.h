/* Kernel stamps of a TCP socket, and the offset that maps them to the monotonic clock.
 *
 * Facts this rests on (Documentation/networking/timestamping.rst of the kernel, and measured):
 * - A read carries the receive stamp of its LAST byte (Linux 4.14, commit 98aaa913b4ed), in CLOCK_REALTIME.
 * - The kernel turns receive stamping on asynchronously with the first socket that asks, and off with the last one
 *   that closes: the first reads may lack a stamp unless a warm socket is kept open.
 * - A send that asks for it by control message (Linux 4.6) leaves stamps in the error queue, one when the device
 *   took the last byte (SND) and one when the peer acknowledged it (ACK). OPT_ID numbers them by the stream offset
 *   of that byte, counted from the setsockopt; OPT_TSONLY leaves the payload out, which an unprivileged reader may
 *   always do.
 * - REALTIME − MONOTONIC changes only when the wall clock is set: both are slewed together
 *   (kernel/time/timekeeping.c, wall_to_monotonic). So every sample bounds one constant, and the intersection of
 *   the bounds is the estimate. */
#ifndef NET_STAMP_H
#define NET_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/str.h"

/* Receive stamps on. 0 or errno. */
int stamp_enable_rx(int fd);
/* Receive and transmit stamps on: once, when the connection stands and nothing was sent. 0 or errno. */
int stamp_enable(int fd);

/* recvmsg without waiting; *realtime_ns is the stamp of the last byte, 0 without one. As recvmsg otherwise. */
ssize_t stamp_recv(int fd, void *buf, size_t cap, int64_t *realtime_ns);
enum stamp_kind { STAMP_OTHER = 0, STAMP_SENT = 1u << 0, STAMP_ACKED = 1u << 1 };

/* sendmsg of two parts, the second of which may be empty, without waiting and without SIGPIPE; `kinds` of stamps (SENT,
 * ACKED, both or 0) are asked for the last byte. As sendmsg. */
ssize_t stamp_send(int fd, const struct span part[2], unsigned kinds);

struct tx_stamp {
    enum stamp_kind kind;
    uint32_t byte; /* stream offset of the byte, modulo 2^32 */
    int64_t realtime_ns;
};

/* Takes one message from the error queue: true when there was one. */
bool stamp_read_error_queue(int fd, struct tx_stamp *out);

/* What is known of REALTIME − MONOTONIC: it lies in [lo, hi]. Zero-initialised knows nothing. */
struct offset_track {
    int64_t lo, hi;
    bool known;
};

#define OFFSET_STEP_NS NS_PER_MS /* a contradiction above this is a step of the wall clock, below it is re-anchored */

/* Adds a sample (the middle of a sandwich of its width) and returns the step it revealed, 0 for none. */
int64_t offset_add(struct offset_track *o, int64_t sample, int64_t width_ns);
int64_t offset_value(const struct offset_track *o);

#endif
