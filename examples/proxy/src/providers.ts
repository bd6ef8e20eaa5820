import { simulateProvider } from '@tollgate/simulator';
import { anthropic, openai, type Provider } from 'tollgate';
import type { Config } from './config.js';

/** The providers, and a function that stops the simulated ones. */
export interface Providers {
  providers: Provider[];
  /** One line for the person who started the app. */
  described: string;
  close(): Promise<void>;
}

/** The providers that the environment names; a simulated one on loopback where it names none. */
export async function startProviders({ openai: one, anthropic: other }: Config): Promise<Providers> {
  if (!one && !other) {
    const simulated = await simulateProvider({ keepRequests: 100 });
    const providers = [
      openai({ apiKey: 'simulated', baseUrl: simulated.openAiUrl }),
      anthropic({ apiKey: 'simulated', baseUrl: simulated.url }),
    ];
    const described = 'a simulated provider (set OPENAI_API_KEY or ANTHROPIC_API_KEY for a real one)';
    return { providers, described, close: () => simulated.close() };
  }
  const providers = [one && openai(one), other && anthropic(other)].filter((each) => each !== undefined);
  return {
    providers,
    described: [one && 'OpenAI', other && 'Anthropic'].filter(Boolean).join(' and '),
    close: async () => undefined,
  };
}
