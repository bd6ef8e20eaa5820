import type { Caller } from '@tollgate/core';
import express from 'express';
import express4 from 'express4';
import { type AuthenticateOptions, authenticate } from '../src/index.js';

export const versions: [name: string, create: typeof express][] = [
  ['Express 5', express],
  ['Express 4', express4],
];

/** An app whose one route tells who came in. */
export function appWith(options: AuthenticateOptions, create: typeof express = express): express.Express {
  const app = create();
  app.use(authenticate(options));
  app.use('/v1', (req, res) => {
    const caller: Caller | undefined = req.tollgate.caller;
    res.json({ caller, sameUser: caller !== undefined && req.user === caller });
  });
  return app;
}
