import { createServer, type RequestListener } from 'node:http';
import { Duplex } from 'node:stream';

/** One kept-alive connection to an app, without the kernel: Node's own HTTP parser reads what is asked, and what is answered is only looked at. */
export class Wireless {
  #answered: (status: number) => void = () => {};
  readonly #socket: Duplex;

  constructor(app: RequestListener) {
    const server = createServer((req, res) => {
      res.on('finish', () => this.#answered(res.statusCode));
      app(req, res);
    });
    this.#socket = new Duplex({
      read() {},
      write: (_chunk, _encoding, done) => done(),
      writev: (_chunks, done) => done(),
    });
    Object.assign(this.#socket, {
      remoteAddress: '127.0.0.1',
      setTimeout() {},
      setNoDelay() {},
      setKeepAlive() {},
    });
    server.emit('connection', this.#socket);
  }

  /** Sends the bytes of one request; resolves with the status once its answer is written. */
  ask(request: Buffer): Promise<number> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#socket.push(request);
    });
  }
}
