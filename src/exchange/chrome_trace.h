/* `chimera export FILE --format chrome-trace`: runs as trace events that chrome://tracing and Perfetto read (the JSON object
 * format of "Trace Event Format", complete events).
 *
 * A run is a process, and each session in it one thread, or as many as it has requests in flight (lanes). Times are us from
 * the run's start. A session is a slice from its start to its end, a request in it one from planned to done, and its phases
 * within that:
 *   think     planned to ready: an agent's own work
 *   send      ready to sent: this client's delay
 *   queue, load, prefill   sent to first token, divided by chimera-engine's stamps, or by the durations that the server tells,
 *             counted back from the first token; "wait" where it tells nothing
 *   decode    first token to last
 *   tail      last token to done
 * A phase whose ends were not taken is left out. args say outcome, tokens and where the division comes from. */
#ifndef EXCHANGE_CHROME_TRACE_H
#define EXCHANGE_CHROME_TRACE_H

#include "exchange/out.h"

export_fn export_chrome_trace;

#endif
