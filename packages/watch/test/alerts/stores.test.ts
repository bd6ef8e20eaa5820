import { memoryAlerts } from '@tollgate/core';
import { alertStoreContract } from '@tollgate/testkit/contracts';

alertStoreContract('in memory', () => {
  const store = memoryAlerts({ maxWaiting: 10 });
  return { store, other: store };
});
