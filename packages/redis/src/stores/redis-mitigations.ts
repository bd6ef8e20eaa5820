import {
  latestFirst,
  type MitigationRecord,
  type MitigationStore,
  type OperatorDecision,
  type TakenBack,
} from '@tollgate/core/internal';
import type { ScriptRunner } from '../script/script-runner.js';
import { scriptOf } from '../script/scripts.js';

/** How long a decision waits for the process that acts, in seconds. */
const decisionSeconds = 60;

/** KEYS[1]: values that end, by name. ARGV: now in ms, name, end in ms, value. Removes those that have ended. */
const putScript = scriptOf(`
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local ends = tonumber(string.match(all[i + 1], '"untilMs":(%d+)'))
  if not ends or ends <= tonumber(ARGV[1]) then redis.call('HDEL', KEYS[1], all[i]) end
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[4])
local ttl = redis.call('PTTL', KEYS[1])
local left = tonumber(ARGV[3]) - tonumber(ARGV[1])
if ttl < left then redis.call('PEXPIRE', KEYS[1], left) end
return 1`);

/** KEYS[1]: decisions by id. ARGV: ids. Returns and removes those that are there. */
const takeScript = scriptOf(`
local found = {}
for _, id in ipairs(ARGV) do
  local value = redis.call('HGET', KEYS[1], id)
  if value then
    found[#found + 1] = value
    redis.call('HDEL', KEYS[1], id)
  end
end
return found`);

/** Actions of `watch()` and decisions about them, shared by all processes. */
export function redisMitigations(runner: ScriptRunner, prefix: string): MitigationStore {
  const records = `${prefix}:{mitigations}:records`;
  const decisions = `${prefix}:{mitigations}:decisions`;
  const undone = `${prefix}:{mitigations}:undone`;
  const put = async (key: string, name: string, value: MitigationRecord | TakenBack): Promise<void> => {
    const untilMs = Math.ceil(value.untilMs);
    const text = JSON.stringify({ ...value, untilMs });
    await runner.run('mitigations', putScript, key, [String(Date.now()), name, String(untilMs), text]);
  };
  return {
    put: (record) => put(records, record.id, record),
    async list() {
      const answer: unknown = await runner.command('mitigations', records, ['HVALS', records]);
      const found = listOf(answer).map((text) => JSON.parse(text) as MitigationRecord);
      return found.filter(({ untilMs }) => untilMs > Date.now()).sort(latestFirst);
    },
    async decide(decision) {
      await runner.command('mitigations', decisions, [
        'HSET',
        decisions,
        decision.id,
        JSON.stringify(decision),
      ]);
      await runner.command('mitigations', decisions, ['EXPIRE', decisions, String(decisionSeconds)]);
    },
    async take(ids) {
      if (ids.length === 0) return [];
      const answer = await runner.run('mitigations', takeScript, decisions, [...ids]);
      return listOf(answer).map((text) => JSON.parse(text) as OperatorDecision);
    },
    takeBack: (takenBack) => put(undone, takenBack.matter, takenBack),
    async takenBack(matters) {
      if (matters.length === 0) return [];
      const answer = await runner.command('mitigations', undone, ['HMGET', undone, ...matters]);
      const found = (Array.isArray(answer) ? answer : []).filter((one) => one !== null);
      return found
        .map((text) => JSON.parse(String(text)) as TakenBack)
        .filter(({ untilMs }) => untilMs > Date.now());
    },
  };
}

const listOf = (answer: unknown): string[] => (Array.isArray(answer) ? answer.map(String) : []);
