import { type Caller, contextOf, guarded } from '@tollgate/core';
import { type ChannelName, publish as publishWhole } from '@tollgate/core/internal';
import express, { type Express } from 'express';
import request from 'supertest';
import { type Mitigation, type Watch, type WatchOptions, watch } from '../../src/index.js';

/** The payloads here have only the fields that matter. */
const publish = publishWhole as (name: ChannelName, facts: () => object) => void;

const callerOf = (name: string): Caller => {
  const [tenant = '', id = ''] = name.split('/');
  return Object.freeze({ id, keyId: id, tenant, plan: 'pro', scopes: [], labels: {} });
};

/** An app that takes `x-caller: acme/k1` for its word, and answers with what the guards leave of the caller. */
export function appUnderWatch(options: WatchOptions) {
  const measures: Mitigation[] = [];
  const watching: Watch = watch({ onMitigation: (measure) => measures.push(measure), ...options });
  const app: Express = express();
  const callers = new Map<string, Caller>();
  app.use(
    guarded('stubAuth', (req, res, next) => {
      const name = String(req.headers['x-caller']);
      const caller = callers.get(name) ?? callerOf(name);
      callers.set(name, caller);
      contextOf(req, res).caller = caller;
      next();
    }),
  );
  app.use(watching.guard());
  app.get('/', (req, res) => void res.json({ tightened: req.tollgate.caller?.tightened ?? null }));
  const ask = (caller: string, solution?: string) => {
    const asked = request(app).get('/').set('x-caller', caller);
    return solution === undefined ? asked : asked.set('x-tollgate-solution', solution);
  };
  return { watching, measures, ask };
}

/** A key is refused so often that quota probing has at least this score. */
export function probe(name: string, score: number, refusals = score * 5): void {
  const { tenant, keyId } = callerOf(name);
  for (let one = 0; one < refusals; one += 1) {
    publish('tollgate:refuse', () => ({ code: 'quota_exceeded', tenant, keyId }));
  }
}
