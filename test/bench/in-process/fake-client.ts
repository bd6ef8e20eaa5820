import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Express } from 'express';
import { chatBody } from '../chat-body.js';

/** A socket whose bytes go nowhere. */
class Nowhere extends Socket {
  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done();
  }
  override _writev(_chunks: unknown, done: () => void): void {
    done();
  }
}

const bodies = {
  whole: JSON.parse(chatBody({ stream: false })),
  stream: JSON.parse(chatBody({ stream: true })),
};

/** Asks an app without a connection: the body is parsed already, and the answer goes nowhere. */
export class FakeClient {
  constructor(private readonly app: Express) {}

  ask(stream: boolean, contender: string): Promise<void> {
    const socket = new Nowhere();
    const req = new IncomingMessage(socket);
    req.method = 'POST';
    req.url = '/v1/chat/completions';
    req.headers = { 'content-type': 'application/json' };
    const model = /routed/.test(contender) ? 'auto' : 'gpt-5-mini';
    Object.assign(req, { body: { ...(stream ? bodies.stream : bodies.whole), model } });
    const res = new ServerResponse(req);
    res.assignSocket(socket);
    return new Promise((resolve, reject) => {
      res.on('finish', () => {
        if (res.statusCode === 200) resolve();
        else reject(new Error(`${contender} answered ${res.statusCode}`));
      });
      this.app(req, res);
    });
  }
}
