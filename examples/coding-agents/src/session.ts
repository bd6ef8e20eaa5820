/** A credential for one session of an agent. */
export interface Session {
  readonly token: string;
  readonly expiresAt: string;
}

/** Gets a short-lived credential from a developer's own key, which stays out of the agent's environment. Rejects where it is refused. */
export async function session(
  url: string,
  key: string,
  { spend, hours }: { spend: `$${string}`; hours: number },
): Promise<Session> {
  const response = await fetch(`${url}/key/children`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ expires_in_ms: hours * 3_600_000, limits: { spend } }),
  });
  const body = (await response.json()) as { token: string; expires_at: string; error?: { message: string } };
  if (body.error) throw new Error(body.error.message);
  return { token: body.token, expiresAt: body.expires_at };
}
