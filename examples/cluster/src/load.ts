import { serve } from './child.js';
import type { LoadOrder } from './messages.js';

const answers: Record<string, number> = {};

/** One client: sends a request, reads the response to its end, and repeats it when it was refused because the money was used up. */
async function client(url: string, stream: boolean, { key, model, asksAgain }: LoadOrder): Promise<void> {
  const body = JSON.stringify({
    model,
    max_completion_tokens: 100,
    stream,
    messages: [{ role: 'user', content: 'Tell me of the sea, in a few words that are none too long.' }],
  });
  for (let turn = 0; turn <= asksAgain; turn += 1) {
    const status = await ask(url, key, body);
    answers[status] = (answers[status] ?? 0) + 1;
    if (status === '200') return;
    await new Promise((resolve) => setTimeout(resolve, 100 * (turn + 1)));
  }
}

async function ask(url: string, key: string, body: string): Promise<string> {
  try {
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body,
    });
    await answer.arrayBuffer();
    return String(answer.status);
  } catch {
    return 'no answer';
  }
}

// All clients at once, the same number at each worker, every other one with a stream.
serve<LoadOrder>({}, async (order) => {
  const clients = order.urls.flatMap((url) =>
    Array.from({ length: order.requestsPerWorker }, (_, index) => client(url, index % 2 === 0, order)),
  );
  await Promise.all(clients);
  return { answers };
});
