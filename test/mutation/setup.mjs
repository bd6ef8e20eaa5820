/** A mutant is caught by the first counterexample: it need not be shrunk. */
import fc from 'fast-check';

fc.configureGlobal({ endOnFailure: true });
