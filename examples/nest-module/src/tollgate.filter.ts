import { type ArgumentsHost, Catch, HttpException, Inject } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import type { Tollgate } from 'tollgate';
import { TOLLGATE } from './tollgate.token.js';

/** Nest answers its own exceptions; refusals, failures of providers and everything else go to `tg.errors()`. */
@Catch()
export class TollgateFilter extends BaseExceptionFilter {
  constructor(
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(TOLLGATE) private readonly tg: Tollgate,
  ) {
    super(host.httpAdapter);
  }

  override catch(error: unknown, host: ArgumentsHost): void {
    if (error instanceof HttpException) {
      super.catch(error, host);
      return;
    }
    const http = host.switchToHttp();
    this.tg.errors()(error, http.getRequest(), http.getResponse(), (other) => super.catch(other, host));
  }
}
