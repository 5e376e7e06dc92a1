import { parseArgs } from 'node:util';
import { silenceCallTypeWarning } from '../src/drivers/polkadot/silenceCallTypeWarning.ts';
import { bus } from './bus.ts';
import { cycle } from './cycle.ts';
import { type Figure, printFigure } from './figure.ts';
import { micro } from './micro.ts';
import { observe } from './observe.ts';
import { peers } from './peers.ts';
import { processes } from './process.ts';
import { roundTrips } from './roundTrips.ts';
import { signing } from './signing.ts';
import { store } from './store.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, minutes: { type: 'string', default: '60' } },
});
silenceCallTypeWarning();
const report = (figure: Figure): void => {
  printFigure(figure, values.json);
};
const benches: Readonly<Record<string, () => Promise<void>>> = {
  bus: () => bus(report),
  cycle: () => cycle(report),
  micro: () => micro(report),
  observe: () => observe(report),
  peers: () => peers(report),
  signing: async () => {
    await signing(report);
    await roundTrips(report);
  },
  store: () => store(report),
  process: () => processes(Number(values.minutes), report),
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
