export { type Contribution, IsolationForest, type TrainOptions } from './forest/isolation-forest.js';
export type { SavedTree } from './forest/isolation-tree.js';
export type { SavedForest } from './forest/saved-forest.js';
export { fileSwitch } from './switch/file-switch.js';
export { type KillSwitch, type KillSwitchOptions, killSwitch } from './switch/kill-switch.js';
