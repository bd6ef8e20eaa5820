import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { simulateProvider } from '@tollgate/simulator';
import { memoryKeys } from 'tollgate';
import { AiController, HealthController } from './ai.controller.js';
import { TollgateModule } from './tollgate.module.js';

const simulated = process.env.OPENAI_API_KEY ? undefined : await simulateProvider();
if (simulated) process.env.OPENAI_BASE_URL = simulated.openAiUrl;
const keys = memoryKeys();
const { key } = keys.create({ tenant: 'acme', plan: 'free' });

@Module({
  imports: [
    TollgateModule.forRoot({ plans: { free: { requests: '20/min', spend: '$0.01/day' } }, keys }, ['ai']),
  ],
  controllers: [AiController, HealthController],
})
class AppModule {}

// The guards read the body: they refuse what parsers read in different ways.
const app = await NestFactory.create(AppModule, { bodyParser: false, logger: ['error', 'warn'] });
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT ?? 3013), '127.0.0.1');
const url = await app.getUrl();
const ask = async (path: string, body: object, credential = key) => {
  const headers = { authorization: `Bearer ${credential}`, 'content-type': 'application/json' };
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  console.log(`POST ${path}: ${response.status} ${(await response.text()).slice(0, 120)}`);
};
await ask('/ai/haiku', { topic: 'the sea' });
await ask('/ai/haiku', { topic: 7 });
await ask('/ai/haiku', { topic: 'the sea' }, 'tg_live_unknown');
console.log(`listening on ${url}; try`);
console.log(
  `curl -s ${url}/ai/haiku -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '{"topic":"the sea"}'`,
);
