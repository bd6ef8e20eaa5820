import {
  type DynamicModule,
  Inject,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { type Tollgate, type TollgateOptions, tollgate } from 'tollgate';
import { TollgateFilter } from './tollgate.filter.js';
import { TOLLGATE } from './tollgate.token.js';

const ROUTES = Symbol('tollgate.routes');

/** Guards the routes below `routes`, answers what they and handlers throw, and ends with the app. Inject `TOLLGATE` for `tg.fetch` and the rest. */
@Module({})
export class TollgateModule implements NestModule, OnApplicationShutdown {
  static forRoot(options: TollgateOptions, routes: readonly string[]): DynamicModule {
    return {
      module: TollgateModule,
      global: true,
      providers: [
        { provide: TOLLGATE, useFactory: () => tollgate(options) },
        { provide: ROUTES, useValue: routes },
        { provide: APP_FILTER, useClass: TollgateFilter },
      ],
      exports: [TOLLGATE],
    };
  }

  constructor(
    @Inject(TOLLGATE) private readonly tg: Tollgate,
    @Inject(ROUTES) private readonly routes: readonly string[],
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(this.tg.guards()).forRoutes(...this.routes);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.tg.close({ graceMs: 5_000 });
  }
}
