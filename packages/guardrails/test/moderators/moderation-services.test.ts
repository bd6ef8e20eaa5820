import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import {
  bedrockGuardrail,
  guardrails,
  lakera,
  type Moderator,
  openAiModeration,
  presidio,
  type Report,
  type ServiceOptions,
} from '../../src/index.js';

interface Asked {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A service that gives one answer to every request; `undefined`: none at all. */
async function service(answer: unknown, status = 200): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((req, res) => {
    let text = '';
    req.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    req.on('end', () => {
      asked.push({ url: req.url, headers: req.headers, body: JSON.parse(text) });
      if (answer === undefined) return;
      res.writeHead(status, { 'content-type': 'application/json', location: 'https://elsewhere.example/' });
      res.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, asked };
}

function app(moderator: Moderator, reports: Report[] = []) {
  const made = express();
  const onReport = (report: Report): void => void reports.push(report);
  made.use(express.json(), guardrails({ rules: [], moderators: [moderator], onReport }));
  made.post('/chat', (_req, res) => void res.json({ passed: true }));
  return made;
}

const body = {
  model: 'gpt-5-mini',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Tell me of the sea.' },
  ],
};
/** Every text of the body, names and roles too: nothing is hidden from a moderator. */
const texts = ['gpt-5-mini', 'system', 'Be brief.', 'user', 'Tell me of the sea.'];

interface Preset {
  readonly made: (url: string, more?: ServiceOptions) => Moderator;
  readonly url: string;
  readonly credential?: string;
  readonly sent: object;
  readonly harmless: unknown;
  readonly objects: unknown;
  readonly kinds: readonly string[];
}

const presets: Record<string, Preset> = {
  'openai-moderation': {
    made: (baseUrl, more) => openAiModeration({ apiKey: 'sk-mod', baseUrl, ...more }),
    url: '/moderations',
    credential: 'Bearer sk-mod',
    sent: { model: 'omni-moderation-latest', input: texts },
    harmless: {
      id: 'modr-1',
      results: texts.map(() => ({
        flagged: false,
        categories: { violence: false, 'self-harm': false },
        category_scores: {},
      })),
    },
    objects: {
      results: texts.map((_, index) => ({
        flagged: index === 4,
        categories: { violence: index === 4, 'self-harm': false },
      })),
    },
    kinds: ['moderation.violence'],
  },
  presidio: {
    made: (url, more) =>
      presidio({ url, entities: ['CREDIT_CARD', 'EMAIL_ADDRESS'], scoreThreshold: 0.6, ...more }),
    url: '/analyze',
    sent: {
      text: texts.join('\n\n'),
      language: 'en',
      score_threshold: 0.6,
      entities: ['CREDIT_CARD', 'EMAIL_ADDRESS'],
    },
    harmless: [],
    objects: [
      { entity_type: 'CREDIT_CARD', start: 0, end: 3, score: 1 },
      { entity_type: 'EMAIL_ADDRESS', start: 4, end: 6, score: 0.1 },
    ],
    kinds: ['pii.CREDIT_CARD'],
  },
  'bedrock-guardrail': {
    made: (baseUrl, more) =>
      bedrockGuardrail({
        region: 'us-west-2',
        guardrailId: 'gr1',
        guardrailVersion: '3',
        apiKey: 'bedrock-key',
        baseUrl,
        ...more,
      }),
    url: '/guardrail/gr1/version/3/apply',
    credential: 'Bearer bedrock-key',
    sent: { source: 'INPUT', content: texts.map((text) => ({ text: { text } })) },
    harmless: { action: 'NONE', assessments: [{}], outputs: [], usage: {} },
    objects: {
      action: 'GUARDRAIL_INTERVENED',
      outputs: [{ text: 'Sorry.' }],
      assessments: [
        {
          topicPolicy: { topics: [{ name: 'Investments', type: 'DENY', action: 'BLOCKED' }] },
          contentPolicy: {
            filters: [
              { type: 'PROMPT_ATTACK', confidence: 'HIGH', action: 'BLOCKED' },
              { type: 'HATE', action: 'NONE' },
            ],
          },
          sensitiveInformationPolicy: { piiEntities: [{ type: 'EMAIL', action: 'ANONYMIZED' }], regexes: [] },
          wordPolicy: { customWords: [{ match: 'x', action: 'BLOCKED' }] },
        },
      ],
    },
    kinds: ['topic.Investments', 'content.PROMPT_ATTACK', 'word', 'pii.EMAIL'],
  },
  lakera: {
    made: (baseUrl, more) => lakera({ apiKey: 'lk', projectId: 'project-1', baseUrl, ...more }),
    url: '/v2/guard',
    credential: 'Bearer lk',
    sent: {
      messages: texts.map((content) => ({ role: 'user', content })),
      breakdown: true,
      project_id: 'project-1',
    },
    harmless: { flagged: false, breakdown: [{ detector_type: 'prompt_attack', detected: false }] },
    objects: {
      flagged: true,
      breakdown: [
        { detector_type: 'prompt_attack', detected: true },
        { detector_type: 'pii/email', detected: false },
      ],
    },
    kinds: ['lakera.prompt_attack'],
  },
};

describe.each(Object.entries(presets))('the moderator %s', (name, preset) => {
  it('asks the service once for all texts of a body, with its credential, and lets a harmless one pass', async () => {
    const { url, asked } = await service(preset.harmless);
    await request(app(preset.made(url)))
      .post('/chat')
      .send(body)
      .expect(200);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ url: preset.url, body: preset.sent });
    expect(asked[0]?.headers.authorization).toBe(preset.credential);
  });

  it('refuses with 400 what the service objects to, and reports its kinds', async () => {
    const { url } = await service(preset.objects);
    const reports: Report[] = [];
    const answer = await request(app(preset.made(url), reports))
      .post('/chat')
      .send(body)
      .expect(400);
    expect(answer.body.error).toMatchObject({ code: 'prompt_rejected' });
    expect(answer.body.error.message).toContain(name);
    expect(reports).toMatchObject([{ rule: name, action: 'block', kinds: preset.kinds }]);
  });

  it('only reports with action "flag", under another name if it is given one', async () => {
    const { url } = await service(preset.objects);
    const reports: Report[] = [];
    const moderator = preset.made(url, { action: 'flag', name: 'second' });
    await request(app(moderator, reports)).post('/chat').send(body).expect(200);
    expect(reports).toMatchObject([{ rule: 'second', action: 'flag', kinds: preset.kinds }]);
  });

  it.each([
    ['an error', { error: 'no' }, 500],
    ['a redirect', '', 302],
    ['no JSON', '<html>', 200],
    ['JSON of another form', { ok: true }, 200],
    ['a list of nonsense', [1], 200],
    ['two megabytes', JSON.stringify({ results: 'x'.repeat(2_000_000) }), 200],
  ])(
    'answers 503, or lets pass where the app says so, when the service answers with %s',
    async (_what, answer, status) => {
      const { url } = await service(answer, status);
      const closed = await request(app(preset.made(url)))
        .post('/chat')
        .send(body)
        .expect(503);
      expect(closed.body.error.code).toBe('upstream_unavailable');
      await request(app(preset.made(url, { whenDown: 'open' })))
        .post('/chat')
        .send(body)
        .expect(200);
    },
  );

  it('answers 503 when the service is late, and ends its request', async () => {
    const { url } = await service(undefined);
    await request(app(preset.made(url, { deadlineMs: 30 })))
      .post('/chat')
      .send(body)
      .expect(503);
    const { connections } = await new Promise<{ connections: number }>((resolve) => {
      const look = (): void =>
        void servers
          .at(-1)
          ?.getConnections((_error, connections) =>
            connections === 0 ? resolve({ connections }) : setImmediate(look),
          );
      look();
    });
    expect(connections).toBe(0);
  });
});

