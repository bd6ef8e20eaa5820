import type { Caller } from '@tollgate/core';
import type { NewKey } from '@tollgate/core/internal';
import { createManualClock } from '@tollgate/testkit';
import request from 'supertest';
import { type AuthenticateOptions, childCredentials, memoryKeys } from '../src/index.js';
import { appWith } from './app.js';
import { slowStore } from './slow-store.js';

export const childSecret = 'a secret of at least thirty-two bytes';

/** An app with one key that children are minted from. */
export function childWorld(facts: Partial<NewKey> = {}, options: Partial<AuthenticateOptions> = {}) {
  const clock = createManualClock();
  const keys = memoryKeys([], { now: clock.now });
  const issued = keys.create({
    tenant: 'acme',
    plan: 'pro',
    scopes: ['chat', 'summarize'],
    models: ['gpt-5*', 'claude-sonnet-5'],
    labels: { app: 'support' },
    ...facts,
  });
  const children = childCredentials({ secret: childSecret, now: clock.now });
  const store = { ...slowStore(keys), onChange: keys.onChange };
  const app = appWith({ keys: store, children, now: clock.now, failures: false, ...options });
  const send = (credential: string) => request(app).get('/v1').set('authorization', `Bearer ${credential}`);
  const callerOf = async (credential: string): Promise<Caller> =>
    (await send(credential).expect(200)).body.caller;
  const parent = (): Promise<Caller> => callerOf(issued.key);
  return { clock, keys, children, store, app, send, callerOf, parent, ...issued };
}
