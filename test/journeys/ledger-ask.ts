import { type IncomingMessage, request } from 'node:http';
import { models } from './ledger-settings.js';

/**
 * One request of a client, which may leave in the middle of its stream, find its app killed, or wait in vain. By
 * `node:http`, since `fetch` of Node 20 has been seen to wait for ever for a body whose connection was gone.
 */
export async function ask(
  url: string,
  index: number,
  random: () => number,
  key: string,
): Promise<'ended' | 'left' | 'unanswered'> {
  const model = models[Math.floor(random() * models.length)] ?? 'gpt-5';
  const [stream, leaves] = [random() < 0.6, random() < 0.15];
  const isClaude = model.startsWith('claude');
  const tooLong = AbortSignal.timeout(30_000);
  const asking = request(`${url}/v1/${isClaude ? 'messages' : 'chat/completions'}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${key}`,
      'x-ask': `ask-${index}`,
      ...(isClaude && { 'anthropic-version': '2023-06-01' }),
    },
    signal: tooLong,
  });
  let left = false;
  try {
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      asking.on('response', resolve).on('error', reject);
    });
    asking.end(
      JSON.stringify({
        model,
        stream,
        ...(isClaude ? { max_tokens: 60 } : { max_completion_tokens: 60 }),
        messages: [
          { role: 'user', content: `ask-${index}: ${'tell me more of the sea '.repeat(1 + (index % 5))}` },
        ],
      }),
    );
    const response = await answered;
    let chunks = 0;
    for await (const _ of response) {
      chunks += 1;
      left = stream && leaves && chunks >= 3;
      if (left) asking.destroy();
    }
  } catch {
    // Whoever leaves, or whose app is killed, gets no answer.
  }
  return tooLong.aborted ? 'unanswered' : left ? 'left' : 'ended';
}
