import { simulateProvider } from '@tollgate/testkit';
import { anthropic, gemini, openai, type Provider } from 'tollgate';

/** The providers of the app, and how to end what was started for them. */
export interface Providers {
  providers: Provider[];
  close(): Promise<void>;
}

/** Three simulated providers on loopback, each with its own format, models and pace. */
export async function startProviders(): Promise<Providers> {
  const [one, two, three] = await Promise.all([
    simulateProvider({ script: { tokensPerSecond: 80 } }),
    simulateProvider({ script: { tokensPerSecond: 60 } }),
    simulateProvider({ script: { tokensPerSecond: 200 } }),
  ]);
  const providers = [
    openai({ apiKey: 'simulated', baseUrl: one.openAiUrl, models: ['gpt-*'] }),
    anthropic({ apiKey: 'simulated', baseUrl: two.url, models: ['claude-*'] }),
    gemini({ apiKey: 'simulated', baseUrl: three.url, models: ['gemini-*'] }),
  ];
  return {
    providers,
    async close() {
      await Promise.all([one.close(), two.close(), three.close()]);
      await Promise.all(providers.map((provider) => provider.close()));
    },
  };
}
