/** What the whole chain costs in memory, over bare Express, and beside a chain composed from well-known packages. */
import { callers } from './callers.js';
import { bare, chainSteps, composed, ours, umbrella } from './chain-apps.js';
import { chatBody } from './chat-body.js';
import { compare } from './harness/compare.js';
import { listen } from './harness/listen.js';

const load = { path: '/v1/chat/completions', body: chatBody(), headers: callers(20), connections: 20 };

await compare({
  name: 'chain',
  contenders: {
    'bare Express': async () => listen(await bare()),
    'composed chain': async () => listen(await composed()),
    'helmet and tollgate().guards()': async () => listen(await umbrella()),
    ...Object.fromEntries(chainSteps.map((name, index) => [name, async () => listen(await ours(index + 1))])),
  },
  scenarios: [
    {
      title: 'Our chain, guard by guard',
      contenders: ['bare Express', 'composed chain', ...chainSteps, 'helmet and tollgate().guards()'],
      goals: [
        'the whole chain has at least 0.70 of the throughput of bare Express, and more than the composed one',
      ],
      load,
    },
  ],
});
