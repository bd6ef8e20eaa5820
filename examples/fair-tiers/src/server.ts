import { createApp } from './app.js';
import { rush, steady } from './rush.js';

const { app, tg, keys, provider } = createApp(20);
const server = app.listen(Number(process.env.PORT ?? 3008), '127.0.0.1', async () => {
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  console.log('100 free and 30 pro requests at once, at most 20 in flight, in milliseconds:');
  console.table(await rush(url, keys, { free: 100, pro: 30 }));

  const limits: number[] = [];
  const look = (): void => void limits.push(Math.round(tg.concurrency?.limit ?? 0));
  for (const takesMs of [100, 800, 100]) {
    limits.length = 0;
    provider.takesMs = takesMs;
    await steady(url, keys.pro, { inFlight: 30, forMs: 2_500, look });
    console.log(
      `the provider takes ${String(takesMs).padStart(3)} ms; requests in flight at most: ${limits.join(' ')}`,
    );
  }
  console.log(`listening on ${url}; try`);
  console.log(
    `curl -s -X POST ${url}/ask -H 'Authorization: Bearer ${keys.free}' -H 'Content-Type: application/json' -d '{}'`,
  );
});
process.once('SIGTERM', async () => {
  server.close();
  await tg.close({ graceMs: 1_000 });
  process.exit(0);
});
