import { createServer } from 'node:net';

/**
 * A free port of loopback, whose number plus 10 000 is free as well: the servers of a Redis cluster talk to each other on that. From 15 000
 * to 21 999: both numbers are below those that systems give to outgoing connections, so a server that is started again gets its port again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 7_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
