import type { IncomingMessage } from 'node:http';
import type { Json } from './json.js';

/** All bytes of the request's body; rejects when the client leaves before the end. */
export function readBody(req: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => resolve(parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)));
    req.on('error', reject);
  });
}

/** The body as JSON, or undefined. */
export function parseJson(bytes: Buffer): Json | undefined {
  try {
    const value: Json = JSON.parse(bytes.toString('utf8'));
    return value;
  } catch {
    return undefined;
  }
}
