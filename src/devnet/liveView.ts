import { styleText } from 'node:util';
import { z } from 'zod';
import { type Report, report } from '../domain/crypto/reports.ts';
import { letterData } from '../domain/deadLetter/letter.ts';
import { type ChainMessage, chainMessage } from '../domain/observation/schemas.ts';
import { type SignId, signableName } from '../domain/processor/ids.ts';
import { type IntegrityReport, integrityReport } from '../domain/solvency/reports.ts';
import type { Published } from './devnet.ts';

type Kind = 'set' | 'handover' | 'retired' | 'keygen' | 'keys' | 'batch' | 'burn' | 'party' | 'signature' | 'output' | 'dropped' | 'alarm';

const COLOURS = {
  set: 'blue',
  handover: 'blue',
  retired: 'blue',
  keygen: 'blue',
  keys: 'blue',
  batch: 'cyan',
  burn: 'yellow',
  party: 'magenta',
  signature: 'green',
  output: 'greenBright',
  dropped: 'yellow',
  alarm: 'red',
} as const;

const short = (hex: string): string => (hex.length > 14 ? `${hex.slice(0, 10)}…` : hex);

const signable = (id: Omit<SignId, 'attempt'>): string => {
  const [network = '', session = '', kind = '', what = ''] = signableName(id).split('/');
  return `${kind} ${short(what)} of ${network}/${session}`;
};

/** Decimals and symbol of each coin (reference serai.md §b.11). */
const UNITS: Readonly<Record<string, readonly [decimals: number, symbol: string]>> = {
  Bitcoin: [8, 'BTC'],
  Ether: [8, 'ETH'],
  Dai: [8, 'DAI'],
  Monero: [12, 'XMR'],
};

/** An amount as people write it. */
const money = (coin: string, amount: string): string => {
  const [decimals, symbol] = UNITS[coin] ?? [0, coin];
  return `${(Number(amount) / 10 ** decimals).toFixed(decimals)} ${symbol}`;
};

/** The network that a record of the chain is about, as far as it is shown. */
const networkOf = ({ type, data }: ChainMessage): string | undefined => {
  if ('set' in data) return data.set.network;
  return type === 'serai.in-instructions.batch.v1' || type === 'serai.coins.burn-with-instruction.v1' ? data.network : undefined;
};

const ofChain = (message: ChainMessage): readonly [Kind, string] | undefined => {
  switch (message.type) {
    case 'serai.validator-sets.participants.v1':
      return [
        'set',
        `${message.data.set.network}/${String(message.data.set.session)}: ${String(message.data.participants.length)} validators, keys wanted`,
      ];
    case 'serai.validator-sets.key-gen.v1':
      return [
        'keys',
        `${message.data.set.network}/${String(message.data.set.session)} ${message.data.set.session === 0 ? 'active' : 'stands by'} under ${short(message.data.keyPair.substrate)}, block ${String(message.data.block.number)}`,
      ];
    case 'serai.validator-sets.accepted-handover.v1':
      return [
        'handover',
        `${message.data.set.network}/${String(message.data.set.session)} holds the vault, block ${String(message.data.block.number)}`,
      ];
    case 'serai.validator-sets.set-retired.v1':
      return ['retired', `${message.data.set.network}/${String(message.data.set.session)}, block ${String(message.data.block.number)}`];
    case 'serai.in-instructions.batch.v1':
      return ['batch', `${message.data.network} ${String(message.data.id)} executed in block ${String(message.data.block.number)}`];
    case 'serai.coins.burn-with-instruction.v1':
      return ['burn', `${money(message.data.coin, message.data.amount)} to be paid out, block ${String(message.data.block.number)}`];
    default:
      return undefined;
  }
};

/** Whether vaults hold what they should is shown while they do not. */
const ofIntegrity = (told: IntegrityReport): readonly [Kind, string] | undefined => {
  if (told.type !== 'serai.report.solvency.v1') return undefined;
  const { network, coin, state, difference, required, vault } = told.data;
  if (state === 'solvent') return undefined;
  const said = `${network} is ${state}: vaults hold ${money(coin, vault)} of ${money(coin, required)}, ${money(coin, difference)}`;
  return ['alarm', said];
};

