import { models } from './ledger-settings.js';

/** One request of a client, which may leave in the middle of its stream, or find its app killed. `false`: it waited in vain. */
export async function ask(url: string, index: number, random: () => number, key: string): Promise<boolean> {
  const model = models[Math.floor(random() * models.length)] ?? 'gpt-5';
  const [stream, leaves] = [random() < 0.6, random() < 0.15];
  const isClaude = model.startsWith('claude');
  const gone = new AbortController();
  const tooLong = AbortSignal.timeout(30_000);
  try {
    const response = await fetch(`${url}/v1/${isClaude ? 'messages' : 'chat/completions'}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${key}`,
        'x-ask': `ask-${index}`,
        ...(isClaude && { 'anthropic-version': '2023-06-01' }),
      },
      body: JSON.stringify({
        model,
        stream,
        ...(isClaude ? { max_tokens: 60 } : { max_completion_tokens: 60 }),
        messages: [
          { role: 'user', content: `ask-${index}: ${'tell me more of the sea '.repeat(1 + (index % 5))}` },
        ],
      }),
      signal: AbortSignal.any([gone.signal, tooLong]),
    });
    let chunks = 0;
    for await (const _ of response.body ?? []) {
      chunks += 1;
      if (stream && leaves && chunks === 3) gone.abort();
    }
  } catch {
    // Whoever leaves, or whose app is killed, gets no answer.
  }
  return !tooLong.aborted;
}
