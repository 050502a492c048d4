/* chimera stub: the reference server. Prints its URL, serves until SIGINT or SIGTERM, then says what it did. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/app.h"
#include "cli/options.h"
#include "format/json.h"
#include "load/limits.h"
#include "stub/player.h"
#include "stub/stub.h"

struct stub_flags {
    const char *listen, *first, *gap, *drift, *queue, *load, *case_file;
    int64_t slots, seed, core;
    struct text_list faults;
    struct stub_options o;
    struct fault_rule *rules; /* owned */
    char host[256];
    bool list, json;
};

/* "HOST:PORT", "[::1]:PORT", ":PORT" or "PORT". */
static int read_listen(struct stub_flags *f, struct err *e)
{
    const char *colon = strrchr(f->listen, ':'), *port = colon ? colon + 1 : f->listen;
    size_t n = colon ? (size_t)(colon - f->listen) : 0;
    const char *host = f->listen;
    if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
        host++;
        n -= 2;
    }
    char *end;
    long number = strtol(port, &end, 10);
    if (*port < '0' || *port > '9' || *end || number > 65535 || n >= sizeof f->host)
        return err_set(e, ERR_USAGE, "--listen %s: expected HOST:PORT such as 127.0.0.1:8080; port 0 takes a free one",
                       f->listen);
    memcpy(f->host, host, n);
    f->o.host = n ? f->host : NULL;
    f->o.port = (int)number;
    return 0;
}

static int read_law(const char *option, const char *text, struct law *out, struct err *e)
{
    int rc = text ? law_parse(out, text, e) : 0;
    if (rc)
        err_prefix(e, "--%s", option);
    return rc;
}

/* "1%/20": 1 % in 20 answers. */
static int read_drift(const char *text, double *out, struct err *e)
{
    char *end, *behind = NULL;
    double share = strtod(text, &end);
    bool percent = end != text && *end == '%';
    const char *rest = end + percent;
    double answers = *rest == '/' ? strtod(rest + 1, &behind) : 1;
    *out = share / (percent ? 100 : 1) / answers;
    if (end == text || *(behind ? behind : rest) || !(answers >= 1) || !(*out >= 0 && *out <= 1))
        return err_set(e, ERR_USAGE, "--drift %s: expected SHARE/ANSWERS such as 1%%/20 (1 %% slower in 20 answers)",
                       text);
    return 0;
}

static int read_rules(struct stub_flags *f, struct err *e)
{
    int rc = 0;
    f->rules = xcalloc(f->faults.n + 1, sizeof *f->rules);
    for (size_t i = 0; i < f->faults.n && !rc; i++)
        rc = fault_rule_parse(&f->rules[i], f->faults.at[i], e);
    f->o.rules = f->rules;
    f->o.n_rules = f->faults.n;
    return rc;
}

static int check_numbers(const struct stub_flags *f, struct err *e)
{
    if (f->o.tokens < 1 || f->o.tokens > 1000000)
        return err_set(e, ERR_USAGE, "--tokens takes 1 … 1000000");
    if (f->o.tokens_per_chunk < 1 || f->o.tokens_per_chunk > 10000)
        return err_set(e, ERR_USAGE, "--tokens-per-chunk takes 1 … 10000");
    if (!(f->o.prompt_rate >= 0))
        return err_set(e, ERR_USAGE, "--prompt-rate takes tokens a second");
    if (f->slots < 0 || f->slots > 1000000)
        return err_set(e, ERR_USAGE, "--slots takes 0 (no limit) … 1000000");
    if (f->o.num_ctx < 0 || f->o.num_ctx > 1000000000)
        return err_set(e, ERR_USAGE, "--num-ctx takes 1 … 1000000000 tokens");
    return 0;
}

static int read_flags(struct stub_flags *f, struct err *e)
{
    int rc = read_listen(f, e);
    rc = rc ? rc : check_numbers(f, e);
    rc = rc ? rc : read_law("first", f->first, &f->o.first, e);
    rc = rc ? rc : read_law("gap", f->gap, &f->o.gap, e);
    rc = rc || !f->drift ? rc : read_drift(f->drift, &f->o.drift, e);
    if (!rc && f->load && (rc = duration_parse(span_z(f->load), &f->o.load, e)))
        err_prefix(e, "--load-time");
    if (!rc && strcmp(f->queue, "fifo") != 0 && strcmp(f->queue, "ps") != 0)
        rc = err_set(e, ERR_USAGE, "--queue takes fifo or ps, not '%s'", f->queue);
    f->o.order = strcmp(f->queue, "ps") == 0 ? SLOTS_SHARED : SLOTS_FIFO;
    f->o.slots = (size_t)f->slots;
    f->o.seed = (uint64_t)f->seed;
    return rc ? rc : read_rules(f, e);
}

