/** An app that spends, raises and tells, as a process of its own, for tests: its settings are its argument, what to do comes as messages. */
import { type Caller, memoryKeys, tollgate, webhook } from 'tollgate';
import type { AlertsCommand, AlertsSettings } from './alerts-settings.js';

const { redisUrl, receiverUrl, secret, deadlineMs, patienceMs }: AlertsSettings = JSON.parse(
  process.argv[2] ?? '',
);
const tg = tollgate({
  plans: { pro: { requests: '100000/min', spend: '$1/month' } },
  keys: memoryKeys(),
  redis: { url: redisUrl, deadlineMs },
  switch: true,
  alerts: {
    to: [webhook({ url: receiverUrl, secret })],
    pollMs: 50,
    retryMs: 50,
    longestRetryMs: 400,
    deadlineMs: 500,
    lastsMs: patienceMs,
    aloneAfterMs: patienceMs,
  },
});
const caller: Caller = { id: 'job', tenant: 'acme', plan: 'pro', scopes: [], labels: {} };

/** One cent. */
const spendOnce = (): Promise<void> =>
  tg.runWith(caller, (context) =>
    context.record({ provider: 'openai', model: 'gpt-5-mini', usage: { outputTokens: 5_000 } }),
  );

async function obey(command: AlertsCommand): Promise<void> {
  if (command.what === 'spend') {
    for (let cent = 0; cent < command.cents; cent += 1) await spendOnce().catch(() => undefined);
  }
  if (command.what === 'raise') {
    const title = 'an agent runs away';
    tg.alerts?.raise({ key: command.key, kind: 'anomaly', severity: command.severity, title });
  }
  if (command.what === 'resolve') tg.alerts?.resolve(command.key, 'it was stopped');
  if (command.what === 'end') await tg.close({ graceMs: 1_000 });
}

process.on('message', (command: AlertsCommand) => {
  void obey(command).then(() => {
    process.send?.('done');
    if (command.what === 'end') process.disconnect();
  });
});
process.send?.('ready');
