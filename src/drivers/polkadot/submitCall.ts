import { z } from 'zod';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import { encodeExtrinsic } from '../../domain/serai/extrinsic.ts';
import { batch } from '../../domain/serai/types.ts';
import type { ChainCall, ChainSubmitter } from '../../sinks/toChain.ts';
import { hexAnswer } from './header.ts';
import type { Link } from './link.ts';
import { faultOf } from './nodeError.ts';
import type { StorageItem } from './runtime.ts';
import type { RuntimeAt } from './runtimes.ts';

/** The bytes of a call without signature, as `author_submitExtrinsic` takes them (serai.md §b.14). */
export const extrinsicOf = (call: ChainCall): Hex => {
  if (call.call === 'execute_batch') {
    const signed = { batch: batch.decode(fromHex(call.batch)), signature: fromHex(call.signature) };
    return toHex(encodeExtrinsic({ call: { pallet: 'InInstructions', call: 'execute_batch', fields: { batch: signed } } }));
  }
  if (call.call === 'report_slashes') {
    const slashes = call.slashes.map(({ validator, points }) => [fromHex(validator), points] as const);
    const fields = { network: call.network, slashes, signature: fromHex(call.signature) };
    return toHex(encodeExtrinsic({ call: { pallet: 'ValidatorSets', call: 'report_slashes', fields } }));
  }
  const fields = {
    network: call.network,
    removed_participants: call.removed.map(fromHex),
    key_pair: { ristretto: fromHex(call.keyPair.substrate), external: fromHex(call.keyPair.network) },
    signature: fromHex(call.signature),
  };
  return toHex(encodeExtrinsic({ call: { pallet: 'ValidatorSets', call: 'set_keys', fields } }));
};

/** What `Custom error: n` means for each call (serai.md §b.14). */
const customReasons: Readonly<Record<ChainCall['call'], Readonly<Record<string, string>>>> = {
  set_keys: { 1: 'the network has no session', 2: 'a removed participant is named twice', 3: 'too few key shares signed' },
  report_slashes: {},
  execute_batch: { 1: 'the network is halted', 2: 'a coin of another network is in it' },
};

const reasonOf = (call: ChainCall, message: string): string => {
  const custom = /Custom error: (\d+)/.exec(message)?.[1];
  const known = custom === undefined ? undefined : customReasons[call.call][custom];
  return known === undefined ? message : `${known} (custom error ${custom ?? ''})`;
};

/** Pool errors that pass: unknown validity 1011, banned 1012, already imported 1013, priority too low 1014, pool full 1016. */
const passing: ReadonlySet<number> = new Set([1011, 1012, 1013, 1014, 1016]);

type Verdict = 'stale' | 'retry' | 'rejected';

const verdictOf = (error: unknown): Verdict => {
  const fault = faultOf(error);
  if (fault === undefined || passing.has(fault.code)) return 'retry';
  if (fault.message.includes('outdated')) return 'stale';
  return fault.message.includes('valid in the future') ? 'retry' : 'rejected';
};

const nameOf = (call: ChainCall): string =>
  call.call === 'execute_batch'
    ? `execute_batch ${call.network}/${String(call.id)}`
    : `${call.call} of ${call.network}/${String(call.session)}`;

/** Publishes calls by asking the chain, not by trusting return codes: a call the chain shows done is done, whoever published it. */
export const openSubmitter = (link: Link, runtimeAt: RuntimeAt): ChainSubmitter => {
  /** A value of the best block's state, `null` where there is none. */
  const stateOf = async (item: StorageItem): Promise<unknown> => {
    const best = hexAnswer.parse(await link.ask('chain_getBlockHash', []));
    const runtime = await runtimeAt(best);
    return runtime.storageValue(item, hexAnswer.nullable().parse(await link.ask('state_getStorage', [runtime.storageKey(item), best])));
  };

  const numberOf = async (pallet: string, item: string, network: string): Promise<number | undefined> =>
    z
      .number()
      .nullable()
      .parse(await stateOf({ pallet, item, args: [network] })) ?? undefined;

  const isDone = async (call: ChainCall): Promise<boolean> => {
    const { network } = call;
    if (call.call === 'execute_batch') {
      const last = await numberOf('InInstructions', 'LastBatch', network);
      return last !== undefined && last >= call.id;
    }
    const { session } = call;
    if (call.call === 'report_slashes') {
      // Who reports is the set before the current one; a report is pending from its handover until the chain has it (serai.md §b.17).
      const pending = await stateOf({ pallet: 'ValidatorSets', item: 'PendingSlashReport', args: [network] });
      return pending === null || (await numberOf('ValidatorSets', 'CurrentSession', network)) !== session + 1;
    }
    if ((await stateOf({ pallet: 'ValidatorSets', item: 'Keys', args: [{ session, network }] })) !== null) return true;
    // A set rotates only once its keys were set; they are deleted when it retires (serai.md §b.17).
    const current = await numberOf('ValidatorSets', 'CurrentSession', network);
    return current !== undefined && current > session;
  };

  return {
    isDone,
    submit: async (call) => {
      const extrinsic = extrinsicOf(call);
      await link.ready();
      try {
        await link.provider.send('author_submitExtrinsic', [extrinsic]);
      } catch (cause) {
        const verdict = verdictOf(cause);
        if (verdict === 'stale' && (await isDone(call))) return;
        const message = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
        // Outdated, but not done where we look: the node's pool is ahead of the state it answers from.
        if (verdict !== 'rejected') throw new ChainError('chain.retry', `${nameOf(call)}: ${message}`, { cause });
        throw new ChainError('chain.rejected', `${nameOf(call)} was refused by the chain: ${reasonOf(call, message)}`, { cause });
      }
    },
  };
};
