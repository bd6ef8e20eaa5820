import { randomFillSync } from 'node:crypto';

const digits = Buffer.from('0123456789abcdef', 'latin1');
const variantAt = 19;
/** Places of the digits that are random throughout; the variant's has two random bits. */
const randomAt = [15, 16, 17, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35] as const;
const bytesPerId = randomAt.length + 1;

const pool = new Uint8Array(bytesPerId * 256);
let next = pool.length;

/** Written in place and read out as one flat string: one made of many small ones would keep all of them alive. */
const text = Buffer.from('00000000-0000-7000-8000-000000000000', 'latin1');
let writtenMs = Number.NaN;

/** Mints a UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds since the epoch, 74 random bits. */
export function newId(nowMs: number = Date.now()): string {
  if (nowMs !== writtenMs) writeTime(nowMs);
  if (next === pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  text[variantAt] = digits[0x8 | ((pool[next] as number) & 0x3)] as number;
  for (let index = 0; index < randomAt.length; index += 1) {
    text[randomAt[index] as number] = digits[(pool[next + 1 + index] as number) & 0xf] as number;
  }
  next += bytesPerId;
  return text.toString('latin1');
}

function writeTime(nowMs: number): void {
  const time = Math.floor(nowMs).toString(16).padStart(12, '0');
  text.write(time.slice(0, 8), 0, 'latin1');
  text.write(time.slice(8), 9, 'latin1');
  writtenMs = nowMs;
}

/** The milliseconds since the epoch that a UUIDv7 carries; `undefined` for anything else. */
export function idTimeMs(id: string): number | undefined {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)
    ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
    : undefined;
}
