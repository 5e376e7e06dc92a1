import { InvalidArgumentError } from 'commander';
import { LOG_LEVELS, type LogLevel } from '../core/log.ts';
import { FAULT_NAMES, type FaultSwitch, readFault } from '../devnet/faultSwitch.ts';
import type { Scope } from '../domain/control/orders.ts';
import { type ExternalNetworkName, externalNetwork, type SignId, signId } from '../domain/processor/ids.ts';
import { MODULES, type ModuleName } from '../modules/moduleNames.ts';

export { FAULT_NAMES, MODULES };

/** A whole number from `least` to `most`. */
export const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`expected a whole number, ${String(least)} to ${String(most)}.`);
    return value;
  };

/** The hash of a block. */
export const blockHash = (text: string): string => {
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(text)) throw new InvalidArgumentError('expected 32 bytes of hex.');
  return text;
};

/** An unsigned 64-bit number, decimal or hex. */
export const stream = (text: string): bigint => {
  if (!/^(\d{1,20}|0x[0-9a-fA-F]{1,16})$/.test(text) || BigInt(text) > 0xffff_ffff_ffff_ffffn)
    throw new InvalidArgumentError('expected an unsigned 64-bit number.');
  return BigInt(text);
};

/** A few words of a person. */
export const words = (text: string): string => {
  const said = text.trim();
  if (said === '' || said.length > 1_000) throw new InvalidArgumentError('expected a few words, 1000 characters at most.');
  return said;
};

/** The offset of a record in a topic. */
export const offset = (text: string): bigint => {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError('expected an offset, as verify names it.');
  return BigInt(text);
};

/** A fault of the devnet, added to those before. */
export const fault = (text: string, before: readonly FaultSwitch[]): readonly FaultSwitch[] => {
  const read = readFault(text);
  if (read === undefined) throw new InvalidArgumentError(`expected one of ${FAULT_NAMES.join(', ')}, as in "stall" or "slow=300".`);
  return [...before, read];
};

/** The address of something that speaks HTTP. */
export const endpoint = (text: string): string => {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('expected an address, as in "http://127.0.0.1:4318".');
  return text;
};

/** An option that may be given again. */
export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** Bytes as hex. */
export const bytes = (text: string): string => {
  if (!/^(0x)?([0-9a-fA-F]{2})*$/.test(text)) throw new InvalidArgumentError('expected bytes as hex.');
  return `0x${text.replace(/^0x/, '').toLowerCase()}`;
};

/** Names of modules, separated by commas. */
export const modules = (text: string): readonly ModuleName[] => {
  const names = text.split(',');
  const known = MODULES.filter((module) => names.includes(module));
  if (known.length !== names.length) throw new InvalidArgumentError(`expected some of ${MODULES.join(',')}, as in "observation,crypto".`);
  return known;
};

/** Names of external networks, separated by commas. */
export const externalNetworks = (text: string): readonly ExternalNetworkName[] => {
  const names = text.split(',').map((name) => name.toLowerCase());
  const known = externalNetwork.options.filter((network) => names.includes(network.toLowerCase()));
  if (known.length !== names.length)
    throw new InvalidArgumentError(`expected some of ${externalNetwork.options.join(',')}, as in "Bitcoin,Monero".`);
  return known;
};

/** Name of an external network. */
export const externalNetworkName = (text: string): ExternalNetworkName => {
  const network = externalNetwork.options.find((one) => one.toLowerCase() === text.toLowerCase());
  if (network === undefined) throw new InvalidArgumentError(`expected one of ${externalNetwork.options.join(', ')}.`);
  return network;
};

/** What a pause is of. */
export const pauseScope = (text: string): Scope => {
  const network = externalNetwork.options.find((one) => one.toLowerCase() === text.toLowerCase());
  const scope = text === 'node' || text === 'signing' ? text : network;
  if (scope === undefined) throw new InvalidArgumentError(`expected one of node, signing, ${externalNetwork.options.join(', ')}.`);
  return scope;
};

/** An attempt to sign by its name, as in `Bitcoin/0/batch/3/128`. */
export const attemptName = (text: string): SignId => {
  const [network, session, kind, id, attempt, ...more] = text.split('/');
  const read = signId.safeParse({ set: { network, session: Number(session) }, kind, id, attempt: Number(attempt) });
  if (!read.success || more.length > 0)
    throw new InvalidArgumentError('expected network/session/kind/id/attempt, as in "Bitcoin/0/batch/3/128" or "Monero/1/plan/0x…/0".');
  return read.data;
};

/** How much the log says. */
export const level = (text: string): LogLevel => {
  const known = LOG_LEVELS.find((one) => one === text);
  if (known === undefined) throw new InvalidArgumentError(`expected one of ${LOG_LEVELS.join(', ')}.`);
  return known;
};
