import { readFile } from 'node:fs/promises';
import { ConfigError } from '../core/configError.ts';
import { CoordinatorError } from '../domain/errors.ts';
import { type Hex, toHex } from '../domain/hex.ts';
import { ChainError } from '../domain/observation/chainError.ts';
import { patchMetadata } from '../drivers/polkadot/patchMetadata.ts';
import { openRuntime, type RecordedEvent, type Runtime } from '../drivers/polkadot/runtime.ts';

export interface DecodeCommand {
  /** File with what `state_getMetadata` answers: hex, or the bytes. */
  readonly metadata: string;
  readonly hex: string;
  readonly json: boolean;
}

/** Metadata that cannot be read, or bytes that are not what they should be. */
class DecodeError extends CoordinatorError {
  readonly code: 'decode.metadata' | 'decode.bytes';

  constructor(code: DecodeError['code'], message: string, options: ErrorOptions) {
    super(message, options);
    this.name = 'DecodeError';
    this.code = code;
  }
}

const readRuntime = async (file: string): Promise<Runtime> => {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new ConfigError('config.missing', `cannot read --metadata ${file} (${String(cause)})`, { cause });
  }
  try {
    const text = bytes.toString('latin1').trim();
    if (text === '') throw new Error('it is empty');
    return openRuntime(patchMetadata(/^0x[0-9a-fA-F]+$/.test(text) ? (text.toLowerCase() as Hex) : toHex(bytes)), 'of this metadata');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DecodeError('decode.metadata', `${file} is not Serai's metadata as state_getMetadata answers it: ${reason}`, { cause });
  }
};

const understand = <T>(decode: () => T): T => {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof ChainError) throw new DecodeError('decode.bytes', cause.message, { cause });
    throw cause;
  }
};

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const eventJson = ({ phase, pallet, name, palletIndex, variantIndex, fields, topics, event, record }: RecordedEvent) => ({
  pallet,
  variant: name,
  pallet_index: palletIndex,
  variant_index: variantIndex,
  fields,
  phase: typeof phase === 'number' ? { ApplyExtrinsic: phase } : phase,
  topics,
  event_hex: event,
  record_hex: record,
});

/** Prints what a value of `System.Events` says. */
export const decodeEvents = async ({ metadata, hex, json }: DecodeCommand): Promise<void> => {
  const runtime = await readRuntime(metadata);
  const events = understand(() => runtime.events(hex as Hex));
  if (json) print(JSON.stringify({ events: events.map(eventJson) }));
  else
    for (const { index, phase, pallet, name, fields } of events)
      print(`${String(index)} ${String(phase)} ${pallet}.${name} ${JSON.stringify(fields)}`);
};

/** Prints what an extrinsic says. */
export const decodeExtrinsic = async ({ metadata, hex, json }: DecodeCommand): Promise<void> => {
  const runtime = await readRuntime(metadata);
  const { pallet, call, fields, palletIndex, callIndex, abi, signed } = understand(() => runtime.extrinsic(hex as Hex));
  const by =
    signed === null
      ? null
      : {
          signer: signed.signer,
          era: signed.era.tag === 'Immortal' ? 'Immortal' : { Mortal: { period: signed.era.period, phase: signed.era.phase } },
          nonce: signed.nonce,
          tip: signed.tip.toString(),
          signature: signed.signature,
          extrinsic_hex: hex,
        };
  if (json)
    print(
      JSON.stringify({
        pallet,
        call,
        fields,
        abi_call_hex: abi,
        abi_pallet_index: palletIndex,
        abi_call_index: callIndex,
        unsigned_extrinsic_hex: `${abi}00`,
        signed: by,
      }),
    );
  else
    print(
      `${pallet}.${call} ${JSON.stringify(fields)}${by === null ? '' : ` signed by ${by.signer}, nonce ${String(by.nonce)}, tip ${by.tip}`}`,
    );
};
