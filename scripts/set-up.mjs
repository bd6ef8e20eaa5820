/** Makes a checkout ready to run: dependencies installed, packages built. Does nothing when nothing changed. */
import { build } from './build.mjs';
import { install } from './install.mjs';

export async function setUp() {
  await install();
  await build();
}
