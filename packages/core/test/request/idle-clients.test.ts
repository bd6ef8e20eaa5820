import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Request, Response } from 'express';
import { cutIdleClient } from '../../src/request/idle-clients.js';
import { contextOf } from '../../src/request/request-context.js';

/** A response that waits behind another one on its connection, which is there or has gone. */
const waitingBehind = (destroyed: boolean) => {
  const socket = { destroyed, once: () => socket };
  const res = { setHeader: () => res, once: () => res, socket: null, closed: false, destroyed: false };
  return contextOf({ socket } as unknown as Request, res as unknown as Response);
};

describe('the watch over idle clients', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('keeps no response of a connection that had gone before', () => {
    cutIdleClient(waitingBehind(true), 1_000);
    expect(jest.getTimerCount()).toBe(0);
    cutIdleClient(waitingBehind(false), 1_000);
    expect(jest.getTimerCount()).toBe(1);
  });
});
