import { formatUsd, type TollgateContext } from '@tollgate/core';
import type { Response } from 'express';
import type { RequestMeter } from './calls/request-meter.js';

/** Answers `x-tollgate-cost` in dollars, if calls were made and all of them are settled when the headers are sent. */
export function exposeCost(res: Response, context: TollgateContext, meter: RequestMeter): void {
  const writeHead = res.writeHead;
  const withCost = (...args: Parameters<typeof writeHead>): Response => {
    const known = meter.settled > 0 && [...context.calls.running].every(({ settlement }) => settlement);
    if (known && !res.headersSent) res.setHeader('x-tollgate-cost', formatUsd(meter.spentNanoUsd));
    return Reflect.apply(writeHead, res, args);
  };
  Object.defineProperty(res, 'writeHead', { value: withCost, configurable: true, writable: true });
}
