import { quotaAgreement, quotaProperties } from '@tollgate/testkit/contracts';
import { quotaOn, useCluster, useRedis } from './servers.js';

const redis = useRedis();
const cluster = useCluster();
const start = Date.parse('2026-11-21T23:58:30.123Z');
const runs = (bounded: number) => (process.env.TOLLGATE_LONG === '1' ? {} : { runs: bounded });

// One partition, so that events of different tenants are in one order, which the model can be compared to.
quotaAgreement('on Redis', () => quotaOn({ client: redis().client, partitions: 1 }, start), runs(100));
quotaAgreement('on a Redis Cluster', () => quotaOn({ cluster: cluster(), partitions: 1 }, start), runs(30));
quotaProperties('on Redis', () => quotaOn({ client: redis().client }, start), runs(20));
