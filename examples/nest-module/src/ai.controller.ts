import { BadRequestException, Body, Controller, Get, Inject, Post } from '@nestjs/common';
import OpenAI from 'openai';
import type { Caller, Tollgate } from 'tollgate';
import { CurrentCaller } from './current-caller.js';
import { TOLLGATE } from './tollgate.token.js';

/** Calls that cost money: everything below `/ai` is behind the guards. */
@Controller('ai')
export class AiController {
  readonly #openai: OpenAI;

  constructor(@Inject(TOLLGATE) tg: Tollgate) {
    const { OPENAI_API_KEY = 'simulated', OPENAI_BASE_URL } = process.env;
    this.#openai = new OpenAI({ apiKey: OPENAI_API_KEY, baseURL: OPENAI_BASE_URL, fetch: tg.fetch });
  }

  @Post('haiku')
  async haiku(@Body() body: { topic?: unknown }, @CurrentCaller() caller: Caller): Promise<object> {
    if (typeof body.topic !== 'string') throw new BadRequestException('Send { "topic": "…" }.');
    const { choices } = await this.#openai.chat.completions.create({
      model: 'gpt-5-mini',
      max_completion_tokens: 200,
      messages: [{ role: 'user', content: `A haiku on ${body.topic}` }],
    });
    return { for: caller.tenant, haiku: choices[0]?.message.content };
  }

  @Post('broken')
  broken(): never {
    throw new Error('a fault of the app');
  }
}

/** Everything else is Nest's own. */
@Controller()
export class HealthController {
  @Get('health')
  health(): object {
    return { ok: true };
  }
}
