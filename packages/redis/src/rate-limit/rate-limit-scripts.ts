import { type Script, scriptOf } from '../script/scripts.js';

/** A script with the name under which a server remembers it. */
export function named(source: string): Script {
  return scriptOf(source);
}

/** Takes one back, unless the window is over: a bare DECR would make a new counter then, below zero and without an end. */
export const giveBackScript = named(`
if redis.call('PTTL', KEYS[1]) > 0 and tonumber(redis.call('GET', KEYS[1])) > 0 then
  return redis.call('DECR', KEYS[1])
end
return 0
`);