describe('the presets of moderation services', () => {
  it('count only the categories that are named', async () => {
    const { url } = await service(presets['openai-moderation']?.objects);
    const moderator = openAiModeration({ apiKey: 'k', baseUrl: url, categories: ['self-harm'] });
    await request(app(moderator)).post('/chat').send(body).expect(200);
  });

  it('take an entity of Presidio without a score for an answer of another form, not for harmless', async () => {
    const { url } = await service([{ entity_type: 'CREDIT_CARD', start: 0, end: 3 }]);
    await request(app(presidio({ url })))
      .post('/chat')
      .send(body)
      .expect(503);
  });

  it('shorten the kinds that they publish', async () => {
    const { url } = await service([{ entity_type: 'X'.repeat(5_000), start: 0, end: 3, score: 1 }]);
    const reports: Report[] = [];
    await request(app(presidio({ url }), reports))
      .post('/chat')
      .send(body)
      .expect(400);
    expect(reports[0]?.kinds[0]).toHaveLength(100);
  });

  it('send through a fetch that signs', async () => {
    const { url, asked } = await service(presets['bedrock-guardrail']?.harmless);
    const signing: typeof fetch = (input, init) =>
      fetch(input, {
        ...init,
        headers: { ...init?.headers, authorization: 'AWS4-HMAC-SHA256 signed' } as Record<string, string>,
      });
    const moderator = bedrockGuardrail({
      region: 'eu-west-1',
      guardrailId: 'arn:aws:x/y',
      guardrailVersion: 'DRAFT',
      fetch: signing,
      baseUrl: url,
    });
    await request(app(moderator)).post('/chat').send(body).expect(200);
    expect(asked[0]?.url).toBe('/guardrail/arn%3Aaws%3Ax%2Fy/version/DRAFT/apply');
    expect(asked[0]?.headers.authorization).toBe('AWS4-HMAC-SHA256 signed');
  });
});
