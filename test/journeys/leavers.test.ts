import { request } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Script, simulateProvider } from '@tollgate/simulator';
import { openai } from 'tollgate';
import { seeded } from '../seeded.js';
import { dollarsPerDay, type RunningApp, startApp } from './running-app.js';

/** A second of a real provider, in milliseconds of this test. */
const second = 10;
const long = process.env.TOLLGATE_LONG === '1';
const clients = long ? 1_000 : 250;
const attempt = 50;
const maxTokens = 1_000;

interface Model {
  readonly name: string;
  /** Nano-dollars per token. */
  readonly input: number;
  readonly output: number;
  readonly reasons: boolean;
}
/** Published prices; gpt-4.1-mini shows every token that it bills. */
const models = {
  reasoning: { name: 'gpt-5-mini', input: 250, output: 2_000, reasons: true },
  visible: { name: 'gpt-4.1-mini', input: 400, output: 1_600, reasons: false },
} as const satisfies Record<string, Model>;

interface Setting {
  readonly model: keyof typeof models;
  /** The provider stops generating at an abort, or goes on. */
  readonly provider: 'stops' | 'continues';
  /** Seconds; 0: aborted at once. */
  readonly drainSeconds: number;
}

/** What one client asks and does, the same in every run of a seed. */
interface Visit {
  readonly tokens: number;
  readonly thinking: number;
  /** Leaves after this share of its answer's time; absent: stays. */
  readonly leavesAt: number | undefined;
}

/** Answers of 20 to 800 tokens, most of them short, at 50 tokens a second; every tenth client leaves. */
function visitsOf(seed: number, leave: boolean, reasons: boolean): Visit[] {
  const random = seeded(seed);
  return Array.from({ length: clients }, () => {
    const all = Math.round(20 * 40 ** random());
    const thinking = reasons ? Math.round(all * 0.6) : 0;
    const leaves = random() < 0.1;
    const at = random();
    return { tokens: all - thinking, thinking, leavesAt: leave && leaves ? at : undefined };
  });
}

interface Outcome {
  readonly admitted: number;
  readonly honest: number;
  readonly billOverCap: number;
  readonly usedOverBill: number;
  readonly mostDrains: number;
  /** Share of the bill for answers whose client had left. */
  readonly drainedShare: number;
}

let app: RunningApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function run(visits: readonly Visit[], capNanoUsd: number, setting: Setting): Promise<Outcome> {
  const { name, input, output } = models[setting.model];
  const provider = await simulateProvider({
    script: ({ body }) => {
      const index = Number((body as { user?: string }).user);
      const { tokens, thinking } = visits[index] as Visit;
      const script: Script = {
        tokens,
        usage: { reasoningTokens: thinking },
        firstByteDelayMs: Math.round((thinking / 50) * second),
        finishesAlone: setting.provider === 'continues',
        chunkBytes: 4_096,
        slowDripMs: Math.max(1, Math.round((tokens / 50 / 20) * second)),
      };
      return script;
    },
  });
  const running = await startApp({
    plan: { spend: dollarsPerDay(capNanoUsd), maxOutputTokens: maxTokens },
    routes: (express, tg) => {
      const to = openai({
        apiKey: 'simulated',
        baseUrl: provider.openAiUrl,
        ...(setting.provider === 'stops' && { abort: 'stops' as const }),
      });
      express.post(
        '/v1/chat/completions',
        tg.proxy({
          provider: to,
          ...(setting.drainSeconds === 0
            ? { whenClientGone: 'abort' as const }
            : { whenClientGone: 'drain' as const, drainMs: setting.drainSeconds * second }),
        }),
      );
    },
  });
  app = running;
  let [next, admitted, honest, mostDrains] = [0, 0, 0, 0];
  const gone = new Set<number>();
  const one = async (): Promise<void> => {
    while (next < visits.length) {
      const index = next++;
      const visit = visits[index] as Visit;
      const takesMs = ((visit.tokens + visit.thinking) / 50) * second;
      const leaveMs = visit.leavesAt === undefined ? undefined : visit.leavesAt * takesMs;
      const status = await ask(running, index, name, leaveMs, () => gone.add(index));
      if (status === 200 || gone.has(index)) admitted += 1;
      if (status === 200 && visit.leavesAt === undefined) honest += 1;
      mostDrains = Math.max(mostDrains, running.tg.inFlight - attempt);
    }
  };
  await Promise.all(Array.from({ length: attempt }, one));
  await running.settled();
  let [bill, drained] = [0, 0];
  for (const { billed, body } of provider.requests) {
    const cost = billed.inputTokens * input + billed.outputTokens * output;
    bill += cost;
    if (gone.has(Number((body as { user?: string }).user))) drained += cost;
  }
  const { used, held } = await running.money();
  expect(held).toBe(0);
  await provider.close();
  await running.close();
  app = undefined;
  const [billOverCap, usedOverBill] = [bill / capNanoUsd, used / bill];
  return { admitted, honest, billOverCap, usedOverBill, mostDrains, drainedShare: drained / bill };
}

