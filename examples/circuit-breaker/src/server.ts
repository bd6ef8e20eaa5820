import { writeFileSync } from 'node:fs';
import { chartOf } from './chart.js';
import { play } from './play.js';
import { storyOf } from './story.js';

console.log('Two nights with the same calls, by a clock that jumps: one unwatched, one watched …\n');
const unwatched = await play({ isWatched: false });
const watched = await play({ isWatched: true });
console.log(storyOf(unwatched, watched));
console.log(
  'try: change a rule in src/app.ts, or draw the bills: npm run example circuit-breaker -- --chart bills.svg',
);
// `npm run example circuit-breaker -- --chart FILE` also draws the bills.
const [option, file] = process.argv.slice(2);
if (option === '--chart' && file) writeFileSync(file, chartOf(unwatched.bill, watched.bill));
