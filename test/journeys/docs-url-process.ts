/** An app as a separate process with TOLLGATE_DOCS_URL: prints what it answers to a request without a key, in each format, as JSON. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { authenticate } from '@tollgate/auth';
import express from 'express';
import { memoryKeys, tollgate } from 'tollgate';

const keys = memoryKeys();
const tg = tollgate({ keys, plans: { free: { spend: '$1/day' } } });
const app = express();
app.use('/problem', authenticate({ keys, errorFormat: 'problem' }));
app.use(tg.guards());
app.use(tg.errors());
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const answers: unknown[] = [];
for (const path of [
  '/v1/chat/completions',
  '/v1/messages',
  '/v1beta/models/gemini-3-pro:generateContent',
  '/problem',
])
  answers.push(await (await fetch(url + path, { method: 'POST' })).json());
process.stdout.write(JSON.stringify(answers));
server.close();
server.closeAllConnections();
await tg.close({ graceMs: 0 });
