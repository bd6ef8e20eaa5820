import { formatUsd } from '@tollgate/core';

/** Nano-dollars as dollars, exactly: beyond 2^53 the last digits of a number would be wrong. */
export function dollarsOf(nanoUsd: bigint): string {
  const sign = nanoUsd < 0n ? '-' : '';
  const size = nanoUsd < 0n ? -nanoUsd : nanoUsd;
  const [, fraction = '00'] = formatUsd(Number(size % 1_000_000_000n)).split('.');
  return `${sign}${size / 1_000_000_000n}.${fraction}`;
}
