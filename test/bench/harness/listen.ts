import { createServer, type RequestListener } from 'node:http';

/** Serves an app on a free port of loopback and resolves with its URL. */
export function listen(app: RequestListener): Promise<string> {
  const server = createServer(app);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`);
    });
  });
}
