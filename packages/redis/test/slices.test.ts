import { describe, expect, it } from '@jest/globals';
import { bucketCounter, liveCounter, quotaCounter } from '@tollgate/testkit/contracts';
import { type Admitted, ask, homeInMemory, Processes } from './slices-world.js';

const startMs = Date.parse('2026-11-21T12:30:00Z');

function ground(count: number) {
  const moment = { ms: startMs };
  const home = homeInMemory(moment);
  const processes = new Processes(home, moment, count);
  const standing = async (counter: ReturnType<typeof quotaCounter>) => {
    const [state] = await home.read('wide', [counter]);
    return { used: state?.used, held: state?.held };
  };
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 25) {
      moment.ms += 25;
      await processes.beat();
    }
  };
  return { moment, home, processes, standing, pass };
}

describe('a counter that is drawn in slices', () => {
  it('is asked for once for many requests, and told of them together', async () => {
    const { home, processes, standing, pass } = ground(1);
    const day = quotaCounter('usd/day', 1_000_000);
    let asked = 0;
    const { reserve } = home;
    home.reserve = (request) => {
      asked += 1;
      return reserve(request);
    };
    let spent = 0;
    for (let second = 0; second < 5; second += 1) {
      for (let turn = 0; turn < 200; turn += 1) {
        const admitted = await ask(processes.process(0), { ...day, want: 100 });
        admitted?.charge(40);
        spent += 40;
      }
      await pass(1_000);
    }
    expect(asked).toBeLessThan(50);
    await pass(3_000);
    expect(await standing(day)).toEqual({ used: spent, held: 0 });
  });

  it('is used up to its cap by processes that come and go, and no further', async () => {
    const { processes, standing, pass } = ground(4);
    const day = quotaCounter('usd/day', 1_000);
    const admitted: Admitted[] = [];
    for (let turn = 0; turn < 500; turn += 1) {
      const one = await ask(processes.process(turn), { ...day, want: 3 });
      if (one) admitted.push(one);
      if (turn % 10 === 0) await pass(25);
    }
    expect(admitted).toHaveLength(333);
    for (const one of admitted) one.charge(2);
    await pass(2_000);
    expect(await standing(day)).toEqual({ used: 666, held: 0 });
  });

  it('is recalled from a process that does not need what it has leased, before another is refused', async () => {
    const { processes, standing } = ground(2);
    const day = quotaCounter('usd/day', 1_600);
    const [busy, other] = [processes.process(0), processes.process(1)];
    const admitted: (Admitted | undefined)[] = [];
    for (let turn = 0; turn < 10; turn += 1) admitted.push(await ask(busy, { ...day, want: 10 }));
    for (const one of admitted) one?.charge(0);
    expect((await standing(day)).held).toBeGreaterThanOrEqual(100);
    expect(await ask(other, { ...day, want: 1_600 })).toBeDefined();
    expect(await ask(busy, { ...day, want: 1 })).toBeUndefined();
  });

  it('gives permits of those in flight, as many as there are', async () => {
    const { processes, standing, pass } = ground(3);
    const inFlight = liveCounter('concurrent/global', 7);
    const admitted = await Promise.all(
      Array.from({ length: 20 }, (_, at) => ask(processes.process(at), { ...inFlight, want: 1 })),
    );
    const running = admitted.filter((one) => one !== undefined);
    expect(running).toHaveLength(7);
    expect(await standing(inFlight)).toEqual({ used: 0, held: 7 });
    running[0]?.charge(0);
    await pass(1_100);
    expect(await ask(processes.process(1), { ...inFlight, want: 1 })).toBeDefined();
    expect(await ask(processes.process(2), { ...inFlight, want: 1 })).toBeUndefined();
  });

  it('counts what a killed process had leased as spent', async () => {
    const { processes, standing, pass } = ground(2);
    const day = quotaCounter('usd/day', 1_000);
    const settled = await ask(processes.process(0), { ...day, want: 30 });
    await ask(processes.process(0), { ...day, want: 50 });
    settled?.charge(10);
    await pass(3_000);
    processes.kill(0);
    await pass(16_000);
    expect(await standing(day)).toEqual({ used: 60, held: 0 });
  });

  it('is corrected by a process that stood still for longer than its leases', async () => {
    const { processes, standing, pass, moment } = ground(1);
    const day = quotaCounter('usd/day', 1_000);
    const one = await ask(processes.process(0), { ...day, want: 50 });
    moment.ms += 40_000;
    expect(await standing(day)).toEqual({ used: 50, held: 0 });
    one?.charge(20);
    await pass(1_000);
    expect(await standing(day)).toEqual({ used: 20, held: 0 });
  });

  it('charges what was used beyond what was leased as it is', async () => {
    const { processes, standing, pass } = ground(1);
    const day = quotaCounter('usd/day', 100);
    const one = await ask(processes.process(0), { ...day, want: 60 });
    const other = await ask(processes.process(0), { ...day, want: 40 });
    one?.charge(90);
    await pass(100);
    expect(await standing(day)).toEqual({ used: 90, held: 40 });
    other?.charge(40);
    await pass(500);
    expect(await standing(day)).toEqual({ used: 130, held: 0 });
  });

  it('is told of small amounts again and again without its leases growing old', async () => {
    const { home, processes, standing, pass } = ground(1);
    const day = quotaCounter('usd/day', 1_000_000);
    const turns = new Map<string, number>();
    const { charge } = home;
    home.charge = (request) => {
      turns.set(request.id, (turns.get(request.id) ?? 0) + 1);
      return charge(request);
    };
    const long = await ask(processes.process(0), { ...day, want: 5_000 });
    for (let turn = 0; turn < 300; turn += 1) {
      (await ask(processes.process(0), { ...day, want: 100 }))?.charge(1);
      await pass(100);
    }
    long?.charge(7);
    await pass(3_000);
    expect(await standing(day)).toEqual({ used: 307, held: 0 });
    expect(Math.max(...turns.values())).toBeLessThan(50);
  });

  it('charges to the window that admitted', async () => {
    const { processes, standing, pass, moment } = ground(1);
    const day = quotaCounter('usd/day', 100);
    moment.ms = Date.parse('2026-11-21T23:59:59.900Z');
    const one = await ask(processes.process(0), { ...day, want: 60 });
    await pass(200);
    expect(await ask(processes.process(0), { ...day, want: 100 })).toBeDefined();
    one?.charge(60);
    await pass(1_000);
    expect(await standing(day)).toEqual({ used: 0, held: 100 });
  });

  it('is refused with the figures of the store', async () => {
    const { processes, pass } = ground(2);
    const day = quotaCounter('usd/day', 100);
    const one = await ask(processes.process(0), { ...day, want: 60 });
    const request = { id: 'r', partition: 'wide', attemptId: undefined, leaseMs: 60_000 };
    const refuse = () => processes.process(1).reserve({ ...request, charges: [{ ...day, want: 50 }] });
    expect(await refuse()).toMatchObject({
      ok: false,
      refusal: { blockedBy: 'held', charge: 0, state: { used: 0, held: 60, left: 40, limit: 100 } },
    });
    one?.charge(60);
    await pass(1_000);
    expect(await refuse()).toMatchObject({
      ok: false,
      refusal: { blockedBy: 'used', state: { used: 60, held: 0 }, retryAfterMs: 41_399_000 },
    });
    const oversized = { ...request, id: 'l', charges: [{ ...day, want: 101 }] };
    expect(await processes.process(1).reserve(oversized)).toMatchObject({ refusal: { blockedBy: 'size' } });
  });

  it('of a token bucket never admits more than its burst and what refills meanwhile', async () => {
    const { processes, moment, pass } = ground(3);
    const bucket = bucketCounter('tokens/minute', { rate: 6_000, periodMs: 60_000, burst: 6_000 });
    const drawn: { atMs: number; amount: number }[] = [];
    const beganMs = moment.ms;
    for (let turn = 0; turn < 3_000; turn += 1) {
      const one = await ask(processes.process(turn), { ...bucket, want: 13 });
      one?.charge(13);
      if (one) drawn.push({ atMs: moment.ms, amount: 13 });
      if (turn % 7 === 0) await pass(25);
    }
    expect(drawn.length).toBeGreaterThan(500);
    let sum = 0;
    let most = Number.NEGATIVE_INFINITY;
    let least = 0;
    // The largest of sum(i..j) − rate × time over all intervals: Kadane.
    for (const { atMs, amount } of drawn) {
      const refilled = (atMs - beganMs) * 0.1;
      least = Math.min(least, sum - refilled);
      sum += amount;
      most = Math.max(most, sum - refilled - least);
    }
    expect(most).toBeLessThanOrEqual(6_000);
    expect(most).toBeGreaterThan(5_900);
  });
});