const ofReport = (told: Report): readonly [Kind, string] => {
  switch (told.type) {
    case 'serai.report.key-pair.v1':
      return [
        'keygen',
        `${told.data.set.network}/${String(told.data.set.session)} generated ${short(told.data.keyPair.substrate)}, attempt ${String(told.data.attempt)}`,
      ];
    case 'serai.report.attempt.v1':
      return [
        'party',
        `${told.data.party?.join(', ') ?? 'to be convened'} for ${signable(told.data.id)}, attempt ${String(told.data.id.attempt)}, ${told.data.rule}`,
      ];
    case 'serai.report.party.v1':
      return ['party', `${told.data.party.join(', ')} for ${signable(told.data.id)}, attempt ${String(told.data.id.attempt)}, convened`];
    case 'serai.report.signed.v1':
      return ['signature', `${short(told.data.signature)} for ${signable(told.data.id)}`];
    case 'serai.report.output.v1':
      return ['output', `${short(told.data.outputHash)} paid plan ${short(told.data.plan)}`];
    case 'serai.report.dropped.v1':
      // A report that is not needed any more is no matter; a payment or a batch must never end so.
      return [told.data.kind === 'slash-report' ? 'dropped' : 'alarm', `${signable(told.data)} dropped: ${told.data.reason}`];
    case 'serai.report.evidence.v1':
      return ['alarm', told.data.code];
    case 'serai.report.blame.v1':
      return ['alarm', `a processor blames participant ${String(told.data.participant)}: ${told.data.reason}`];
    case 'serai.report.quarantine.v1':
      return ['alarm', `a coordinator is in quarantine: ${told.data.reasons.join('; ')}`];
    case 'serai.report.resumed.v1':
      return ['alarm', `a coordinator left quarantine: what begins at or below block ${String(told.data.upTo)} is burnt`];
    case 'serai.report.not-resumed.v1':
      return ['alarm', `a coordinator stays in quarantine: ${told.data.reasons.join('; ')}`];
    case 'serai.report.abstain.v1':
      return ['alarm', `a processor abstains from ${signable(told.data.id)}: ${told.data.reason}`];
  }
};

const json = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

/** How many ids are remembered, so that what four validators say is shown once. */
const MEMORY = 10_000;

/** Turns what the validators publish into lines for people: each thing once, whoever says it first. */
export const liveView = (networks: readonly string[], print: (line: string) => void): ((published: Published) => void) => {
  const seen = new Set<string>();
  return ({ topic, record }) => {
    const type = record.headers['ce_type'] ?? '';
    const id = record.headers['ce_id'] ?? '';
    const heading = type === 'serai.chain.block.v1' || seen.has(id) ? undefined : read(networks, topic, type, record.value);
    if (heading === undefined) return;
    seen.add(id);
    const [oldest] = seen;
    if (seen.size > MEMORY && oldest !== undefined) seen.delete(oldest);
    const [kind, text] = heading;
    print(`${styleText('dim', new Date().toISOString().slice(11, 19))}  ${styleText(COLOURS[kind], kind.padEnd(10))}${text}`);
  };
};

const read = (
  networks: readonly string[],
  topic: Published['topic'],
  type: string,
  value: Uint8Array,
): readonly [Kind, string] | undefined => {
  const message = { type, data: z.json().parse(json(value)) };
  if (topic === 'chain') {
    const parsed = chainMessage.safeParse(message);
    return parsed.success && networks.includes(networkOf(parsed.data) ?? '') ? ofChain(parsed.data) : undefined;
  }
  if (topic === 'deadLetter') {
    const letter = letterData.safeParse(message.data);
    return letter.success ? ['alarm', `${letter.data.code}: ${letter.data.reason.split('\n')[0] ?? ''}`] : undefined;
  }
  const ofModule = integrityReport.safeParse(message);
  if (ofModule.success && ofModule.data.type !== 'serai.report.evidence.v1') return ofIntegrity(ofModule.data);
  const parsed = report.safeParse(message);
  return parsed.success ? ofReport(parsed.data) : undefined;
};
