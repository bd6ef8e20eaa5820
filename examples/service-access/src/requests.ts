/** A request that a service makes, with what it should get. */
export interface Try {
  readonly client: string;
  readonly data: 'public' | 'confidential';
  readonly model: string;
}

export const tries: readonly Try[] = [
  { client: 'claims-triage', data: 'confidential', model: 'gpt-5-mini' },
  { client: 'claims-triage', data: 'public', model: 'gpt-5' },
  { client: 'faq-writer', data: 'public', model: 'gpt-5-nano' },
  { client: 'faq-writer', data: 'confidential', model: 'gpt-5-nano' },
  { client: 'faq-writer', data: 'public', model: 'gpt-5-mini' },
];

/** Sends one; resolves with `ok`, or the code of its refusal. */
export async function send(
  url: string,
  token: string,
  { data, model }: Try,
  maxTokens = 100,
): Promise<string> {
  const answer = await fetch(`${url}/${data}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      max_tokens: maxTokens,
      messages: [{ role: 'user', content: 'Sort this letter.' }],
    }),
  });
  const { error } = (await answer.json()) as { error?: { code: string } };
  return error?.code ?? 'ok';
}
