import { quotaContract } from '@tollgate/testkit/contracts';
import { MemoryLedger } from './memory-ledger.js';
import { quotaOn, useCluster, useRedis } from './servers.js';

const redis = useRedis();
const cluster = useCluster();

quotaContract('on Redis', () => quotaOn({ client: redis().client }));
quotaContract('on a Redis Cluster of three masters', () => quotaOn({ cluster: cluster() }));
quotaContract('on Redis with a ledger', () => quotaOn({ client: redis().client, spent: new MemoryLedger() }));
