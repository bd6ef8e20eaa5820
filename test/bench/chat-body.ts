/** A chat completion request of one kilobyte, as an app sends it. */
export function chatBody({
  stream = false,
  model = 'gpt-5-mini',
}: {
  stream?: boolean | undefined;
  model?: string | undefined;
} = {}): string {
  const text = (length: number) =>
    'Which of these reports names a cause, and which only a symptom? '.repeat(20).slice(0, length);
  const bodyOf = (content: string) =>
    JSON.stringify({
      model,
      max_completion_tokens: 64,
      ...(stream ? { stream: true } : {}),
      messages: [
        { role: 'system', content: 'You answer briefly and in plain words.' },
        { role: 'user', content },
      ],
    });
  return bodyOf(text(1_024 - Buffer.byteLength(bodyOf(''))));
}
