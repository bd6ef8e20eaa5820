import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { deliver } from './deliver.js';
import { Enforcer } from './enforced-limits.js';
import { Gate } from './gate.js';
import type { Plan } from './plan.js';
import { Planner } from './planner.js';
import {
  readProviderOptions,
  type ScriptChooser,
  type SimulatedProviderOptions,
} from './provider-options.js';
import { readBody } from './read-body.js';
import { ReceivedRequest } from './received-request.js';
import { type Accounts, RequestLog } from './request-log.js';
import { routeOf } from './route.js';
import type { Script } from './script.js';
import { checkScript } from './script-check.js';

/** A running simulated provider. */
export interface SimulatedProvider {
  /** `http://127.0.0.1:<port>`: base URL for Anthropic, Gemini and Azure clients. */
  readonly url: string;
  /** `url` + `/v1`: base URL for OpenAI clients. */
  readonly openAiUrl: string;
  readonly port: number;
  /** Requests received, in order. */
  readonly requests: readonly ReceivedRequest[];
  /** Totals over all requests since the last `reset()`. */
  accounts(): Accounts;
  /** Answers the next requests with these scripts, one each, in order. */
  queue(...scripts: Script[]): void;
  /** Answers all requests without a queued script like this from now on. */
  script(script: Script | ScriptChooser): void;
  /** Answers nothing until `release()`: requests are received and wait. */
  hold(): void;
  /** Answers all waiting and later requests. */
  release(): void;
  /** Resolves once this many requests have been received since the last `reset()`; rejects after `timeoutMs` (10 000 by default). */
  waitFor(count: number, timeoutMs?: number): Promise<void>;
  /** Resolves once this many requests have ended, on either side; rejects after `timeoutMs` (10 000 by default). */
  waitForEnd(count: number, timeoutMs?: number): Promise<void>;
  /** Forgets requests and queued scripts, opens the gate, destroys unanswered requests (idle connections stay) and goes back to the first script. */
  reset(): void;
  /** Closes all connections and the server. */
  close(): Promise<void>;
}

const WAIT_MS = 10_000;
/**
 * Starts a provider on loopback with OpenAI's, Anthropic's, Gemini's and Azure's wire formats, which generates responses from the prompt,
 * follows its scripts and keeps its own accounts. Throws on a wrong or unknown option or script field.
 */
export async function simulateProvider(options: SimulatedProviderOptions = {}): Promise<SimulatedProvider> {
  const settings = readProviderOptions(options);
  const log = new RequestLog(settings.keepRequests);
  const gate = new Gate();
  const planner = new Planner(settings);
  const limits = settings.limits && new Enforcer(settings.limits, settings.now);
  const doomed = new WeakSet<Socket>();
  const unanswered = new Set<ServerResponse>();
  let queued: Script[] = [];
  let current = settings.script;
  let served = 0;
  let generation = 0;

  function scriptFor(request: ReceivedRequest): Script {
    const next = queued.shift();
    if (next) return next;
    return typeof current === 'function' ? checkScript(current(request) ?? {}) : current;
  }

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const rawBody = await readBody(req);
    const url = new URL(req.url ?? '/', 'http://provider');
    const route = routeOf(url.pathname);
    const request = new ReceivedRequest(
      log.nextId,
      route.api,
      route.family,
      req.method ?? 'GET',
      req.url ?? '/',
      req.headers,
      rawBody,
      settings.now(),
    );
    const { socket } = req;
    if (doomed.has(socket)) {
      log.add(request);
      request.outcome = 'cut';
      log.noteEnd();
      socket.destroy();
      return;
    }
    const asked = scriptFor(request);
    const script = limits ? limits.applied(asked, request) : asked;
    served += 1;
    const id = `sim${String(served).padStart(6, '0')}`;
    const { plan, writes } = planner.plan(request, route, url, script, id, script === current);
    request.model = plan.model;
    request.stream = plan.streamAsked;
    const gone = new AbortController();
    const own = generation;
    const end = (outcome: 'answered' | 'cut' | 'client-gone'): void => {
      if (request.outcome !== 'open') return;
      request.outcome = outcome;
      request.endedAtMs = settings.now();
      if (own === generation) log.noteEnd();
    };
    request.fullUsage = plan.usage;
    unanswered.add(res);
    res.on('close', () => {
      unanswered.delete(res);
      gone.abort();
      if (!res.writableFinished && script.finishesAlone) {
        request.producedTokens = plan.usage?.outputTokens ?? 0;
      }
      end(res.writableFinished ? 'answered' : 'client-gone');
    });
    log.add(request);
    const held = gate.passed();
    if (held) await held;
    if (script.closeConnection === 'on-next-request') doomed.add(socket);
    const framed: Plan = {
      ...plan,
      contentType: script.contentType ?? plan.contentType,
      headers: {
        ...headersOf(plan, route.family, id),
        ...(script.gzip ? { 'content-encoding': 'gzip' } : {}),
        ...script.headers,
      },
    };
    await deliver(res, framed, writes, script, gone.signal, {
      onHeaders: () => {
        request.status = plan.status;
        request.headersAtMs = settings.now();
      },
      onWrite: (chunk) => {
        request.producedTokens += chunk.tokens;
        if (chunk.usage !== undefined) request.reportedUsage = chunk.usage;
      },
      onCut: () => end('cut'),
    });
  }

  const server = createServer(
    { keepAliveTimeout: 60_000, requestTimeout: 0, headersTimeout: 0 },
    (req, res) => {
      answer(req, res).catch((error: unknown) => {
        if (res.headersSent || req.socket.destroyed) req.socket.destroy();
        else {
          // A script chooser that throws is a mistake in the test: report it in the response, where the test sees it.
          const message = `simulated provider: ${error instanceof Error ? error.message : String(error)}`;
          res.writeHead(500, { 'content-type': 'application/json', 'x-should-retry': 'false' });
          res.end(JSON.stringify({ error: { message, type: 'simulation_error', param: null, code: null } }));
        }
      });
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : settings.port;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    openAiUrl: `${url}/v1`,
    port,
    requests: log.requests,
    accounts: () => log.total(),
    queue(...scripts) {
      queued.push(...scripts.map(checkScript));
    },
    script(script) {
      current = typeof script === 'function' ? script : checkScript(script);
      planner.clear();
    },
    hold: () => gate.hold(),
    release: () => gate.release(),
    waitFor: (count, timeoutMs = WAIT_MS) => log.waitFor('received', count, timeoutMs),
    waitForEnd: (count, timeoutMs = WAIT_MS) => log.waitFor('ended', count, timeoutMs),
    reset() {
      generation += 1;
      queued = [];
      current = settings.script;
      planner.clear();
      limits?.clear();
      log.clear();
      for (const res of unanswered) res.destroy();
      gate.release();
    },
    async close() {
      gate.release();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function headersOf(plan: Plan, family: string, id: string): Record<string, string> {
  if (family === 'anthropic') return { 'request-id': `req_${id}`, ...plan.headers };
  if (family === 'gemini') return { 'server-timing': 'gfet4t7; dur=1', ...plan.headers };
  return {
    'x-request-id': `req_${id}`,
    'openai-version': '2020-10-01',
    'openai-processing-ms': '1',
    ...plan.headers,
  };
}
