import { describe, expect, it, jest } from '@jest/globals';
import { heardStoreTime, storeTime } from '../../src/lib/store-time.js';

describe("a moment by the store's clock", () => {
  it('is that of this process, until a store is known to have another', () => {
    expect(storeTime(1_000_000)).toBe(1_000_000);
    heardStoreTime(900);
    expect(storeTime(1_000_000)).toBe(1_000_000);
  });

  it('is what the quickest of the latest answers told', () => {
    const clock = jest.spyOn(performance, 'now').mockReturnValue(50_000);
    heardStoreTime(600_000);
    // Read three seconds late: the process was held up.
    heardStoreTime(597_000);
    expect(storeTime(1_000_000)).toBe(1_600_000);
    heardStoreTime(600_002);
    expect(storeTime(1_000_000)).toBe(1_600_002);
    // This process's clock was set right.
    clock.mockReturnValue(60_100);
    heardStoreTime(-3);
    expect(storeTime(1_000_000)).toBe(1_000_000);
    clock.mockRestore();
  });

  it('is earlier where the store is behind', () => {
    const clock = jest.spyOn(performance, 'now').mockReturnValue(100_000);
    heardStoreTime(-600_000);
    expect(storeTime(1_000_000)).toBe(400_000);
    clock.mockRestore();
  });
});
