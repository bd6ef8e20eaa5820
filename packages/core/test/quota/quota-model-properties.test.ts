import { QuotaModel, type QuotaUnderTest, quotaProperties } from '@tollgate/testkit/contracts';

const start = Date.parse('2026-11-21T23:58:30.123Z');

function model(): QuotaUnderTest {
  let nowMs = start;
  const store = new QuotaModel(() => nowMs);
  return {
    store,
    now: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
    },
    events: async () => store.events,
  };
}

quotaProperties('model', model, { runs: 50 });
