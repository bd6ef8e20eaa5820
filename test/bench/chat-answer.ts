/** Usage of {@link chatAnswer}, as OpenAI writes it. */
export const chatUsage = {
  prompt_tokens: 221,
  completion_tokens: 48,
  total_tokens: 269,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
};

/** The answer that every handler gives, without asking a provider. */
export const chatAnswer = {
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1_790_000_000,
  model: 'gpt-5-mini',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'The first names a cause; the others only say what was seen. '.repeat(4),
      },
      finish_reason: 'stop',
    },
  ],
  usage: chatUsage,
};
