import { inMemory, quotaAgreement, quotaProperties } from '@tollgate/testkit/contracts';
import { processesOn, quotaOn, useCluster, useRedis } from './servers.js';

const redis = useRedis();
const cluster = useCluster();
const start = Date.parse('2026-11-21T23:58:30.123Z');
const runs = (bounded: number) =>
  process.env.TOLLGATE_LONG === '1' ? {} : { runs: bounded, timeoutMs: 150_000 };

// One partition, so that events of different tenants are in one order, which the model can be compared to. What one process remembers
// of a refusal another cannot know: several processes are asked to remember none.
const several = { partitions: 1, rememberRefusalsMs: 0 };
quotaAgreement(
  'in memory, on Redis and on a Redis Cluster, of three processes whose clocks are wrong,',
  () => [
    inMemory,
    processesOn({ client: redis().client, ...several }, 3),
    processesOn({ cluster: cluster(), ...several }, 3),
  ],
  runs(40),
);
quotaAgreement(
  'on Redis, of a process that remembers refusals,',
  () => [processesOn({ client: redis().client, partitions: 1 }, 1)],
  runs(20),
);
quotaProperties('on Redis', () => quotaOn({ client: redis().client }, start), runs(20));
