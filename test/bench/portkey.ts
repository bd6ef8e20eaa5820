import { createServer } from 'node:net';

/** Starts `@portkey-ai/gateway` in this process, as its own command line does, and resolves once it answers. */
export async function portkeyGateway(): Promise<string> {
  const port = await freePort();
  process.argv.push(`--port=${port}`, '--headless');
  await import(import.meta.resolve('@portkey-ai/gateway/build/start-server.js'));
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer) return url;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the gateway does not answer');
}

/** How a client tells the gateway which provider, and where. */
export function portkeyHeaders(providerUrl: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    authorization: 'Bearer sk-provider',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${providerUrl}/v1`,
  };
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
