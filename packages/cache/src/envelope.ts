import { isKeepable } from './recording.js';

/** An answer as it is kept: whose it is, when it was given, and its bytes. */
export interface Envelope {
  readonly key: string;
  readonly tenant: string;
  readonly contentType: string;
  /** Ms since the epoch. */
  readonly storedAtMs: number;
  /** The call's cost, in nano-dollars. */
  readonly costNanoUsd: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

const version = 1;
const lineFeed = 0x0a;

/** A line of JSON, then the answer. */
export function sealed({ body, ...head }: Envelope): Uint8Array {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ version, ...head })}\n`), body]);
}

/** The cached entry, if it can be read; the reader checks its owner. */
export function opened(bytes: Uint8Array): Envelope | undefined {
  const end = bytes.indexOf(lineFeed);
  try {
    const head: unknown = JSON.parse(Buffer.from(bytes.subarray(0, end)).toString('utf8'));
    return isHead(head) ? { ...head, body: new Uint8Array(bytes.subarray(end + 1)) } : undefined;
  } catch {
    return undefined;
  }
}

function isHead(value: unknown): value is Omit<Envelope, 'body'> {
  if (typeof value !== 'object' || value === null) return false;
  const head = value as Readonly<Record<string, unknown>>;
  return (
    head.version === version &&
    ['key', 'tenant', 'contentType'].every((name) => typeof head[name] === 'string') &&
    isKeepable(String(head.contentType)) &&
    ['storedAtMs', 'costNanoUsd'].every((name) => Number.isSafeInteger(head[name]))
  );
}