static void list_faults(bool json)
{
    const struct fault *x;
    struct str out = STR_INIT;
    struct json_writer w;
    json_init(&w, &out);
    if (json)
        json_array(&w);
    for (size_t i = 0; (x = fault_at(i)); i++) {
        if (json) {
            json_object(&w);
            json_kz(&w, "name", x->name);
            json_kz(&w, "what", x->what);
            json_object_end(&w);
        } else {
            str_addf(&out, "%-20s  %s\n", x->name, x->what);
        }
    }
    if (json) {
        json_array_end(&w);
        str_addc(&out, '\n');
    }
    fputs(str_z(&out), stdout);
    str_release(&out);
}

/* Blocked, so that they come through a descriptor and none is lost between two waits. */
static int signal_descriptor(struct err *e)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        err_sys(e, ERR_IO, errno, "signalfd");
    return fd;
}

static int announce(const struct stub *s, const struct stub_flags *f, struct err *e)
{
    const char *host = f->o.host ? f->o.host : "127.0.0.1";
    bool v6 = strchr(host, ':') != NULL;
    printf(f->json ? "{\"url\":\"http://%s%s%s:%d\"}\n" : "listening on http://%s%s%s:%d\n", v6 ? "[" : "", host,
           v6 ? "]" : "", stub_port(s));
    return fflush(stdout) == 0 ? 0 : err_sys(e, ERR_IO, errno, "cannot write to the standard output");
}

static void sum_up(const struct stub *s)
{
    struct stub_counts c = stub_counts(s);
    fprintf(stderr,
            "stub: %llu requests on %llu connections: %llu answered, %llu with a fault, %llu left by the client; %llu "
            "chunks, %llu tokens, the latest %.3f ms behind its time\n",
            (unsigned long long)c.requests, (unsigned long long)c.connections, (unsigned long long)c.finished,
            (unsigned long long)c.faulted, (unsigned long long)c.gone, (unsigned long long)c.chunks,
            (unsigned long long)c.tokens, (double)c.worst_late_ns / 1e6);
}

static int pin_to(int64_t core, struct err *e)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (core < 0)
        return 0;
    if (core < CPU_SETSIZE)
        CPU_SET((size_t)core, &set);
    return sched_setaffinity(0, sizeof set, &set) ? err_sys(e, ERR_USAGE, errno, "--core %lld", (long long)core) : 0;
}

/* As many connections as the system lets it have: who tests with thousands of streams needs them here, too. */
static int take_descriptors(struct err *e)
{
    struct limits_host h;
    limits_of_host(&h);
    return limits_raise(&(struct limits_plan){.descriptors = h.most_descriptors}, e);
}

static int serve(struct stub_flags *f, struct err *e)
{
    struct stub *s = NULL;
    int signals = signal_descriptor(e), rc = signals < 0 ? e->code : take_descriptors(e);
    rc = rc ? rc : pin_to(f->core, e);
    rc = rc ? rc : stub_open(&s, &f->o, e);
    if (!rc) {
        prctl(PR_SET_TIMERSLACK, 1UL); /* else each wait is 50 µs too long */
        rc = stub_stop_on(s, signals, e);
        rc = rc ? rc : announce(s, f, e);
        rc = rc ? rc : stub_run(s, e);
        if (!rc)
            sum_up(s);
    }
    int closed = stub_free(s, e);
    if (signals >= 0)
        close(signals);
    return rc ? rc : closed;
}

