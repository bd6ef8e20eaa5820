import { play } from './play.js';
import { storyOf } from './story.js';

console.log('Two nights with the same calls, by a clock that jumps: one unwatched, one watched …\n');
const unwatched = await play({ isWatched: false });
const watched = await play({ isWatched: true });
console.log(storyOf(unwatched, watched));
