import { aMonth } from './month.js';
import { ownRedis } from './own-redis.js';

const own = process.env.REDIS_URL ? undefined : await ownRedis();
const month = await aMonth({
  redisUrl: process.env.REDIS_URL ?? own?.url ?? '',
  processes: 3,
  requests: 1_000,
});
const { asked, answered, refused, limit, used, billedTokens, notices, url, key } = month;
console.log('three processes, one quota of 20 000 tokens a month:');
console.table([
  {
    asked,
    answered,
    refused: JSON.stringify(refused),
    quota: limit,
    used,
    'billed by the provider': billedTokens,
  },
]);
console.log(
  used <= limit && used === billedTokens
    ? 'holds: never above the quota, and exactly what was billed'
    : 'DOES NOT HOLD',
);
await new Promise((resolve) => setTimeout(resolve, 1_000)); // alerts are sent in the background
for (const notice of notices) console.log(`alert: ${notice}`);
console.log(`try: curl -s ${url}/usage -H 'Authorization: Bearer ${key}'`);

process.once('SIGTERM', async () => {
  await month.close();
  await own?.stop();
  process.exit(0);
});
