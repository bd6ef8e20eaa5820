import { randomFillSync } from 'node:crypto';

const pool = new Uint8Array(16 * 256);
let next = pool.length;
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Mints a UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds since the epoch, 74 random bits. */
export function newId(nowMs: number = Date.now()): string {
  if (next === pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  const at = next;
  next += 16;
  const time = nowMs.toString(16).padStart(12, '0');
  const byte = (index: number): string => hex[pool[at + index] as number] as string;
  const version = hex[0x70 | ((pool[at + 6] as number) & 0x0f)] as string;
  const variant = hex[0x80 | ((pool[at + 8] as number) & 0x3f)] as string;
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}${byte(7)}-${variant}${byte(9)}-${byte(10)}${byte(11)}${byte(12)}${byte(13)}${byte(14)}${byte(15)}`;
}

/** The milliseconds since the epoch that a UUIDv7 carries; `undefined` for anything else. */
export function idTimeMs(id: string): number | undefined {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)
    ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
    : undefined;
}
