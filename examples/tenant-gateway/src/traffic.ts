/** Result of one tenant's requests. */
export interface Outcome {
  readonly tenant: string;
  readonly tier: string;
  readonly asked: number;
  readonly answered: number;
  readonly refused: Readonly<Record<string, number>>;
}

/** Sends a tenant's requests at once, each tagged with a feature. */
export async function ask(
  url: string,
  token: string,
  { tenant, tier, requests, model }: { tenant: string; tier: string; requests: number; model: string },
): Promise<Outcome> {
  const refused: Record<string, number> = {};
  let answered = 0;
  const one = async (index: number): Promise<void> => {
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'x-tollgate-labels': `feature=${index % 2 === 0 ? 'search' : 'chat'}`,
      },
      body: JSON.stringify({
        model,
        max_tokens: 50,
        messages: [{ role: 'user', content: 'Which plan do I need?' }],
      }),
    });
    const body = (await answer.json()) as { error?: { code: string } };
    const code = body.error?.code;
    if (code === undefined) answered += 1;
    else refused[code] = (refused[code] ?? 0) + 1;
  };
  await Promise.all(Array.from({ length: requests }, (_, index) => one(index)));
  return { tenant, tier, asked: requests, answered, refused };
}
