import { describe, expect, it } from '@jest/globals';
import { Circuit, type Ticket } from '../src/connection/circuit.js';

const deadlineMs = 150;

/** A circuit whose clock is moved by the test, and what it has said. */
function circuitAt(startMs = 1_000) {
  let nowMs = startMs;
  const said: boolean[] = [];
  const circuit = new Circuit(
    () => nowMs,
    (isOpen) => said.push(isOpen),
  );
  const sent = (): Ticket => {
    const ticket = circuit.enter(deadlineMs);
    if (ticket === undefined) throw new Error('the server is left alone');
    return ticket;
  };
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { circuit, said, sent, pass };
}

describe('a circuit', () => {
  it('opens with the first call that is overdue, lets one call in half a second through, and closes with an answer', () => {
    const { circuit, said, sent, pass } = circuitAt();
    const ticket = sent();
    pass(deadlineMs);
    circuit.overdue(ticket);
    expect(circuit.enter(deadlineMs)).toBeUndefined();
    pass(500);
    const probe = sent();
    expect(circuit.enter(deadlineMs)).toBeUndefined();
    circuit.succeeded(probe);
    expect(circuit.enter(deadlineMs)).toBeDefined();
    expect(said).toEqual([true, false]);
  });

  it('stays closed where a call that was sent later has been answered: one of many connections is stuck', () => {
    const { circuit, said, sent, pass } = circuitAt();
    const stuck = sent();
    circuit.succeeded(sent());
    pass(deadlineMs);
    circuit.overdue(stuck);
    expect(said).toEqual([]);
  });

  it('lets a call through as soon as a late answer has come, and only one', () => {
    const { circuit, sent, pass } = circuitAt();
    const ticket = sent();
    pass(deadlineMs);
    circuit.overdue(ticket);
    circuit.answeredLate();
    expect(circuit.enter(deadlineMs)).toBeDefined();
    expect(circuit.enter(deadlineMs)).toBeUndefined();
  });

  it('still asks for a caller who would wait longer than the server has been silent', () => {
    const { circuit, sent, pass } = circuitAt();
    const ticket = sent();
    pass(deadlineMs);
    circuit.overdue(ticket);
    expect(circuit.enter(5_000)).toBeDefined();
    pass(4_900);
    expect(circuit.enter(5_000)).toBeDefined();
    expect(circuit.enter(5_000)).toBeUndefined();
  });

  it('gives calls that follow a broken connection what is left of the deadline', () => {
    const { circuit, said, sent, pass } = circuitAt();
    const ticket = sent();
    pass(100);
    circuit.failed(ticket, true);
    const next = sent();
    expect(next.waitMs).toBe(50);
    pass(50);
    circuit.overdue(next);
    expect(circuit.enter(deadlineMs)).toBeUndefined();
    expect(said).toEqual([true]);
  });

  it('opens after five failures in a row, and not where one answer is among them', () => {
    const { circuit, said, sent } = circuitAt();
    for (let failure = 0; failure < 4; failure += 1) circuit.failed(sent(), false);
    circuit.succeeded(sent());
    for (let failure = 0; failure < 4; failure += 1) circuit.failed(sent(), false);
    expect(said).toEqual([]);
    circuit.failed(sent(), false);
    expect(said).toEqual([true]);
    expect(circuit.enter(60_000)).toBeUndefined();
  });
});
