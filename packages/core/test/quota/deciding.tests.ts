/** What may catch a mutant, in one file, so that every mutant loads it all once: the quickest first, random traces last. */
import '../lib/money.test.js';
import './lease.test.js';
import './lease-heap.test.js';
import './lease-registry.test.js';
import './quota-checks.test.js';
import './quota-counters.test.js';
import './quota-refusal.test.js';
import './usage-correction.test.js';
import './memory-quota.test.js';
import './memory-quota-life.test.js';
import './restored-counters.test.js';
import './token-bucket.test.js';
import './usage-outbox.test.js';
import './calendar-window.test.js';
import './lease-ends.test.js';
import './quota-engine.test.js';
import './memory-quota-properties.test.js';
