import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../domain/canonicalJson.ts';
import { fromHex, type Hex } from '../../domain/hex.ts';
import { thresholdOf } from '../../domain/party/window.ts';
import type { Command, PartyCertificate } from '../../domain/processor/messages.ts';
import { verifySr25519 } from '../../domain/threshold/schnorrkel.ts';
import type { ProcessorContext } from './context.ts';

/** What a processor is told to begin a key generation with. */
export type GenerateKey = Extract<Command, { type: 'serai.key-gen.generate-key.v1' }>['data'];

/** The bytes members sign for a keygen party: label ‖ genesis ‖ canonical JSON of the certificate without its signatures (design §7). */
export const certificateBytes = (genesisHash: Hex, { id, anchor, threshold, members }: Omit<PartyCertificate, 'signatures'>): Uint8Array =>
  concatBytes(
    utf8ToBytes('serai-coordinator/v1/certificate.keygen'),
    fromHex(genesisHash),
    utf8ToBytes(canonicalJson({ id, anchor, threshold, members })),
  );

/** Why this processor will not generate a key with such a party, undefined where it will. */
export const objection = (context: ProcessorContext, { id, params, shares, certificate }: GenerateKey): string | undefined => {
  const { members, threshold, signatures } = certificate;
  if (canonicalJson(certificate.id) !== canonicalJson(id)) return 'the certificate is of another attempt';
  if (members.some(({ participants }) => participants.length !== 1) || shares !== 1) return 'only one key share per validator is supported';
  const numbers = members.flatMap(({ participants }) => participants).sort((a, b) => a - b);
  if (numbers.length !== params.n || numbers.some((number, at) => number !== at + 1)) return 'the party does not hold shares 1 to n';
  if (new Set(members.map(({ validator }) => validator)).size !== members.length) return 'a validator is twice in the party';
  if (threshold !== params.t || threshold !== thresholdOf(params.n)) return 'the threshold is not that of the party';
  if (!members.some(({ validator, participants }) => validator === context.validator && participants[0] === params.i))
    return 'share i is not ours';
  const bytes = certificateBytes(context.genesisHash, certificate);
  const stands = ({ validator }: { readonly validator: Hex }): boolean => {
    const signature = signatures[validator];
    return signature !== undefined && verifySr25519(fromHex(validator), bytes, fromHex(signature));
  };
  return members.filter(stands).length < threshold ? 'too few members have signed the party' : undefined;
};
