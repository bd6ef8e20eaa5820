import { simulateProvider } from '@tollgate/simulator';
import { anthropic, gemini, openai, type Provider } from 'tollgate';

/** The providers of the app, and a function that stops the simulated ones. */
export interface Providers {
  providers: { openai: Provider; anthropic: Provider; gemini: Provider };
  /** From now on, one of them answers 500. */
  fail(which: keyof Providers['providers']): void;
  close(): Promise<void>;
}

/** Three simulated providers on loopback, each with its own format, models, prices and speed: OpenAI expensive, Gemini cheap and quick. */
export async function startProviders(): Promise<Providers> {
  const [one, two, three] = await Promise.all([
    simulateProvider({ script: { tokensPerSecond: 80 } }),
    simulateProvider({ script: { tokensPerSecond: 60 } }),
    simulateProvider({ script: { tokensPerSecond: 200 } }),
  ]);
  const providers = {
    openai: openai({ apiKey: 'simulated', baseUrl: one.openAiUrl, models: ['gpt-*'] }),
    anthropic: anthropic({ apiKey: 'simulated', baseUrl: two.url, models: ['claude-*'] }),
    gemini: gemini({ apiKey: 'simulated', baseUrl: three.url, models: ['gemini-*'] }),
  };
  return {
    providers,
    fail: (which) => ({ openai: one, anthropic: two, gemini: three })[which].script({ status: 500 }),
    async close() {
      await Promise.all([one.close(), two.close(), three.close()]);
      await Promise.all(Object.values(providers).map((provider) => provider.close()));
    },
  };
}
