import { describe, expect, test } from 'vitest';
import { Economy } from './economy';

const MB = 1e6;

/** A line on which one pack after the other goes, and a processor that codes to a share of the bytes. */
class Line {
  readonly economy = new Economy();
  now = 0;
  coded = 0;
  answerSeconds = 0;

  constructor(
    public speed: number,
    private readonly coder: number,
    private readonly share: number,
  ) {}

  /** Codes and sends side by side; returns the original bytes per second. */
  send(packs: number, size = 4 * MB): number {
    const begun = this.now;
    for (let sent = 0; sent < packs; sent += 1) {
      const pays = this.economy.pays(this.now);
      const coding = pays ? size / this.coder : 0;
      if (pays) this.economy.coded(size, coding);
      this.coded += Number(pays);
      const wire = pays ? size * this.share : size;
      const sending = wire / this.speed + this.answerSeconds;
      this.economy.started(this.now + Math.max(0, coding - sending));
      this.now += Math.max(coding, sending);
      this.economy.arrived(this.now, wire, size);
    }
    return (packs * size) / (this.now - begun);
  }
}

describe('coding', () => {
  test('waits until the line was measured', () => {
    expect(new Economy().pays(0)).toBe(false);
  });

  test('spares a slow line', () => {
    const line = new Line(6 * MB, 50 * MB, 0.4);
    expect(line.send(100)).toBeGreaterThan(2.3 * line.speed);
  });

  test('never slows a line as fast as the coder', () => {
    const line = new Line(60 * MB, 50 * MB, 0.4);
    line.send(100);
    expect(line.coded).toBe(0);
  });

  test('ends when the line becomes fast', () => {
    const line = new Line(5 * MB, 50 * MB, 0.4);
    line.send(50);
    line.speed = 200 * MB;
    line.send(10);
    const before = line.coded;
    line.send(100);
    expect(line.coded).toBe(before);
  });

  test('rests when it brings less than plain packs did', () => {
    const line = new Line(15 * MB, 60 * MB, 0.9);
    line.send(5);
    line.answerSeconds = 0.2;
    line.send(40);
    const before = line.coded;
    line.send(20);
    expect(line.coded).toBe(before);
  });

  test('does not take a broken connection for a slow line', () => {
    const economy = new Economy();
    economy.started(0);
    economy.arrived(1, 50 * MB, 50 * MB);
    economy.started(1);
    economy.failed(100);
    economy.started(200);
    economy.arrived(201, 50 * MB, 50 * MB);
    expect(economy.pays(201)).toBe(false);
  });
});