/* Plays a case of tests/conformance instead of the laws. */
static int play(const struct app *app, const struct stub_flags *f, struct err *e)
{
    struct stub_case c;
    struct player *p = NULL;
    int rc = case_read(&c, f->case_file, e);
    if (rc)
        return rc;
    rc = player_new(&p, &c, f->o.port, e);
    if (!rc) {
        printf(f->json ? "{\"url\":\"http://127.0.0.1:%d\"}\n" : "listening on http://127.0.0.1:%d\n", player_port(p));
        rc = fflush(stdout) == 0 ? 0 : err_sys(e, ERR_IO, errno, "cannot write to the standard output");
    }
    if (!rc)
        player_run(p, app->stop);
    player_free(p);
    case_release(&c);
    return rc;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    bool help = false;
    struct stub_flags f = {.listen = "127.0.0.1:0",
                           .queue = "fifo",
                           .seed = 1,
                           .core = -1,
                           .o = {.tokens = 64, .tokens_per_chunk = 1, .model = "stub"}};
    const struct option_row rows[] = {
        {0, "listen", OPT_TEXT, &f.listen, "HOST:PORT", "where; port 0 takes a free one (127.0.0.1:0)"},
        {'m', "model", OPT_TEXT, &f.o.model, "NAME", "the model's name (stub)"},
        {0, "first", OPT_SPEC, &f.first, "LAW", "time to the first chunk, beside load and prompt (at once)"},
        {0, "gap", OPT_SPEC, &f.gap, "LAW", "time between chunks (at once)"},
        {0, "tokens", OPT_INT, &f.o.tokens, "N", "of an answer that no limit cuts (64)"},
        {0, "tokens-per-chunk", OPT_INT, &f.o.tokens_per_chunk, "N", "(1)"},
        {0, "prompt-rate", OPT_DOUBLE, &f.o.prompt_rate, "TOK/S", "prompt tokens a second (no time)"},
        {0, "drift", OPT_SPEC, &f.drift, "SHARE/N", "each N answers all delays are longer by this share: 1%/20 (0)"},
        {0, "slots", OPT_INT, &f.slots, "N", "requests served at full speed at once (0: no limit)"},
        {0, "queue", OPT_TEXT, &f.queue, "fifo|ps", "more of them wait, or share the slots' speed (fifo)"},
        {0, "num-ctx", OPT_INT, &f.o.num_ctx, "TOK", "context; Ollama's routes cut in silence, others refuse"},
        {0, "load-time", OPT_SPEC, &f.load, "DURATION", "of the model, on the first request and after an unload"},
        {0, "fault", OPT_LIST, &f.faults, "NAME[:WHEN]", "WHEN: rate=0.1, every=N or request=K; repeatable"},
        {0, "list-faults", OPT_FLAG, &f.list, NULL, "print the faults and exit"},
        {0, "seed", OPT_INT, &f.seed, "N", "of words, delays and faults (1)"},
        {0, "log", OPT_TEXT, &f.o.log, "FILE", "what was done, one JSON line a request"},
        {0, "stamps", OPT_FLAG, &f.o.stamps, NULL,
         "each text chunk begins with the monotonic clock before its write, in ns"},
        {0, "core", OPT_INT, &f.core, "N", "run on this core only, so that a client may have the others"},
        {0, "case", OPT_TEXT, &f.case_file, "FILE", "play this case of tests/conformance instead, on 127.0.0.1"},
        {0, "json", OPT_FLAG, &f.json, NULL, "print as JSON"},
        {0},
    };
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help) {
        print_help(
            "chimera stub [options]",
            "A server of the OpenAI, Ollama and llama-server dialects with known latencies and faults. One word is\n"
            "one token. A LAW is a duration or const:50ms, exp:50ms (mean), lognormal:50ms,0.3 (median, sigma),\n"
            "bursty:8,200ms (chunks, pause), file:PATH (a duration a line); durations without unit are ms.",
            rows, "chimera stub --first 200ms --gap exp:20ms --slots 4 --fault reset:rate=0.01 --log stub.jsonl");
    } else if (!rc && operands.n) {
        rc = err_set(e, ERR_USAGE, "'%s' is not an option; chimera stub --help", operands.at[0]);
    } else if (!rc && f.list) {
        list_faults(f.json);
    } else if (!rc && (rc = read_flags(&f, e)) == 0) {
        rc = f.case_file ? play(app, &f, e) : serve(&f, e);
    }
    law_release(&f.o.first);
    law_release(&f.o.gap);
    free(f.rules);
    text_list_release(&f.faults);
    text_list_release(&operands);
    return rc;
}

const struct command cmd_stub = {"stub", "the reference server: known latencies, known faults", run};
