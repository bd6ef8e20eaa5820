/**
 * Run before each test file: waits where a day is about to end (UTC). Tests with real servers count in windows of days and months by their
 * servers' clocks; the end of a window is tested with simulated clocks.
 */
import { setTimeout as delay } from 'node:timers/promises';

const dayMs = 86_400_000;
/** Longer than any test file takes, on a busy machine too. */
const awayMs = 150_000;

const leftMs = dayMs - (Date.now() % dayMs);
if (leftMs < awayMs) await delay(leftMs + 100);
