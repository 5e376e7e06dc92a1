import { readFile } from 'node:fs/promises';
import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { checkEvidence, type EvidenceBundle, type EvidenceVerdict, evidenceBundle } from '../domain/crypto/checkEvidence.ts';
import { CoordinatorError } from '../domain/errors.ts';
import type { Json } from '../domain/tables.ts';
import { printable } from './printable.ts';
import { readTopics, reportsInto } from './readReports.ts';

/** Evidence that is not there, or that proves nothing. */
export class EvidenceError extends CoordinatorError {
  readonly code: 'evidence.unknown' | 'evidence.unproven';

  constructor(code: EvidenceError['code'], message: string) {
    super(message);
    this.name = 'EvidenceError';
    this.code = code;
  }
}

interface Held {
  readonly offset: bigint;
  readonly id: string;
  readonly code: string;
  readonly evidence: Json;
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const heldIn = async (config: Config): Promise<Held[]> => {
  const all: Held[] = [];
  await readTopics(config, [
    reportsInto(config, (told, offset) => {
      if (told.type === 'serai.report.evidence.v1') all.push({ offset, id: told.id, ...told.data });
    }),
  ]);
  return all;
};

const verdictOn = ({ code, evidence }: Pick<Held, 'code' | 'evidence'>): EvidenceVerdict => {
  const bundle = evidenceBundle.safeParse({ code, evidence });
  return bundle.success
    ? checkEvidence(bundle.data)
    : { verdict: 'unproven', against: [], why: 'it is our own observation, without signed messages' };
};

/** Prints the evidence that this validator has reported, with what each is worth to others. */
export const listEvidence = async (config: Config, { json }: { readonly json: boolean }): Promise<void> => {
  const all = await heldIn(config);
  if (json) {
    print(JSON.stringify({ evidence: all.map((held) => ({ ...held, offset: held.offset.toString(), ...verdictOn(held) })) }));
    return;
  }
  if (all.length === 0) print('there is no evidence');
  for (const held of all) {
    const { verdict, against, why } = verdictOn(held);
    print(printable(`${held.offset.toString()}  ${held.code}  ${verdict}  ${against.join(', ')}  ${why}`));
  }
};

/** Prints one piece of evidence, by its offset or its id, as a file that others can check. */
export const exportEvidence = async (config: Config, asked: string): Promise<void> => {
  const held = (await heldIn(config)).find(({ offset, id }) => offset.toString() === asked || id === asked);
  if (held === undefined) throw new EvidenceError('evidence.unknown', `there is no evidence ${asked}; evidence list shows what there is`);
  print(JSON.stringify({ code: held.code, evidence: held.evidence }));
};

const readBundle = async (file: string): Promise<EvidenceBundle> => {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ConfigError('config.missing', `${file} cannot be read (${String(cause)})`);
  }
  try {
    return evidenceBundle.parse(JSON.parse(text));
  } catch {
    throw new EvidenceError('evidence.unproven', `${file} is no evidence with signed messages, as evidence export writes it`);
  }
};

/** Checks a file of evidence with the validators' public keys alone; rejects where it proves nothing. */
export const checkEvidenceFile = async (file: string, { json }: { readonly json: boolean }): Promise<void> => {
  const bundle = await readBundle(file);
  const { verdict, against, why } = checkEvidence(bundle);
  if (json) print(JSON.stringify({ code: bundle.code, verdict, against, why }));
  else print(printable(`${bundle.code}: ${verdict}: ${why}`));
  if (verdict === 'unproven') throw new EvidenceError('evidence.unproven', `${file} proves nothing: ${why}`);
};
