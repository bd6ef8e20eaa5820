import { injection, personalData, secrets } from '@tollgate/guardrails';
import express, { type ErrorRequestHandler, type Express } from 'express';
import helmet from 'helmet';
import multer from 'multer';
import OpenAI from 'openai';
import { metrics, resilient, type Tollgate, type TollgateOptions, tollgate } from 'tollgate';
import { analyse, UnreadableAnswer } from './analysis.js';
import { DocumentError, textOf } from './document.js';

/** Settings of the app. */
export interface AppConfig {
  readonly database: NonNullable<TollgateOptions['database']>;
  readonly openaiBaseUrl: string;
  readonly openaiApiKey: string;
}

/** Every user of a tenant shares its money; each key has a rate of its own. */
const plans = {
  trial: { requests: '10/min', spend: { limit: '$0.05/month', by: 'tenant' }, concurrent: 2 },
  team: { requests: '120/min', spend: { limit: '$50/month', by: 'tenant' }, concurrent: 20 },
} satisfies TollgateOptions['plans'];

const upload = multer({
  storage: multer.memoryStorage(),
  limits: { fileSize: 2_000_000, files: 1, fields: 1, fieldSize: 10_000, parts: 2 },
}).single('resume');

/** `POST /v1/analyses`: a form with the file `resume` and the text `job`. */
export function createApp({ database, openaiBaseUrl, openaiApiKey }: AppConfig): {
  app: Express;
  tg: Tollgate;
} {
  const measured = metrics();
  const tg = tollgate({
    plans,
    database, // keys, limits and ledger
    // Addresses and cards are replaced before the text leaves the app, and hidden orders are refused.
    guardrails: { rules: [injection(), secrets(), personalData()] },
    cache: true,
    jsonBody: { skip: (req) => req.path === '/analyses' }, // multer reads it
    sinks: [measured.sink],
  });
  const openai = new OpenAI({
    apiKey: openaiApiKey,
    baseURL: openaiBaseUrl,
    maxRetries: 0,
    fetch: resilient(tg.fetch, {
      retries: { attempts: 3 },
      timeouts: { firstByteMs: 20_000, totalMs: 60_000 },
    }),
  });

  const app = express();
  app.use(helmet());
  app.get('/metrics', measured.handler()); // in production: where only Prometheus can reach it
  app.get('/v1/usage', tg.usage());
  app.get('/v1/usage/history', tg.usageHistory());
  app.use('/v1', tg.guards());
  app.post('/v1/analyses', upload, async (req, res) => {
    const job = typeof req.body?.job === 'string' ? req.body.job.trim() : '';
    if (!req.file || job === '') {
      req.tollgate.noCall();
      res.status(400).json({ error: { message: 'Send a form with the file "resume" and the text "job".' } });
      return;
    }
    res.json(await analyse(openai, await textOf(req.file.buffer), job));
  });
  app.use(uploadErrors);
  app.use(tg.errors());
  return { app, tg };
}

/** What multer refuses, and documents that cannot be read, are the client's to mend. */
const uploadErrors: ErrorRequestHandler = (error, req, res, next) => {
  const isTooLarge = error instanceof multer.MulterError && error.code === 'LIMIT_FILE_SIZE';
  const status = error instanceof multer.MulterError ? (isTooLarge ? 413 : 400) : ownStatus(error);
  if (status === undefined || res.headersSent) return next(error);
  req.tollgate?.noCall();
  res.status(status).json({ error: { message: error.message } });
};

const ownStatus = (error: unknown): number | undefined =>
  error instanceof DocumentError || error instanceof UnreadableAnswer ? error.status : undefined;
