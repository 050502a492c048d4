/* stamp.c: see stamp.h. */
#include "net/stamp.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#define RX_FLAGS (SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE)

/* Room for the stamp, and beside it, from the error queue, the extended error with the offender's address. */
union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(struct scm_timestamping)) +
               CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6)) + 64];
};

static int set_flags(int fd, unsigned flags)
{
    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) ? errno : 0;
}

int stamp_enable_rx(int fd)
{
    return set_flags(fd, RX_FLAGS);
}

int stamp_enable(int fd)
{
    return set_flags(fd, RX_FLAGS | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY);
}

static int64_t stamp_of(const struct cmsghdr *c)
{
    struct scm_timestamping t;
    memcpy(&t, CMSG_DATA(c), sizeof t);
    return (int64_t)t.ts[0].tv_sec * NS_PER_S + t.ts[0].tv_nsec;
}

ssize_t stamp_recv(int fd, void *buf, size_t cap, int64_t *realtime_ns)
{
    union control control;
    struct iovec iov = {.iov_base = buf, .iov_len = cap};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);
    *realtime_ns = 0;
    if (n <= 0)
        return n;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING)
            *realtime_ns = stamp_of(c);
    return n;
}

ssize_t stamp_send(int fd, const struct span part[2], unsigned kinds)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(uint32_t))];
    } control = {0};
    struct iovec iov[2] = {{(void *)(uintptr_t)part[0].at, part[0].len}, {(void *)(uintptr_t)part[1].at, part[1].len}};
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};
    if (kinds) {
        uint32_t flags = (kinds & STAMP_SENT ? (uint32_t)SOF_TIMESTAMPING_TX_SOFTWARE : 0) |
                         (kinds & STAMP_ACKED ? (uint32_t)SOF_TIMESTAMPING_TX_ACK : 0);
        m.msg_control = &control;
        m.msg_controllen = sizeof control;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SO_TIMESTAMPING;
        c->cmsg_len = CMSG_LEN(sizeof flags);
        memcpy(CMSG_DATA(c), &flags, sizeof flags);
    }
    return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void read_extended(const struct cmsghdr *c, struct tx_stamp *out)
{
    struct sock_extended_err ee;
    memcpy(&ee, CMSG_DATA(c), sizeof ee);
    if (ee.ee_origin != SO_EE_ORIGIN_TIMESTAMPING)
        return;
    out->byte = ee.ee_data;
    if (ee.ee_info == SCM_TSTAMP_SND)
        out->kind = STAMP_SENT;
    else if (ee.ee_info == SCM_TSTAMP_ACK)
        out->kind = STAMP_ACKED;
}

bool stamp_read_error_queue(int fd, struct tx_stamp *out)
{
    union control control;
    char none;
    struct iovec iov = {.iov_base = &none, .iov_len = 0};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    *out = (struct tx_stamp){0};
    if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
        return false;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING)
            out->realtime_ns = stamp_of(c);
        else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
                 (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
            read_extended(c, out);
    }
    return true;
}

int64_t offset_value(const struct offset_track *o)
{
    return o->lo + (o->hi - o->lo) / 2;
}

int64_t offset_add(struct offset_track *o, int64_t sample, int64_t width_ns)
{
    int64_t lo = sample - width_ns / 2 - 1, hi = sample + width_ns / 2 + 1; /* ±1: halves and ns are rounded */
    int64_t step = 0;
    if (o->known && lo <= o->hi && hi >= o->lo) {
        o->lo = lo > o->lo ? lo : o->lo;
        o->hi = hi < o->hi ? hi : o->hi;
        return 0;
    }
    if (o->known) {
        int64_t jump = sample - offset_value(o);
        if (jump > OFFSET_STEP_NS || jump < -OFFSET_STEP_NS)
            step = jump;
    }
    *o = (struct offset_track){.lo = lo, .hi = hi, .known = true};
    return step;
}
