import { createApp } from './app.js';
import { loadTest } from './load-test.js';

console.log('ten requests a minute per key:');
console.table(await loadTest());
console.log(
  'A fixed window that has just begun forgets what came before: 19 requests in two seconds. A sliding one does not.',
);

const { app, key } = createApp('sliding');
const server = app.listen(Number(process.env.PORT ?? 3007), '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  console.log(`listening on http://127.0.0.1:${port}, with sliding windows; the eleventh request is a 429:`);
  console.log(
    `for i in $(seq 11); do curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:${port}/hello -H 'Authorization: Bearer ${key}'; done`,
  );
});
process.once('SIGTERM', () => server.close(() => process.exit(0)));
