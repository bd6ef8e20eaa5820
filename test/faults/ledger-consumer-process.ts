/** Delivers usage events from Redis to the ledger, in a process of its own, until it is killed. */
import { ledger } from '@tollgate/postgres';
import { outbox } from '@tollgate/redis';
import { createClient } from 'redis';

const [redisUrl = '', connectionString = ''] = process.argv.slice(2);
const client = createClient({ url: redisUrl });
await client.connect();
const books = ledger({ connectionString });
outbox({ client, prefix: 'faults', sinks: [books], pollMs: 10, claimAfterMs: 300, batchSize: 20 });
process.stdout.write('ready\n');
setInterval(() => undefined, 1_000);
