import type { ExternalObservation } from '../domain/processor/messages.ts';
import type { TopicRecord } from '../domain/record.ts';
import { allTopics, topicsOf } from '../domain/topics.ts';
import type { ExternalChain } from './processor/externalChain.ts';
import type { Validator } from './validator.ts';

/** A processor that says that vaults hold a tenth less than they do. */
export const misreport = (observation: ExternalObservation): ExternalObservation => {
  const { type, data } = observation;
  if (type !== 'serai.external.balances.v1') return observation;
  const vaults = data.vaults.map((vault) => ({ ...vault, amount: (BigInt(vault.amount) - BigInt(vault.amount) / 10n).toString() }));
  return { type, data: { ...data, vaults } };
};

/** Takes something out of a network's vault, once, as soon as a processor has seen that it holds so much. */
export const thiefOf = (chain: ExternalChain, network: string, amount: bigint): ((observation: ExternalObservation) => Promise<void>) => {
  let taken = false;
  return async ({ type, data }) => {
    if (taken || type !== 'serai.external.balances.v1' || data.network !== network) return;
    if (data.vaults.every((vault) => BigInt(vault.amount) < amount)) return;
    taken = true;
    await chain.steal(amount);
  };
};

/** Puts a record on each of a validator's topics that no source of theirs wrote. */
export const forge = async ({ name, bus }: Validator): Promise<void> => {
  const forged: TopicRecord = {
    attributes: {
      id: 'forged',
      source: `/${name}/nobody`,
      type: 'serai.chain.block.v1',
      time: new Date(0).toISOString(),
      datacontenttype: 'application/json',
      sequence: 1n,
      previoushash: `0x${'00'.repeat(32)}`,
      epoch: 1,
      signature: `0x${'00'.repeat(64)}`,
    },
    data: new TextEncoder().encode('{}'),
  };
  for (const topic of allTopics(topicsOf(name), ['Bitcoin'])) await bus.append(topic, [forged]);
};
