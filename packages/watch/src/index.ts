export { fileSwitch } from './switch/file-switch.js';
export { type KillSwitch, type KillSwitchOptions, killSwitch } from './switch/kill-switch.js';
