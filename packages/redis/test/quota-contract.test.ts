import { quotaContract } from '@tollgate/testkit/contracts';
import { quotaOn, useCluster, useRedis } from './servers.js';

const redis = useRedis();
const cluster = useCluster();

quotaContract('on Redis', () => quotaOn({ client: redis().client }));
quotaContract('on a Redis Cluster of three masters', () => quotaOn({ cluster: cluster() }));
