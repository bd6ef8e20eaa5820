import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** The caller whose credential the guards verified: `haiku(@CurrentCaller() caller: Caller)`. */
export const CurrentCaller = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => context.switchToHttp().getRequest().tollgate?.caller,
);
