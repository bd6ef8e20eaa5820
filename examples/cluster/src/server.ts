import { proofOf } from './proof.js';
import { run } from './run.js';
import { readSettings } from './settings.js';

const settings = readSettings(process.env);
const { workers, requestsPerWorker, giveUpAfterMs } = settings;
setTimeout(() => {
  console.error(`not done after ${giveUpAfterMs} ms`);
  process.exit(1);
}, giveUpAfterMs).unref();

console.log(
  `${workers} processes, ${requestsPerWorker} clients at each, half of them with streams, one budget on ${settings.redisUrl ? 'Redis at REDIS_URL' : 'a Redis of our own'}`,
);
const facts = await run(settings);
const findings = proofOf(facts);
for (const { holds, sentence } of findings) console.log(`${holds ? 'holds' : 'BROKEN'}: ${sentence}`);
console.log(`in ${facts.tookMs} ms`);
console.log('try: WORKERS=8, or REDIS_URL for a Redis of yours; the README lists all settings');
if (process.env.FACTS) console.log(`facts ${JSON.stringify(facts)}`);
process.exit(findings.every(({ holds }) => holds) ? 0 : 1);
