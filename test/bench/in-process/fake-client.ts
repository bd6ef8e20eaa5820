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

/** An app that is asked, and how. */
export interface Asked {
  readonly app: Express;
  /** The model that is asked for. @defaultValue gpt-5-mini */
  readonly model?: string;
  /** The callers' headers, which take turns: the body is sent as bytes, for the app to read. Absent: nobody's, and parsed already. */
  readonly callers?: readonly Readonly<Record<string, string>>[];
}

/** Asks an app without a connection; the answer goes nowhere. */
export class FakeClient {
  readonly #texts: Readonly<Record<'whole' | 'stream', string>>;
  #asked = 0;

  constructor(
    private readonly name: string,
    private readonly asked: Asked,
  ) {
    const { model } = asked;
    this.#texts = { whole: chatBody({ model }), stream: chatBody({ stream: true, model }) };
  }

  ask(stream: boolean): Promise<void> {
    const { app, callers } = this.asked;
    const text = this.#texts[stream ? 'stream' : 'whole'];
    const socket = new Nowhere();
    const req = new IncomingMessage(socket);
    req.method = 'POST';
    req.url = '/v1/chat/completions';
    req.headers = { 'content-type': 'application/json' };
    if (callers) {
      Object.assign(req.headers, callers[this.#asked % callers.length], {
        'content-length': String(text.length),
      });
      req.push(text);
      req.push(null);
      req.complete = true;
    } else Object.assign(req, { body: JSON.parse(text) });
    this.#asked += 1;
    const res = new ServerResponse(req);
    res.assignSocket(socket);
    return new Promise((resolve, reject) => {
      res.on('finish', () => {
        res.detachSocket(socket);
        res.destroyed = true;
        res.emit('close');
        if (res.statusCode === 200) resolve();
        else reject(new Error(`${this.name} answered ${res.statusCode}`));
      });
      app(req, res);
    });
  }
}
