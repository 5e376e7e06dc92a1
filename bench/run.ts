import { parseArgs } from 'node:util';
import { silenceNegativeTimeout } from '../src/drivers/kafka/silenceNegativeTimeout.ts';
import { silenceCallTypeWarning } from '../src/drivers/polkadot/silenceCallTypeWarning.ts';
import { type Figure, printFigure } from './figure.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, minutes: { type: 'string' } },
});
silenceCallTypeWarning();
silenceNegativeTimeout();
const report = (figure: Figure): void => {
  printFigure(figure, values.json);
};
// An hour of devnet is for who asks for this bench; among all of them it is shown that it runs.
const minutes = Number(values.minutes ?? (positionals.includes('process') ? 60 : 3));

/** Each is loaded when it runs: what one needs is no weight on another. */
const benches: Readonly<Record<string, () => Promise<void>>> = {
  bus: async () => (await import('./bus.ts')).bus(report),
  cycle: async () => (await import('./cycle.ts')).cycle(report),
  micro: async () => (await import('./micro.ts')).micro(report),
  observe: async () => (await import('./observe.ts')).observe(report),
  peers: async () => (await import('./peers.ts')).peers(report),
  signing: async () => {
    await (await import('./signing.ts')).signing(report);
    await (await import('./roundTrips.ts')).roundTrips(report);
  },
  store: async () => (await import('./store.ts')).store(report),
  process: async () => (await import('./process.ts')).processes(minutes, report),
};
const names = positionals.length === 0 ? Object.keys(benches) : positionals;
for (const name of names) {
  const bench = benches[name];
  if (bench === undefined) {
    process.stderr.write(`there is no bench ${name}; there are ${Object.keys(benches).join(', ')}\n`);
    process.exit(2);
  }
  await bench();
}
process.exit(0);
