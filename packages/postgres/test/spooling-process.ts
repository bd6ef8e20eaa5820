/** Writes usage events into a ledger whose database is away, says when they are safe, and waits to be killed. */

import { usageEvent } from '@tollgate/testkit/ledger-event';
import { ledger } from '../src/index.js';

const [directory = '', connectionString = '', count = '0'] = process.argv.slice(2);
const books = ledger({ connectionString, spool: directory });
for (let index = 0; index < Number(count); index += 1) books.write(usageEvent({ tenant: 'killed' }));
await books.flush();
console.log('safe');
setInterval(() => undefined, 1_000);
