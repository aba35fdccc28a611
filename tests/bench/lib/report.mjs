// Collects figures and prints them as a table: name, measured value, target, verdict.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export function percentile(values, share) {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

export const median = (values) => percentile(values, 0.5);

const digits = (value) => (Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 100 ? 1 : 2);
const format = (value) => (typeof value !== 'number' ? String(value) : Number.isFinite(value) ? value.toFixed(Number.isInteger(value) ? 0 : digits(value)) : '-');

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) => (column === 1 || column === 2 ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join('  ').trimEnd()).join('\n');
}

export class Report {
  #part;
  #title;
  #figures = [];
  #notes = [];

  constructor(part, title) {
    this.#part = part;
    this.#title = title;
  }

  // The target is { atMost } or { atLeast }; a figure without one explains the others.
  figure(name, value, unit = '', target = undefined) {
    this.#figures.push({ name, value, unit, target });
  }

  note(text) {
    this.#notes.push(text);
  }

  get missed() {
    return this.#figures.filter((figure) => this.#verdict(figure) === 'MISSED').length;
  }

  #verdict({ value, target }) {
    if (target === undefined) return '';
    const met = target.atMost !== undefined ? value <= target.atMost : value >= target.atLeast;
    return met ? 'met' : 'MISSED';
  }

  #target({ target }) {
    if (target === undefined) return '';
    return target.atMost !== undefined ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`;
  }

  // Prints the table and keeps it with the raw figures in build/results/bench/.
  finish(machine) {
    const rows = [['figure', 'measured', 'target', '']];
    for (const figure of this.#figures) rows.push([figure.name, `${format(figure.value)} ${figure.unit}`.trim(), this.#target(figure), this.#verdict(figure)]);
    const text = [
      `== ${this.#part}: ${this.#title}`,
      ...machine.map(([name, value]) => `${`${name}:`.padEnd(28)} ${value}`),
      '',
      table(rows),
      ...this.#notes.map((note) => `- ${note}`),
      '',
    ].join('\n');
    console.log(text);
    const directory = join(process.env.NPCSIM_ROOT, 'build', 'results', 'bench');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `${this.#part}.txt`), text);
    writeFileSync(join(directory, `${this.#part}.json`), `${JSON.stringify({ part: this.#part, machine: Object.fromEntries(machine), figures: this.#figures, notes: this.#notes }, null, 2)}\n`);
  }
}
