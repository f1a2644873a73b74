// What the environment sets, checked at the start; in brackets what holds otherwise.
import { availableParallelism } from 'node:os';

function number(name, otherwise, least = 1) {
  const value = Number(process.env[name] ?? otherwise);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`${name}=${process.env[name]}: must be a whole number, ${least} or more`);
}

const jobs = number('JOBS', availableParallelism());

export const settings = {
  weights: process.env.WEIGHTS ?? 'DEFAULT',
  /** Other machines reach it only if this is 0.0.0.0 or their network's address. */
  host: process.env.HOST ?? '127.0.0.1',
  port: number('PORT', 8080, 0),
  /** Networks at work at a time, each on a core. */
  jobs,
  /**
   * Pictures taken at a time, those at work included; more are refused at once. What waits longer than its sender does is
   * work in vain, and each holds its bytes: 8 for each job are answered in a third of a second.
   */
  most: number('MOST', 8 * jobs),
  maxBytes: number('MAX_BYTES', 20 * 2 ** 20),
  maxPixels: number('MAX_PIXELS', 50_000_000),
  /** For a request to arrive whole. */
  requestMs: number('REQUEST_MS', 10_000),
  /** From then to its answer. */
  answerMs: number('ANSWER_MS', 5000),
  /** After SIGTERM: for load balancers to see that /health says 503, before new connections are refused. */
  drainMs: number('DRAIN_MS', 0, 0),
  /** For what was taken to be answered, before connections are cut. */
  graceMs: number('GRACE_MS', 20_000),
};
