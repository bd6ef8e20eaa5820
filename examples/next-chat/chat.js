import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createOpenAI } from '@ai-sdk/openai';
import { convertToModelMessages, streamText } from 'ai';
import { Router } from 'express';
import { memoryKeys, tollgate } from 'tollgate';

/** The visitor of a request, by a signed cookie; a new one where there is none. */
function visitorOf(req, res, secret) {
  const sign = (id) => createHmac('sha256', secret).update(id).digest('base64url');
  const [, id, signature = ''] =
    /(?:^|; )visitor=([\w-]{22})\.([\w-]{43})/.exec(req.headers.cookie ?? '') ?? [];
  if (id && timingSafeEqual(Buffer.from(signature), Buffer.from(sign(id)))) return id;
  const fresh = randomBytes(16).toString('base64url');
  res.cookie('visitor', `${fresh}.${sign(fresh)}`, {
    httpOnly: true,
    sameSite: 'strict',
    secure: req.secure,
    maxAge: 86_400_000,
  });
  return fresh;
}

/** The API of the chat, to be mounted below `/api`. A visitor can drop its cookie, so all of them together have a limit as well. */
export function chatApi({ apiKey, baseURL, secret }) {
  const tg = tollgate({
    plans: {
      visitor: { requests: { rate: '20/min', by: 'user' }, spend: { limit: '$0.01/day', by: 'user' } },
    },
    limits: ['$5/day'],
    keys: memoryKeys(),
    authenticate: {
      caller: (req) => ({ tenant: 'site', user: visitorOf(req, req.res, secret), plan: 'visitor' }),
    },
    errorFormat: 'openai',
  });
  const models = createOpenAI({ apiKey, baseURL, fetch: tg.fetch });
  const api = Router();
  api.get('/usage', tg.usage());
  api.post('/chat', tg.guards(), async (req, res) => {
    const result = streamText({
      model: models.chat('gpt-5-mini'),
      messages: await convertToModelMessages(req.body.messages),
      maxOutputTokens: 500,
      maxRetries: 0,
      onError: () => undefined, // the client is told below
    });
    result.pipeUIMessageStreamToResponse(res, {
      onError: (error) =>
        error?.statusCode === 402 ? 'Your budget for today is used up.' : 'The model is not available.',
    });
  });
  api.use(tg.errors());
  return { api, tg };
}
