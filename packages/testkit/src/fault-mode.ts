/** The effect of a {@link FaultProxy} on the traffic through it. Replies are sent by the target, requests by its clients. */
export type FaultMode =
  /** Everything passes. */
  | 'pass'
  /** No bytes pass, either way, and connections stay open; bytes sent meanwhile pass afterwards, as TCP would send them again. */
  | 'blackhole'
  /** Requests pass and replies are lost. A connection that has lost one is cut when the mode changes: its answers would be mixed up. */
  | 'drop-reply'
  /** Connections are cut, and new ones closed at once. */
  | 'refuse'
  /** Replies arrive this many milliseconds later, 0 to 600 000. */
  | { readonly delayMs: number }
  /** Each connection is cut after this many more bytes of replies, 0 or more: 0 cuts it instead of the first reply. */
  | { readonly cutAfterBytes: number }
  /** Replies arrive one byte at a time, this many milliseconds apart, 1 to 60 000. */
  | { readonly dripMs: number };

const names = ['pass', 'blackhole', 'drop-reply', 'refuse'];
const numbered: Readonly<Record<string, readonly [least: number, most: number]>> = {
  delayMs: [0, 600_000],
  cutAfterBytes: [0, Number.MAX_SAFE_INTEGER],
  dripMs: [1, 60_000],
};

/** Throws a `TypeError` for anything else: a fault that does not happen would let its test pass for nothing. */
export function checkFaultMode(mode: FaultMode): FaultMode {
  if (typeof mode === 'string' && names.includes(mode)) return mode;
  const [entry, ...others] = Object.entries(mode ?? {});
  const range = entry && others.length === 0 ? numbered[entry[0]] : undefined;
  const value: unknown = entry?.[1];
  if (range && typeof value === 'number' && Number.isInteger(value)) {
    if (value >= range[0] && value <= range[1]) return mode;
  }
  throw new TypeError(
    `faultProxy: "mode" must be one of ${names.join(', ')}, { delayMs }, { cutAfterBytes } and { dripMs }, received ${JSON.stringify(mode)}`,
  );
}
