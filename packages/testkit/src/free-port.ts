import { createServer } from 'node:net';

/** A free port of loopback, whose number plus 10 000 is free as well: the servers of a Redis cluster talk to each other on that. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await listeningOn(0);
    if (port !== undefined && port < 55_000 && (await listeningOn(port + 10_000)) !== undefined) return port;
  }
}

function listeningOn(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}
