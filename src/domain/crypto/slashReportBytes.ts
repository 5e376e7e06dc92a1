import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../canonicalJson.ts';
import { fromHex, type Hex } from '../hex.ts';
import type { SetId } from '../processor/ids.ts';
import type { Slash } from '../processor/messages.ts';

/** What members sign when they agree on a slash report: label ‖ genesis ‖ canonical JSON of set, number and report (docs/protocol.md). */
export const slashReportBytes = (genesisHash: Hex, set: SetId, number: number, report: readonly Slash[]): Uint8Array =>
  concatBytes(
    utf8ToBytes('serai-coordinator/v1/certificate.slash-report'),
    fromHex(genesisHash),
    utf8ToBytes(canonicalJson({ set, number, report: [...report] })),
  );
