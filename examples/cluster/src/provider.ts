import { simulateProvider } from '@tollgate/simulator';
import { serve } from './child.js';

// Responses of different lengths, some at once and some in pieces, so that settlements arrive in any order.
const provider = await simulateProvider({
  keepRequests: 1_000,
  script: ({ id }) => ({ tokens: 10 + (id % 60), chunkDelayMs: id % 4, firstByteDelayMs: (id * 7) % 40 }),
});

serve({ url: provider.openAiUrl }, async () => ({ books: provider.accounts() }));
