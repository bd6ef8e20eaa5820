import type { WireFormat } from '../format/wire-format.js';

/** Whether these bytes, the last that were sent, contain the end of the stream: a connection that breaks after it is no failure. */
export function endsStream({ lastEvent }: WireFormat, last: Uint8Array | undefined): boolean {
  if (!lastEvent || !last) return false;
  return lastEvent.test(Buffer.from(last.buffer, last.byteOffset, last.byteLength).toString('latin1'));
}
