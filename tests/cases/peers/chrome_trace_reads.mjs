// chrome_trace_reads.mjs FILE: run where @tracerbench/trace-model is installed. Its model of the file has every slice inside the
// one that should hold it: phases in their request, requests in their session.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { buildModel } = createRequire(process.cwd() + '/')('@tracerbench/trace-model');
const raw = JSON.parse(readFileSync(process.argv[2], 'utf8'));
// in whole ns, as Perfetto keeps them: the sum of two decimal fractions of us may end a hair outside
for (const event of raw.traceEvents) {
  event.ts = Math.round(event.ts * 1e3);
  if ('dur' in event) event.dur = Math.round(event.dur * 1e3);
}
const model = buildModel(raw.traceEvents);
let slices = 0;
let requests = 0;
let phases = 0;
for (const process of model.processes) {
  if (!process.name) throw new Error('a process without a name');
  for (const thread of process.threads)
    for (const event of thread.events.filter((e) => e.isComplete())) {
      slices++;
      const up = event.parent;
      if (event.args && 'seq' in event.args) requests++;
      if (['queue', 'prefill', 'decode', 'tail'].includes(event.name)) {
        phases++;
        if (!up || !('seq' in (up.args ?? {}))) throw new Error(`${event.name} at ${event.start} is in no request`);
      }
      if (up && (event.start < up.start || event.end > up.end))
        throw new Error(`${event.name} at ${event.start} ends outside ${up.name}`);
    }
}
const wanted = raw.traceEvents.filter((e) => e.ph === 'X').length;
if (slices !== wanted) throw new Error(`${slices} of ${wanted} slices`);
if (!requests || !phases) throw new Error('no requests or no phases');
console.log(`${slices} slices, ${requests} requests, ${phases} phases`);
