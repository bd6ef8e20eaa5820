import { play } from './pipeline.js';

console.log('twenty minutes of traffic, on a simulated clock:');
const { outcomes, threshold } = await play((line) => console.log(line));
console.log(`the forest's highest score of each; unusual from ${threshold.toFixed(3)}:`);
console.table(
  outcomes.map(({ who, asked, answered, refused, score }) => ({
    who,
    asked,
    answered,
    refused: JSON.stringify(refused),
    score: Number(score.toFixed(3)),
  })),
);
console.log('try: change a rule in src/app.ts, or a feature in src/features.ts, and run it again');