/** Sends one request, and leaves after `leaveMs`. The status of a whole answer; 0 where there was none. */
function ask(
  to: RunningApp,
  index: number,
  model: string,
  leaveMs: number | undefined,
  left: () => void,
): Promise<number> {
  return new Promise((resolve) => {
    let whole = 0;
    const sending = request(`${to.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${to.key}`, 'content-type': 'application/json' },
    });
    const leaving =
      leaveMs === undefined
        ? undefined
        : setTimeout(() => {
            left();
            sending.destroy();
          }, leaveMs);
    sending.on('error', () => undefined);
    sending.on('response', (answer) => {
      answer.on('error', () => undefined);
      answer.resume().on('end', () => {
        whole = answer.statusCode ?? 0;
      });
    });
    sending.on('close', () => {
      clearTimeout(leaving);
      resolve(whole);
    });
    sending.end(
      JSON.stringify({
        model,
        stream: true,
        user: String(index),
        messages: [{ role: 'user', content: 'Hi' }],
      }),
    );
  });
}

/** A cap that the calls of a run without leavers use up for nine tenths, with room for what is held at once. */
function capFor(visits: readonly Visit[], { input, output }: Model): number {
  const spent = visits.reduce(
    (sum, { tokens, thinking }) => sum + 11 * input + (tokens + thinking) * output,
    0,
  );
  return Math.round(spent * 0.9 + attempt * maxTokens * output);
}

async function compared(setting: Setting): Promise<Outcome & { share: number }> {
  const model = models[setting.model];
  const without = visitsOf(7, false, model.reasons);
  const cap = capFor(without, model);
  const reference = await run(without, cap, setting);
  const outcome = await run(visitsOf(7, true, model.reasons), cap, setting);
  const stayed = visitsOf(7, true, model.reasons).filter(({ leavesAt }) => leavesAt === undefined).length;
  return { ...outcome, share: outcome.honest / ((reference.honest / clients) * stayed) };
}

describe(`${clients} clients of one budget, every tenth of which leaves`, () => {
  const settings: readonly Setting[] = [
    { model: 'visible', provider: 'stops', drainSeconds: 0 },
    ...(long ? [{ model: 'reasoning', provider: 'continues', drainSeconds: 60 } as const] : []),
  ];
  it.each(settings)(
    'keeps the cap and admits nine tenths of the others’ calls: %j',
    async (setting) => {
      const { share, billOverCap, usedOverBill } = await compared(setting);
      expect(billOverCap).toBeLessThanOrEqual(1);
      expect(usedOverBill).toBeGreaterThanOrEqual(1);
      expect(share).toBeGreaterThanOrEqual(0.9);
    },
    120_000,
  );

  if (long) {
    it('compares aborting with draining', async () => {
      for (const model of ['reasoning', 'visible'] as const) {
        for (const provider of ['stops', 'continues'] as const) {
          for (const drainSeconds of [0, 10, 30, 60]) {
            const found = await compared({ model, provider, drainSeconds });
            expect(found.billOverCap).toBeLessThanOrEqual(1);
            const figures = [found.billOverCap, found.usedOverBill, found.share, found.drainedShare];
            const shown = figures.map((figure) => figure.toFixed(2)).join(' | ');
            process.stdout.write(
              `| ${model} | ${provider} | ${drainSeconds === 0 ? 'abort' : `drain ${drainSeconds} s`} | ${shown} | ${Math.max(0, found.mostDrains)} |\n`,
            );
          }
        }
      }
    }, 1_200_000);
  }
});
