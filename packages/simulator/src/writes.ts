import { gzipSync } from 'node:zlib';
import type { Script, StopPoint } from './script.js';
import type { Chunk } from './stream-event.js';

const joined = (chunks: readonly Chunk[]): Buffer => Buffer.concat(chunks.map((chunk) => chunk.bytes));
const tokensOf = (chunks: readonly Chunk[]): number => chunks.reduce((sum, chunk) => sum + chunk.tokens, 0);
const lastUsage = (chunks: readonly Chunk[]): Chunk['usage'] =>
  chunks.findLast((chunk) => chunk.usage !== undefined)?.usage;

/** The chunks up to the point. A chunk cut in two counts its tokens, not the usage it would have reported. */
export function chunksUntil(chunks: readonly Chunk[], point: StopPoint): Chunk[] {
  if (point === 'before-headers') return [];
  if ('afterChunks' in point) return chunks.slice(0, point.afterChunks);
  const kept: Chunk[] = [];
  let left = point.afterBytes;
  for (const chunk of chunks) {
    if (left <= 0) break;
    kept.push(
      chunk.bytes.length <= left
        ? chunk
        : { bytes: chunk.bytes.subarray(0, left), tokens: chunk.tokens, usage: undefined },
    );
    left -= chunk.bytes.length;
  }
  return kept;
}

/** Offsets at which the body is cut, in rising order. */
function offsetsOf(total: number, script: Script): number[] {
  const offsets = new Set(script.splitAt ?? []);
  if (script.chunkBytes !== undefined)
    for (let at = script.chunkBytes; at < total; at += script.chunkBytes) offsets.add(at);
  return [...offsets].filter((at) => at > 0 && at < total).sort((left, right) => left - right);
}

/** Cuts the chunks at other offsets: tokens stay with the part in which their chunk begins, usage with that in which it ends. */
function cutAt(chunks: readonly Chunk[], offsets: readonly number[]): Chunk[] {
  const bytes = joined(chunks);
  const parts: Chunk[] = [...offsets, bytes.length].map((end, index) => ({
    bytes: bytes.subarray(offsets[index - 1] ?? 0, end),
    tokens: 0,
    usage: undefined,
  }));
  let start = 0;
  let first = 0;
  for (const chunk of chunks) {
    const end = start + chunk.bytes.length;
    while (first < offsets.length && start >= (offsets[first] ?? end)) first += 1;
    let last = first;
    while (last < offsets.length && end > (offsets[last] ?? end)) last += 1;
    const beginning = parts[first];
    const ending = parts[last];
    if (beginning) beginning.tokens += chunk.tokens;
    if (ending && chunk.usage !== undefined) ending.usage = chunk.usage;
    start = end;
  }
  return parts;
}

/** The writes in their order: the chunks with their trailer, compressed and cut as scripted. */
export function writesOf(chunks: readonly Chunk[], script: Script): Chunk[] {
  let writes = [...chunks];
  if (script.trailing !== undefined)
    writes.push({ bytes: Buffer.from(script.trailing), tokens: 0, usage: undefined });
  if (script.gzip)
    writes = [{ bytes: gzipSync(joined(writes)), tokens: tokensOf(writes), usage: lastUsage(writes) }];
  const stop = script.hang ?? script.reset ?? script.end;
  if (stop !== undefined) writes = chunksUntil(writes, stop);
  if (script.splitAt === undefined && script.chunkBytes === undefined) return writes;
  return cutAt(writes, offsetsOf(joined(writes).length, script));
}
