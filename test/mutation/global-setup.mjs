/** core's tests load sources only: no bundle needs to be made in the sandbox. */
export default function nothing() {}
