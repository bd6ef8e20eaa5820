import type { Dispatcher } from 'undici';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

const text = (value: object): Buffer => Buffer.from(JSON.stringify(value));
const event = (value: object, name?: string): Buffer =>
  Buffer.from(`${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(value)}\n\n`);
const usage = { prompt_tokens: 200, completion_tokens: 8, total_tokens: 208 };
const chunkOf = (more: object): object => ({
  ...{ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-5-mini' },
  ...more,
});
const delta = (content: string, finish_reason: string | null = null): object =>
  chunkOf({ choices: [{ index: 0, delta: { content }, finish_reason }], usage: null });

const openAi = {
  whole: text({
    ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-5-mini', usage },
    choices: [
      { index: 0, message: { role: 'assistant', content: 'word '.repeat(8) }, finish_reason: 'stop' },
    ],
  }),
  chunk: event(delta('word ')),
  end: [event(delta('', 'stop')), event(chunkOf({ choices: [], usage })), Buffer.from('data: [DONE]\n\n')],
  begin: [] as Buffer[],
};

const anthropicUsage = { input_tokens: 200, output_tokens: 8 };
const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-haiku-4-5' };
const block = (type: string, more: object): Buffer => event({ type, index: 0, ...more }, type);
const anthropic = {
  whole: text({
    ...message,
    content: [{ type: 'text', text: 'word '.repeat(8) }],
    stop_reason: 'end_turn',
    usage: anthropicUsage,
  }),
  begin: [
    event(
      { type: 'message_start', message: { ...message, content: [], usage: anthropicUsage } },
      'message_start',
    ),
    block('content_block_start', { content_block: { type: 'text', text: '' } }),
  ],
  chunk: block('content_block_delta', { delta: { type: 'text_delta', text: 'word ' } }),
  end: [
    block('content_block_stop', {}),
    event(
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: anthropicUsage },
      'message_delta',
    ),
    event({ type: 'message_stop' }, 'message_stop'),
  ],
};

/** Stands where undici's dispatcher does, and answers at once: bytes made beforehand, each chunk by itself. */
export class FakeProvider {
  /** Of a streamed answer; 0: answers are in one piece. */
  chunks = 0;

  readonly dispatcher = {
    dispatch: (options: { readonly path: string }, handler: Handler): boolean => {
      const format = options.path.endsWith('/messages') ? anthropic : openAi;
      setImmediate(() => this.#answer(format, handler));
      return true;
    },
  };

  #answer(format: typeof openAi, handler: Handler): void {
    const controller = Object.assign(Object.create(null), {
      paused: false,
      aborted: false,
      reason: null,
      rawHeaders: null,
      rawTrailers: null,
      abort: () => {},
      pause: () => {},
      resume: () => {},
    }) as Controller;
    const type = this.chunks > 0 ? 'text/event-stream' : 'application/json';
    handler.onRequestStart?.(controller, undefined);
    handler.onResponseStart?.(controller, 200, { 'content-type': type }, 'OK');
    if (this.chunks === 0) handler.onResponseData?.(controller, format.whole);
    else {
      for (const bytes of format.begin) handler.onResponseData?.(controller, bytes);
      for (let left = this.chunks; left > 0; left -= 1) handler.onResponseData?.(controller, format.chunk);
      for (const bytes of format.end) handler.onResponseData?.(controller, bytes);
    }
    handler.onResponseEnd?.(controller, {});
  }
}
